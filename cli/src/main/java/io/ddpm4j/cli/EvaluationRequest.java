package io.ddpm4j.cli;

import io.ddpm4j.runtime.DiffusionPipeline;
import io.ddpm4j.trainer.data.ImageDataset;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What an evaluation of a model on images is given.
 *
 * @param name of the model, for people and for the folder of the results
 * @param fingerprint of the model's content: stored results are of this model or of none
 * @param pipeline the model, opened
 * @param images to measure with
 * @param device where it runs: figures of one rounding
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
    String device,
    Optional<ImageCount> count,
    long seed,
    Path folder,
    Terminal terminal) {

  /**
   * The request of a user, with the images that the model is measured with.
   *
   * @param pipeline the model, opened; stays the caller's
   */
  static EvaluationRequest of(EvaluationInputs inputs, DiffusionPipeline pipeline)
      throws IOException {
    Warnings warnings = new Warnings(inputs.terminal());
    ImageDataset images = inputs.data().open(pipeline.imageShape(), warnings);
    warnings.summarize();
    return new EvaluationRequest(
        inputs.model().name(),
        inputs.model().fingerprint(),
        pipeline,
        EvaluatedImages.of(images, inputs.data(), inputs.seed(), pipeline),
        inputs.opening().settings().device().toString(),
        inputs.count(),
        inputs.seed(),
        inputs.folder(),
        inputs.terminal());
  }

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
