package io.ddpm4j.runtime.schedule;

import java.util.Arrays;

/**
 * Noise levels σ = √((1-ᾱ)/ᾱ) of a variance-preserving schedule and ways to space them: what every
 * method that counts in σ shares. All lists but {@link #ofSchedule} fall, from noise to image.
 */
public final class Sigmas {
  private static final double SMALLEST = 1e-10; // keeps the logarithm of a level of 0 finite

  private static final double TERMINAL = 0x1p-24; // the smallest that half precision can tell

  private Sigmas() {}

  /** σ_t of every timestep, rising with t. */
  public static double[] ofSchedule(double[] alphasCumprod) {
    double[] sigmas = new double[alphasCumprod.length];
    for (int t = 0; t < sigmas.length; t++) {
      sigmas[t] = Math.sqrt((1 - alphasCumprod[t]) / alphasCumprod[t]);
    }
    return sigmas;
  }

  /**
   * σ_t of every timestep, finite: an ᾱ of 0 counts as 2^-24, the level that stands for pure noise.
   */
  public static double[] ofSchedule(NoiseSchedule schedule) {
    double[] alphasCumprod = schedule.alphasCumprod();
    int last = alphasCumprod.length - 1;
    alphasCumprod[last] = alphasCumprod[last] == 0 ? TERMINAL : alphasCumprod[last];
    return ofSchedule(alphasCumprod);
  }

  /** Values of {@code table} at positions between its indices, linearly; clamped at its ends. */
  public static double[] interpolate(double[] positions, double[] table) {
    double[] values = new double[positions.length];
    int last = table.length - 1;
    for (int i = 0; i < values.length; i++) {
      double p = Math.min(Math.max(positions[i], 0), last);
      int below = Math.min((int) p, Math.max(last - 1, 0));
      int above = Math.min(below + 1, last);
      values[i] = table[below] + (p - below) * (table[above] - table[below]);
    }
    return values;
  }

  /**
   * The timestep of a noise level, between two timesteps of the schedule by linear interpolation of
   * log σ; clamped at both ends.
   *
   * @param table {@link #ofSchedule}
   */
  public static double timestep(double sigma, double[] table) {
    if (table.length == 1) {
      return 0;
    }
    double log = Math.log(Math.max(sigma, SMALLEST));
    int low = 0;
    while (low < table.length - 2 && Math.log(table[low + 1]) <= log) {
      low++;
    }
    double from = Math.log(table[low]);
    double to = Math.log(table[low + 1]);
    double weight = Math.min(Math.max((from - log) / (from - to), 0), 1);
    return (1 - weight) * low + weight * (low + 1);
  }

  /** {@link #timestep} of each. */
  public static double[] timesteps(double[] sigmas, double[] table) {
    double[] timesteps = new double[sigmas.length];
    for (int i = 0; i < timesteps.length; i++) {
      timesteps[i] = timestep(sigmas[i], table);
    }
    return timesteps;
  }

  /** ¼ ln σ of each: what networks with Karras's preconditioning are told (2022, table 1). */
  public static double[] logTimesteps(double[] sigmas) {
    double[] timesteps = new double[sigmas.length];
    for (int i = 0; i < timesteps.length; i++) {
      timesteps[i] = 0.25 * Math.log(sigmas[i]);
    }
    return timesteps;
  }

  /** Levels whose ρ-th roots are evenly spaced (Karras et al. 2022, eq. 5). */
  public static double[] karras(double min, double max, int n, double rho) {
    return karras(min, max, linspace(0, 1, n), rho);
  }

  /**
   * Levels whose ρ-th roots lie as {@code ramp} has it: 0 for {@code max}, 1 for {@code min}
   * (Karras et al. 2022, eq. 5).
   */
  public static double[] karras(double min, double max, double[] ramp, double rho) {
    double from = Math.pow(max, 1 / rho);
    double to = Math.pow(min, 1 / rho);
    double[] sigmas = new double[ramp.length];
    for (int i = 0; i < sigmas.length; i++) {
      sigmas[i] = Math.pow(from + ramp[i] * (to - from), rho);
    }
    return sigmas;
  }

  /** Levels whose logarithms are evenly spaced. */
  public static double[] exponential(double min, double max, int n) {
    double[] logs = linspace(Math.log(max), Math.log(min), n);
    for (int i = 0; i < n; i++) {
      logs[i] = Math.exp(logs[i]);
    }
    return logs;
  }

  /** Levels at evenly spaced quantiles of Beta(α, β) between the two ends (Lee et al. 2024). */
  public static double[] beta(double min, double max, int n, double alpha, double beta) {
    double[] ramp = linspace(0, 1, n);
    for (int i = 0; i < n; i++) {
      ramp[i] = min + BetaDistribution.quantile(1 - ramp[i], alpha, beta) * (max - min);
    }
    return ramp;
  }

  /** A level of a straight path moved towards noise: f·s / (1 + (f-1)·s) (Esser et al. 2024). */
  public static double shift(double level, double factor) {
    return factor * level / (1 + (factor - 1) * level);
  }

  /** Each σ as m / (m + 1/σ - 1), towards 1 where m &gt; 1 (Esser et al. 2024, eq. 23). */
  public static double[] shift(double[] sigmas, double m) {
    double[] shifted = new double[sigmas.length];
    for (int i = 0; i < shifted.length; i++) {
      shifted[i] = shift(sigmas[i], m);
    }
    return shifted;
  }

  /** Levels from 1 stretched about 1 so that the last becomes {@code terminal}. */
  public static double[] stretch(double[] sigmas, double terminal) {
    double last = sigmas[sigmas.length - 1];
    if (!(last < 1)) {
      throw new IllegalArgumentException(
          "shift_terminal: expected levels that end below 1 (at least 2 steps), found " + last);
    }
    double scale = (1 - last) / (1 - terminal);
    double[] stretched = new double[sigmas.length];
    for (int i = 0; i < stretched.length; i++) {
      stretched[i] = 1 - (1 - sigmas[i]) / scale;
    }
    return stretched;
  }

  /**
   * The noise that an ancestral step from one level to a lower one adds anew, so that the variance
   * of the posterior is right: σ_to √(1 - σ_to²/σ_from²).
   */
  public static double ancestralUp(double from, double to) {
    return Math.sqrt(to * to * (from * from - to * to) / (from * from));
  }

  /** The level that the deterministic part of an ancestral step goes down to: σ_to²/σ_from. */
  public static double ancestralDown(double from, double to) {
    double up = ancestralUp(from, to);
    return Math.sqrt(to * to - up * up); // rounds as the reference does, also near 0
  }

  /** The level halfway between two in log σ; 0 if one of them is 0. */
  public static double between(double from, double to) {
    double log = Math.log(from);
    return Math.exp(log + 0.5 * (Math.log(to) - log));
  }

  /** The levels and one more. */
  public static double[] append(double[] sigmas, double last) {
    double[] longer = Arrays.copyOf(sigmas, sigmas.length + 1);
    longer[sigmas.length] = last;
    return longer;
  }

  /** Every value twice but the first and the last: the levels of methods with two calls a step. */
  public static double[] repeatInner(double[] sigmas) {
    double[] repeated = new double[2 * sigmas.length - 2];
    for (int i = 0; i < repeated.length; i++) {
      repeated[i] = sigmas[(i + 1) / 2];
    }
    return repeated;
  }

  /** The first values with one of {@code between} after each but the last. */
  public static double[] interleave(double[] values, double[] between) {
    double[] all = new double[2 * values.length - 1];
    for (int i = 0; i < all.length; i++) {
      all[i] = i % 2 == 0 ? values[i / 2] : between[i / 2];
    }
    return all;
  }

  /** n values from {@code start} to {@code end}, both included; {@code start} alone if n is 1. */
  public static double[] linspace(double start, double end, int n) {
    double[] values = new double[n];
    for (int i = 0; i < n; i++) {
      values[i] = n == 1 ? start : start + i * ((end - start) / (n - 1));
    }
    if (n > 1) {
      values[n - 1] = end;
    }
    return values;
  }
}
