package io.ddpm4j.runtime.schedule;

import java.util.Arrays;
import java.util.Locale;

/**
 * The betas β_0 … β_{T-1} and what follows from them, in double. Timesteps count from 0 (one step
 * of noise); where a <em>previous</em> timestep is asked for, -1 is the image itself, ᾱ_{-1} = 1.
 * Immutable.
 *
 * <p>Wherever a method takes t, it is 0 to T-1, and {@code previous} is -1 to t-1. Of the methods
 * of one timestep, {@link #alphaCumprod}, {@link #sqrtAlphaCumprod}, {@link
 * #sqrtOneMinusAlphaCumprod}, {@link #addNoise} and {@link #velocity} also take t = -1; β, α and
 * the signal-to-noise ratio, which would be infinite, are not defined there. Another t is an {@link
 * ArrayIndexOutOfBoundsException}.
 */
public final class NoiseSchedule {
  private static final double MIN_VARIANCE = 1e-20; // as the reference: keeps log β̃_0 finite

  private final double[] betas;
  private final double[] alphasCumprod;

  private NoiseSchedule(double[] betas, boolean zeroTerminalSnr) {
    int count = betas.length;
    if (count == 0) {
      throw new IllegalArgumentException("betas: expected at least one, found none");
    }
    for (int t = 0; t < count; t++) {
      boolean mayBeOne = zeroTerminalSnr && t == count - 1;
      if (!(betas[t] > 0 && (betas[t] < 1 || mayBeOne && betas[t] == 1))) {
        throw new IllegalArgumentException(
            "betas: expected every beta between 0 and 1 (both excluded), found beta["
                + t
                + "] = "
                + betas[t]);
      }
    }
    this.betas = betas;
    this.alphasCumprod = new double[count];
    double product = 1;
    for (int t = 0; t < count; t++) {
      product *= 1 - betas[t];
      if (product == 0 && !(zeroTerminalSnr && t == count - 1)) {
        throw new IllegalArgumentException(
            "betas: expected a product of alphas above 0, found 0 at timestep " + t);
      }
      alphasCumprod[t] = product;
    }
  }

  /**
   * A named schedule.
   *
   * @param trainTimesteps T, at least 1
   * @param betaStart β_0 of the linear ones and the sigmoid; the others have no use for it
   * @param betaEnd β_{T-1}, likewise
   * @throws IllegalArgumentException if a beta lies outside (0, 1), from which only NaN would
   *     follow
   */
  public static NoiseSchedule of(
      BetaSchedule schedule, int trainTimesteps, double betaStart, double betaEnd) {
    if (trainTimesteps < 1) {
      throw new IllegalArgumentException(
          "num_train_timesteps: expected at least 1, found " + trainTimesteps);
    }
    return new NoiseSchedule(schedule.betas(trainTimesteps, betaStart, betaEnd), false);
  }

  /** The linear schedule of Ho et al. 2020: T = 1000, β from 1e-4 to 0.02. */
  public static NoiseSchedule linear() {
    return of(BetaSchedule.LINEAR, 1000, 1e-4, 0.02);
  }

  /**
   * The schedule of these betas, copied, each in (0, 1).
   *
   * @param betas β_0 to β_{T-1}, at least one
   * @throws IllegalArgumentException if there is none, one is out of range, or ᾱ becomes 0
   */
  public static NoiseSchedule ofBetas(double... betas) {
    return new NoiseSchedule(betas.clone(), false);
  }

  /**
   * The same schedule with √ᾱ shifted and scaled so that ᾱ_{T-1} = 0 and ᾱ_0 stays (Lin et al.
   * 2024, algorithm 1).
   *
   * @throws IllegalArgumentException if T is below 2
   */
  public NoiseSchedule withZeroTerminalSnr() {
    int count = betas.length;
    double first = Math.sqrt(alphasCumprod[0]);
    double last = Math.sqrt(alphasCumprod[count - 1]);
    if (count < 2) {
      throw new IllegalArgumentException(
          "rescale_betas_zero_snr: expected a schedule of at least 2 timesteps, found " + count);
    }
    double[] rescaled = new double[count];
    double previous = 1;
    for (int t = 0; t < count; t++) {
      double root = (Math.sqrt(alphasCumprod[t]) - last) * (first / (first - last));
      rescaled[t] = 1 - root * root / previous;
      previous = root * root;
    }
    return new NoiseSchedule(rescaled, true);
  }

  /**
   * The schedule that visits only some of the timesteps: its own timestep i is {@code timesteps[i]}
   * of this one, and its betas are 1 - ᾱ_t/ᾱ_s of each two neighbours (Nichol and Dhariwal 2021,
   * §4).
   *
   * @param timesteps rising, each in 0 to T-1, at least one
   * @throws IllegalArgumentException if there is none, or they do not rise or are out of range
   */
  public NoiseSchedule respaced(int... timesteps) {
    double[] kept = new double[timesteps.length];
    int previous = -1;
    for (int i = 0; i < kept.length; i++) {
      int t = timesteps[i];
      if (t <= previous || t >= betas.length) {
        throw new IllegalArgumentException(
            "timesteps: expected rising values from 0 to at most %d, found %d after %d"
                .formatted(betas.length - 1, t, previous));
      }
      kept[i] = beta(t, previous);
      previous = t;
    }
    return new NoiseSchedule(kept, previous >= 0 && alphasCumprod[previous] == 0);
  }

  /** T, the number of timesteps. */
  public int trainTimesteps() {
    return betas.length;
  }

  /** β_t, the variance that step t adds; t is 0 to T-1. */
  public double beta(int t) {
    return betas[t];
  }

  /** α_t = 1 - β_t; t is 0 to T-1. */
  public double alpha(int t) {
    return 1 - betas[t];
  }

  /** ᾱ_t = ∏ α_s over s ≤ t; t is -1 to T-1, where ᾱ_{-1} = 1. */
  public double alphaCumprod(int t) {
    return t == -1 ? 1 : alphasCumprod[t];
  }

  /** A copy of all β. */
  public double[] betas() {
    return betas.clone();
  }

  /** A copy of all ᾱ. */
  public double[] alphasCumprod() {
    return alphasCumprod.clone();
  }

  /** √ᾱ_t: how much of the image is left in x_t; t is -1 to T-1. */
  public double sqrtAlphaCumprod(int t) {
    return Math.sqrt(alphaCumprod(t));
  }

  /** √(1-ᾱ_t): the standard deviation of the noise in x_t; t is -1 to T-1. */
  public double sqrtOneMinusAlphaCumprod(int t) {
    return Math.sqrt(1 - alphaCumprod(t));
  }

  /** The signal-to-noise ratio ᾱ_t / (1-ᾱ_t); t is 0 to T-1. */
  public double snr(int t) {
    return alphasCumprod[t] / (1 - alphasCumprod[t]);
  }

  /**
   * The beta of one stride from {@code t} to {@code previous}: 1 - ᾱ_t/ᾱ_previous, which is β_t
   * where previous = t-1.
   */
  public double beta(int t, int previous) {
    return previous == t - 1 ? betas[t] : 1 - alphaCumprod(t) / alphaCumprod(previous);
  }

  /** The weight of x_0 in the posterior mean μ̃_t (Ho et al. 2020, eq. 7). */
  public double posteriorMeanX0(int t, int previous) {
    return Math.sqrt(alphaCumprod(previous)) * beta(t, previous) / (1 - alphaCumprod(t)); // eq. 7
  }

  /** The weight of x_t in the posterior mean μ̃_t (Ho et al. 2020, eq. 7). */
  public double posteriorMeanXt(int t, int previous) {
    return Math.sqrt(1 - beta(t, previous))
        * (1 - alphaCumprod(previous))
        / (1 - alphaCumprod(t)); // eq. 7
  }

  /** The posterior variance β̃_t (Ho et al. 2020, eq. 7); 0 where {@code previous} is -1. */
  public double posteriorVariance(int t, int previous) {
    return (1 - alphaCumprod(previous)) / (1 - alphaCumprod(t)) * beta(t, previous); // eq. 7
  }

  /** β̃_t of a single step. */
  public double posteriorVariance(int t) {
    return posteriorVariance(t, t - 1);
  }

  /**
   * log β̃_t with that of t = 1 in place of log 0 at t = 0 (Nichol and Dhariwal 2021), for bounds
   * in bits per dimension.
   */
  public double posteriorLogVarianceClipped(int t) {
    return Math.log(posteriorVariance(t == 0 && betas.length > 1 ? 1 : t));
  }

  /**
   * σ_t² of an ancestral step where it does not depend on the network.
   *
   * @throws IllegalArgumentException for a learned variance
   */
  public double variance(VarianceType type, int t, int previous) {
    return switch (type) {
      case FIXED_SMALL, FIXED_SMALL_LOG -> Math.max(posteriorVariance(t, previous), MIN_VARIANCE);
      case FIXED_LARGE, FIXED_LARGE_LOG -> beta(t, previous);
      case LEARNED, LEARNED_RANGE ->
          throw new IllegalArgumentException(type.label() + ": the network gives this variance");
    };
  }

  /**
   * x_t = √ᾱ_t x_0 + √(1-ᾱ_t) ε (Ho et al. 2020, eq. 4), element by element; {@code xt} may be one
   * of the other arrays.
   *
   * @param x0 at least as many numbers as {@code xt}
   * @param noise likewise
   * @param t 0 to T-1, or -1 for x_0 itself
   * @param xt is filled to its end
   */
  public void addNoise(float[] x0, float[] noise, int t, float[] xt) {
    double signal = sqrtAlphaCumprod(t);
    double sigma = sqrtOneMinusAlphaCumprod(t);
    for (int i = 0; i < xt.length; i++) {
      xt[i] = (float) (signal * x0[i] + sigma * noise[i]); // eq. 4
    }
  }

  /**
   * v = √ᾱ_t ε - √(1-ᾱ_t) x_0 (Salimans and Ho 2022, appendix D), element by element; {@code v} may
   * be one of the other arrays.
   *
   * @param x0 at least as many numbers as {@code v}
   * @param noise likewise
   * @param t 0 to T-1, or -1 for ε itself
   * @param v is filled to its end
   */
  public void velocity(float[] x0, float[] noise, int t, float[] v) {
    double signal = sqrtAlphaCumprod(t);
    double sigma = sqrtOneMinusAlphaCumprod(t);
    for (int i = 0; i < v.length; i++) {
      v[i] = (float) (signal * noise[i] - sigma * x0[i]);
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof NoiseSchedule that && Arrays.equals(betas, that.betas);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(betas);
  }

  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "NoiseSchedule[T=%d, beta %.3g to %.3g, alphaCumprod %.6f to %.3g]",
        betas.length,
        betas[0],
        betas[betas.length - 1],
        alphasCumprod[0],
        alphasCumprod[betas.length - 1]);
  }
}
