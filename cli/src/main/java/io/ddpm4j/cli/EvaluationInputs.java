package io.ddpm4j.cli;

import io.ddpm4j.runtime.DiffusionPipeline;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * What the user said of an evaluation, whatever its kind; nothing of it is opened yet.
 *
 * @param model that is measured
 * @param opening how it is opened
 * @param data the images
 * @param count of {@code -n}; empty for the kind's own number
 * @param seed of noise and of which images are taken
 * @param folder where results are written
 * @param terminal where it is said what was found
 */
record EvaluationInputs(
    EvaluatedModel model,
    OpeningOptions opening,
    EvaluationDataOptions data,
    Optional<ImageCount> count,
    long seed,
    Path folder,
    Terminal terminal) {

  /**
   * Opens the model.
   *
   * @param method sets what it is sampled with
   */
  DiffusionPipeline open(Consumer<DiffusionPipeline.Builder> method) throws IOException {
    return opening.open(model.path(), model.open(), method, terminal);
  }
}
