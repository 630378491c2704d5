package io.ddpm4j.trainer.optim;

/**
 * The learning rate of each step: a linear rise over the first steps, then constant.
 *
 * @param peak positive
 * @param warmupSteps 0 or more
 */
public record LearningRate(double peak, long warmupSteps) {
  /** Refuses numbers outside their range. */
  public LearningRate {
    if (!(peak > 0) || Double.isInfinite(peak)) {
      throw new IllegalArgumentException(
          "learning rate: expected a positive number, found " + peak);
    }
    if (warmupSteps < 0) {
      throw new IllegalArgumentException("warm-up steps: expected 0 or more, found " + warmupSteps);
    }
  }

  /** The rate at {@code step}, which counts from 1. */
  public double at(long step) {
    return step >= warmupSteps ? peak : peak * step / warmupSteps;
  }
}
