package io.ddpm4j.runtime.schedule;

/** The variance σ_t² of one ancestral step, under diffusers' names. */
public enum VarianceType {
  /** β̃_t, the posterior variance (Ho et al. 2020, eq. 7), at least 1e-20. */
  FIXED_SMALL("fixed_small"),
  /** The same number by way of its logarithm. */
  FIXED_SMALL_LOG("fixed_small_log"),
  /** β_t, the upper bound (Ho et al. 2020, §3.2). */
  FIXED_LARGE("fixed_large"),
  /** The same number by way of its logarithm. */
  FIXED_LARGE_LOG("fixed_large_log"),
  /** The second half of the output's channels is the variance. */
  LEARNED("learned"),
  /** The second half, in [-1, 1], interpolates log β̃_t and log β_t (Nichol 2021, eq. 15). */
  LEARNED_RANGE("learned_range");

  private final String label;

  VarianceType(String label) {
    this.label = label;
  }

  /** The name in a scheduler configuration. */
  public String label() {
    return label;
  }

  /** Whether the network's output has twice the image's channels. */
  public boolean isLearned() {
    return this == LEARNED || this == LEARNED_RANGE;
  }

  /**
   * The type of this name.
   *
   * @throws IllegalArgumentException listing the legal names
   */
  public static VarianceType parse(String label) {
    return Labels.parse("variance_type", label, values(), VarianceType::label);
  }
}
