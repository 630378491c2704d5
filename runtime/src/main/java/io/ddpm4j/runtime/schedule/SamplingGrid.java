package io.ddpm4j.runtime.schedule;

import java.util.Arrays;

/**
 * Where a sampler calls the model, call by call from noise to image.
 *
 * @param timesteps what the model is told, one for each call; whole numbers or not, as the method
 *     has it
 * @param sigmas the noise level of each call and one more, that of the result; empty for methods
 *     that count in timesteps alone
 * @param initNoiseSigma the standard deviation of the noise that a run starts from
 */
public record SamplingGrid(double[] timesteps, double[] sigmas, double initNoiseSigma) {
  private static final double[] NONE = {};

  /** Copies the arrays. */
  public SamplingGrid {
    timesteps = timesteps.clone();
    sigmas = sigmas.clone();
    if (timesteps.length == 0) {
      throw new IllegalArgumentException("timesteps: expected at least one, found none");
    }
  }

  /** Timesteps alone, from noise of deviation 1. */
  public static SamplingGrid ofTimesteps(int... timesteps) {
    return new SamplingGrid(Arrays.stream(timesteps).asDoubleStream().toArray(), NONE, 1);
  }

  /**
   * The grid of a method that calls the model a second time at the end of each step, but the last.
   */
  public SamplingGrid withCallsAtEnds() {
    double[] ends = Arrays.copyOfRange(timesteps, 1, timesteps.length);
    return new SamplingGrid(
        Sigmas.interleave(timesteps, ends), Sigmas.repeatInner(sigmas), initNoiseSigma);
  }

  /** Calls of the model. */
  public int steps() {
    return timesteps.length;
  }

  /** A copy. */
  @Override
  public double[] timesteps() {
    return timesteps.clone();
  }

  /** A copy. */
  @Override
  public double[] sigmas() {
    return sigmas.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof SamplingGrid that
        && Arrays.equals(timesteps, that.timesteps)
        && Arrays.equals(sigmas, that.sigmas)
        && initNoiseSigma == that.initNoiseSigma;
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(timesteps) + Arrays.hashCode(sigmas);
  }

  @Override
  public String toString() {
    return "SamplingGrid[timesteps=%s, sigmas=%s, initNoiseSigma=%s]"
        .formatted(Arrays.toString(timesteps), Arrays.toString(sigmas), initNoiseSigma);
  }
}
