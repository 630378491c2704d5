package io.ddpm4j.runtime.schedule;

import java.util.Arrays;

/** How n of T timesteps are chosen (Lin et al. 2024, table 2), under diffusers' names. */
public enum TimestepSpacing {
  /** Multiples of ⌊T/n⌋ from 0: ends at t = 0, seldom starts at T-1. */
  LEADING("leading"),
  /** Multiples of T/n counted down from T, less one: starts at T-1, seldom ends at 0. */
  TRAILING("trailing"),
  /** n points from T-1 to 0, both included. */
  LINSPACE("linspace");

  private final String label;

  TimestepSpacing(String label) {
    this.label = label;
  }

  /** The name in a scheduler configuration. */
  public String label() {
    return label;
  }

  /**
   * The spacing of this name.
   *
   * @throws IllegalArgumentException listing the legal names
   */
  public static TimestepSpacing parse(String label) {
    return Labels.parse("timestep_spacing", label, values(), TimestepSpacing::label);
  }

  /**
   * The timesteps from noise to image, rounded half to even.
   *
   * @param steps how many, 1 to {@code trainTimesteps}
   * @param offset added to every timestep by {@link #LEADING}
   */
  public int[] timesteps(int trainTimesteps, int steps, int offset) {
    if (steps < 1 || steps > trainTimesteps) {
      throw new IllegalArgumentException(
          "steps: expected 1 to " + trainTimesteps + " (the schedule's length), found " + steps);
    }
    int[] timesteps = new int[steps];
    for (int i = 0; i < steps; i++) {
      int fromEnd = steps - 1 - i;
      timesteps[i] =
          switch (this) {
            case LEADING -> fromEnd * (trainTimesteps / steps) + offset;
            case TRAILING ->
                (int) Math.rint(trainTimesteps - i * ((double) trainTimesteps / steps)) - 1;
            case LINSPACE ->
                steps == 1 ? 0 : (int) Math.rint(fromEnd * ((trainTimesteps - 1.0) / (steps - 1)));
          };
    }
    return timesteps;
  }

  /**
   * The timesteps from noise to image for methods that interpolate between timesteps: those of
   * {@link #LINSPACE} as they fall, unrounded, and any number of them.
   *
   * @param steps how many, 1 to {@code trainTimesteps}; any number for {@link #LINSPACE}
   * @param offset added to every timestep by {@link #LEADING}
   */
  public double[] positions(int trainTimesteps, int steps, int offset) {
    if (this != LINSPACE || steps < 1) {
      return Arrays.stream(timesteps(trainTimesteps, steps, offset)).asDoubleStream().toArray();
    }
    double[] rising = Sigmas.linspace(0, trainTimesteps - 1.0, steps);
    double[] falling = new double[steps];
    for (int i = 0; i < steps; i++) {
      falling[i] = rising[steps - 1 - i];
    }
    return falling;
  }
}
