package io.ddpm4j.trainer.classifier;

import java.util.Optional;

/**
 * How a call of {@link ClassifierTrainer#run} ended.
 *
 * @param step the last
 * @param finished whether that is the run's last one
 * @param best the epoch of the model; empty before the first has ended
 * @param test what the finished model takes images of the test split for; empty where the data have
 *     none, or the run is not finished
 */
public record ClassifierResult(
    long step, boolean finished, Optional<Epoch> best, Optional<ClassifierQuality> test) {}
