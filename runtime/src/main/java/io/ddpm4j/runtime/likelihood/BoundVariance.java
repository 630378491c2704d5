package io.ddpm4j.runtime.likelihood;

import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.VarianceType;

/** Where the variance of p(x_{t-1} | x_t) comes from. */
public enum BoundVariance {
  /** The posterior variance β̃_t, at t = 0 that of t = 1. */
  FIXED_SMALL,
  /** β_t, at t = 0 the posterior variance of t = 1. */
  FIXED_LARGE,
  /** The output's second half is the variance, as diffusers has it; at least 1e-20. */
  LEARNED,
  /** The output's second half is the logarithm of the variance, as OpenAI has it. */
  LEARNED_LOG,
  /**
   * The second half, -1 to 1, leads from log β̃_t to log β_t (Nichol and Dhariwal 2021, eq. 15).
   */
  LEARNED_RANGE;

  private static final double MIN_VARIANCE = 1e-20; // as in sampling

  /** The one that a sampler with this type uses. */
  public static BoundVariance of(VarianceType type) {
    return switch (type) {
      case FIXED_SMALL, FIXED_SMALL_LOG -> FIXED_SMALL;
      case FIXED_LARGE, FIXED_LARGE_LOG -> FIXED_LARGE;
      case LEARNED -> LEARNED;
      case LEARNED_RANGE -> LEARNED_RANGE;
    };
  }

  /** Whether the network's output has twice the image's channels for it. */
  public boolean isLearned() {
    return this == LEARNED || this == LEARNED_LOG || this == LEARNED_RANGE;
  }

  /** log σ² of a variance that is not learned. */
  double fixedLogVariance(NoiseSchedule schedule, int t) {
    return this == FIXED_SMALL || t == 0
        ? schedule.posteriorLogVarianceClipped(t)
        : Math.log(schedule.beta(t));
  }

  /**
   * log σ² of one number.
   *
   * @param v of the output's second half
   * @param least log β̃_t, clipped
   * @param most log β_t
   */
  double learnedLogVariance(double v, double least, double most) {
    return switch (this) {
      case LEARNED -> Math.log(Math.max(v, MIN_VARIANCE));
      case LEARNED_LOG -> v;
      case LEARNED_RANGE -> least + (v + 1) / 2 * (most - least); // eq. 15
      case FIXED_SMALL, FIXED_LARGE -> throw new AssertionError(this);
    };
  }
}
