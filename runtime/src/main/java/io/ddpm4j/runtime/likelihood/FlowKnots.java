package io.ddpm4j.runtime.likelihood;

import io.ddpm4j.runtime.schedule.NoiseSchedule;
import java.util.Arrays;

/**
 * Where the probability flow is evaluated, from the image to the noise: the noise level s =
 * √((1-ᾱ)/ᾱ) of each knot, and the timestep that the network is told there.
 *
 * <p>Between the image, s = 0, and the first timestep's level the network is not told less than
 * timestep 0, and the field is that of timestep 0 throughout, as in the last step of a sampler;
 * there it is linear in most of the image and steep, so a few knots of its own lie there. The
 * others are even in √t, closer together where there is little noise and the field changes most.
 *
 * @param timesteps rising but for those of the first levels, which are all 0
 * @param levels rising from 0
 */
record FlowKnots(double[] timesteps, double[] levels) {
  /** Steps from the image to timestep 0: Heun's error of exp(1) is then below a percent. */
  private static final int TO_FIRST = 4;

  /**
   * Knots for about so many steps, fewer where timesteps are whole and there are no more of them.
   *
   * @param whole whether the network takes whole timesteps only
   */
  static FlowKnots of(NoiseSchedule schedule, int steps, boolean whole) {
    int last = schedule.trainTimesteps() - 1;
    while (last > 0 && schedule.alphaCumprod(last) == 0) {
      last--; // without signal there is no level
    }
    double[] above = new double[steps + 1];
    for (int i = 0; i <= steps; i++) {
      double share = (double) i / steps;
      above[i] = last * share * share;
    }
    if (whole) {
      // Rounding would repeat the first ones: each takes at least the next timestep.
      for (int i = 1; i <= steps; i++) {
        above[i] = Math.max(Math.rint(above[i]), above[i - 1] + 1);
      }
      int end = last;
      above = Arrays.stream(above).filter(t -> t <= end).toArray();
      above[above.length - 1] = end;
    }
    double first = level(schedule, 0);
    double[] timesteps = new double[TO_FIRST + above.length];
    double[] levels = new double[timesteps.length];
    for (int i = 0; i < TO_FIRST; i++) {
      levels[i] = first * i / TO_FIRST;
    }
    for (int i = 0; i < above.length; i++) {
      timesteps[TO_FIRST + i] = above[i];
      levels[TO_FIRST + i] = level(schedule, above[i]);
    }
    return new FlowKnots(timesteps, levels);
  }

  /** s at a timestep, between whole ones linear in log s. */
  private static double level(NoiseSchedule schedule, double timestep) {
    int below = (int) Math.floor(timestep);
    double share = timestep - below;
    double log = -0.5 * Math.log(schedule.snr(below));
    return share == 0
        ? Math.exp(log)
        : Math.exp(log + share * (-0.5 * Math.log(schedule.snr(below + 1)) - log));
  }

  /**
   * The weight of the divergence at a knot in the integral over the step from {@code from} on: of
   * trapezoids of s·divergence over log s, but for the first steps, where the field does not
   * change.
   */
  double weight(int from, int knot) {
    double length =
        from < TO_FIRST
            ? levels[from + 1] - levels[from]
            : levels[knot] * Math.log(levels[from + 1] / levels[from]);
    return length / 2;
  }

  int count() {
    return levels.length;
  }

  /** The level at whose noise the network is asked at a knot: never less than timestep 0's. */
  double askedLevel(int knot) {
    return levels[Math.max(knot, TO_FIRST)];
  }
}
