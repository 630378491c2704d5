package io.ddpm4j.runtime.schedule;

import java.util.Arrays;

/**
 * Noise levels σ = √((1-ᾱ)/ᾱ) of a variance-preserving schedule and ways to space them: what every
 * method that counts in σ shares. All lists but {@link #ofSchedule} fall, from noise to image.
 */
public final class Sigmas {
  private static final double SMALLEST = 1e-10; // keeps the logarithm of a level of 0 finite

  private Sigmas() {}

  /** σ_t of every timestep, rising with t. */
  public static double[] ofSchedule(double[] alphasCumprod) {
    double[] sigmas = new double[alphasCumprod.length];
    for (int t = 0; t < sigmas.length; t++) {
      sigmas[t] = Math.sqrt((1 - alphasCumprod[t]) / alphasCumprod[t]);
    }
    return sigmas;
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

  /** Levels whose ρ-th roots are evenly spaced (Karras et al. 2022, eq. 5). */
  public static double[] karras(double min, double max, int n, double rho) {
    double from = Math.pow(max, 1 / rho);
    double to = Math.pow(min, 1 / rho);
    double[] ramp = linspace(0, 1, n);
    for (int i = 0; i < n; i++) {
      ramp[i] = Math.pow(from + ramp[i] * (to - from), rho);
    }
    return ramp;
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

  /** The levels and one more. */
  public static double[] append(double[] sigmas, double last) {
    double[] longer = Arrays.copyOf(sigmas, sigmas.length + 1);
    longer[sigmas.length] = last;
    return longer;
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
