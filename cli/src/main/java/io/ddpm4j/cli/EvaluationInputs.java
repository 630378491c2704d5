package io.ddpm4j.cli;

import java.nio.file.Path;
import java.util.Optional;

/**
 * What the user said of an evaluation, whatever its kind; nothing of it is opened yet.
 *
 * @param model that is measured
 * @param models how it is opened
 * @param data the images
 * @param count of {@code -n}; empty for the kind's own number
 * @param seed of noise and of which images are taken
 * @param folder where results are written
 * @param terminal where it is said what was found
 */
record EvaluationInputs(
    EvaluatedModel model,
    EvaluatedModelOptions models,
    EvaluationDataOptions data,
    Optional<ImageCount> count,
    long seed,
    Path folder,
    Terminal terminal) {}
