package io.ddpm4j.trainer.loop;

import static io.ddpm4j.trainer.loop.Requirements.require;

import io.ddpm4j.trainer.optim.GradientClipping;
import io.ddpm4j.trainer.optim.LearningRate;

/**
 * Batches and the update.
 *
 * @param batchSize images of a step
 * @param learningRate after the warm-up
 * @param warmupSteps in which the learning rate rises
 * @param beta1 Adam's decay of the mean, in [0, 1)
 * @param beta2 Adam's decay of the mean square, in [0, 1)
 * @param epsilon Adam's guard against division by zero
 * @param maxGradientNorm gradients are scaled down to this global norm; 0 for no clipping
 * @param emaDecay of the averaged weights, which are the ones that are exported
 */
public record OptimizerConfig(
    int batchSize,
    double learningRate,
    long warmupSteps,
    double beta1,
    double beta2,
    double epsilon,
    double maxGradientNorm,
    double emaDecay) {

  /** Refuses numbers outside their range. */
  public OptimizerConfig {
    require(batchSize > 0, "--batch-size", "at least 1", batchSize);
    require(isPositive(learningRate), "--learning-rate", "a positive number", learningRate);
    require(warmupSteps >= 0, "--warmup-steps", "0 or more", warmupSteps);
    require(isDecay(beta1), "--beta1", "a number from 0 to below 1", beta1);
    require(isDecay(beta2), "--beta2", "a number from 0 to below 1", beta2);
    require(isPositive(epsilon), "--epsilon", "a positive number", epsilon);
    require(
        maxGradientNorm == 0 || isPositive(maxGradientNorm),
        "--max-gradient-norm",
        "a positive number, or 0 for no clipping",
        maxGradientNorm);
    require(isDecay(emaDecay), "--ema-decay", "a number from 0 to below 1", emaDecay);
  }

  /** The same with another learning rate. */
  public OptimizerConfig withLearningRate(double rate) {
    return new OptimizerConfig(
        batchSize, rate, warmupSteps, beta1, beta2, epsilon, maxGradientNorm, emaDecay);
  }

  private static boolean isPositive(double value) {
    return value > 0 && Double.isFinite(value);
  }

  private static boolean isDecay(double value) {
    return value >= 0 && value < 1;
  }

  GradientClipping clipping() {
    return new GradientClipping(maxGradientNorm == 0 ? Double.POSITIVE_INFINITY : maxGradientNorm);
  }

  /** The learning rate of each step. */
  public LearningRate rate() {
    return new LearningRate(learningRate, warmupSteps);
  }
}
