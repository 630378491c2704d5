package io.ddpm4j.runtime.schedule;

import java.util.ArrayList;
import java.util.List;

/** How noise levels lie between the largest and the smallest, under diffusers' field names. */
public enum SigmaSpacing {
  /** Where the timesteps put them. */
  SCHEDULE(""),
  /** {@link Sigmas#karras} with ρ = 7. */
  KARRAS("use_karras_sigmas"),
  /** {@link Sigmas#exponential}. */
  EXPONENTIAL("use_exponential_sigmas"),
  /** {@link Sigmas#beta} with α = β = 0.6. */
  BETA("use_beta_sigmas");

  private static final double RHO = 7; // Karras et al. 2022, §5
  private static final double BETA_SHAPE = 0.6; // Lee et al. 2024

  private final String field;

  SigmaSpacing(String field) {
    this.field = field;
  }

  /**
   * What a configuration says.
   *
   * @throws IllegalArgumentException if it says two things at once
   */
  public static SigmaSpacing of(SchedulerConfig config) {
    List<String> found = new ArrayList<>();
    SigmaSpacing spacing = SCHEDULE;
    for (SigmaSpacing value : values()) {
      if (value != SCHEDULE && config.flag(value.field, false)) {
        found.add(value.field);
        spacing = value;
      }
    }
    if (found.size() > 1) {
      throw new IllegalArgumentException(
          found.get(0) + ": expected at most one way to space sigmas, found " + found);
    }
    return spacing;
  }

  /** Whether the levels come first, and the timesteps from them. */
  public boolean isFree() {
    return this != SCHEDULE;
  }

  /** n falling levels, {@code max} and {@code min} among them; none if {@link #SCHEDULE}. */
  public double[] sigmas(double min, double max, int n) {
    return switch (this) {
      case SCHEDULE -> new double[0];
      case KARRAS -> Sigmas.karras(min, max, n, RHO);
      case EXPONENTIAL -> Sigmas.exponential(min, max, n);
      case BETA -> Sigmas.beta(min, max, n, BETA_SHAPE, BETA_SHAPE);
    };
  }
}
