package io.ddpm4j.trainer.optim;

/**
 * The learning rate of each step: a linear rise from 0 to the peak, then a decay towards the floor,
 * over the steps of the whole run. The rates are those of diffusers' {@code get_scheduler}, but the
 * rise is one step ahead, since its first step would have the rate 0. The decay would arrive at the
 * floor in the step after the last.
 *
 * @param peak positive, and neither zero nor infinite as a float, which the update computes with
 * @param warmupSteps 0 or more
 * @param decay what follows
 * @param steps of the run, at least 1; further ones have the floor's rate. Of no meaning if the
 *     rate is constant
 * @param floor from 0 to the peak
 */
public record LearningRate(double peak, long warmupSteps, Decay decay, long steps, double floor) {
  /** Refuses numbers outside their range. */
  public LearningRate {
    require(isUsable(peak), "learning rate", "a positive number that a float holds", peak);
    require(warmupSteps >= 0, "warm-up steps", "0 or more", warmupSteps);
    require(steps > 0, "steps", "at least 1", steps);
    require(
        floor >= 0 && floor <= peak,
        "floor of the learning rate",
        "a number from 0 to " + peak,
        floor);
  }

  /** A rise, then a constant rate. */
  public LearningRate(double peak, long warmupSteps) {
    this(peak, warmupSteps, Decay.CONSTANT, Long.MAX_VALUE, 0);
  }

  /** Whether a rate is positive, and neither zero nor infinite as a float. */
  public static boolean isUsable(double rate) {
    return (float) rate > 0 && Float.isFinite((float) rate);
  }

  private static void require(boolean ok, String what, String expected, Object found) {
    if (!ok) {
      throw new IllegalArgumentException(what + ": expected " + expected + ", found " + found);
    }
  }

  /** The rate at {@code step}, which counts from 1. */
  public double at(long step) {
    if (step < warmupSteps) {
      return peak * step / warmupSteps;
    }
    if (step == warmupSteps || decay == Decay.CONSTANT) {
      return peak;
    }
    double done = step - 1 - warmupSteps;
    double progress = Math.min(1, done / Math.max(1, steps - warmupSteps));
    return floor + (peak - floor) * decay.share(progress);
  }
}
