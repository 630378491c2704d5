package io.ddpm4j.trainer.loop;

import java.nio.file.Path;

/**
 * How a run ended.
 *
 * @param step steps done
 * @param finished false if it was cancelled before its last step
 * @param smoothedLoss mean over about the last hundred steps
 * @param checkpoint the folder of the last checkpoint
 */
public record TrainResult(long step, boolean finished, double smoothedLoss, Path checkpoint) {}
