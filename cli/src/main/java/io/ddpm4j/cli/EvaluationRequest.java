package io.ddpm4j.cli;

import io.ddpm4j.runtime.DiffusionPipeline;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What every kind of evaluation is given.
 *
 * @param name of the model, for people and for the folder of the results
 * @param fingerprint of the model's content: stored results are of this model or of none
 * @param pipeline the model, opened
 * @param images to measure with
 * @param count of {@code -n}; empty for the kind's own number
 * @param seed of noise and of which images are taken
 * @param folder where results are written
 * @param terminal where it is said what was found
 */
record EvaluationRequest(
    String name,
    String fingerprint,
    DiffusionPipeline pipeline,
    EvaluatedImages images,
    Optional<ImageCount> count,
    long seed,
    Path folder,
    Terminal terminal) {

  /** Images to evaluate: what the user said, at most as many as there are. */
  int images(int usual) {
    int there = images.size();
    int wanted = count.map(asked -> asked.of(there)).orElse(Math.min(usual, there));
    if (wanted > there) {
      throw new UsageException(
          "-n: expected at most %d images, which %s has, found %d"
              .formatted(there, images.label(), wanted));
    }
    return wanted;
  }
}
