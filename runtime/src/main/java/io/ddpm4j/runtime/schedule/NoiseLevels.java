package io.ddpm4j.runtime.schedule;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * How image and noise are mixed in x along a run of n steps: before step i, x = {@code signal[i]} ·
 * x_0 + {@code noise[i]} · ε. What starts in the middle of a run (image-to-image), or puts known
 * pixels back after a step (inpainting), needs no more of a method than this.
 *
 * @param signal n + 1 weights of the image; the last is that of the result
 * @param noise n + 1 weights of the noise, likewise
 * @param calls n + 1 numbers: the calls of the model before step i, and all of them
 */
public record NoiseLevels(double[] signal, double[] noise, int[] calls) {

  /** Copies the arrays, which are of one length, at least 2. */
  public NoiseLevels {
    signal = signal.clone();
    noise = noise.clone();
    calls = calls.clone();
    if (signal.length < 2 || signal.length != noise.length || signal.length != calls.length) {
      throw new IllegalArgumentException(
          "levels: expected three arrays of one length, at least 2, found %d, %d and %d"
              .formatted(signal.length, noise.length, calls.length));
    }
  }

  /** √ᾱ_t and √(1-ᾱ_t) at each timestep, and the image itself at the end; one call a step. */
  public static NoiseLevels ofTimesteps(NoiseSchedule schedule, int... timesteps) {
    int n = timesteps.length;
    double[] signal = new double[n + 1];
    double[] noise = new double[n + 1];
    for (int i = 0; i < n; i++) {
      double alpha = schedule.alphaCumprod(timesteps[i]);
      signal[i] = Math.sqrt(alpha);
      noise[i] = Math.sqrt(1 - alpha);
    }
    signal[n] = 1;
    return new NoiseLevels(signal, noise, IntStream.rangeClosed(0, n).toArray());
  }

  /** x_0 + σ·ε. {@code sigmas} are those of n steps and of the result; one call a step. */
  public static NoiseLevels ofSigmas(double... sigmas) {
    double[] signal = new double[sigmas.length];
    Arrays.fill(signal, 1);
    return new NoiseLevels(signal, sigmas, IntStream.range(0, sigmas.length).toArray());
  }

  /** As a path mixes them. {@code levels} are those of n steps and of the result; one call each. */
  public static NoiseLevels ofPath(NoisePath path, double... levels) {
    return new NoiseLevels(
        Arrays.stream(levels).map(path::alpha).toArray(),
        Arrays.stream(levels).map(path::sigma).toArray(),
        IntStream.range(0, levels.length).toArray());
  }

  /** The same steps with two calls each, and one in the last. */
  public NoiseLevels withCallsAtEnds() {
    int n = steps();
    return withCalls(IntStream.rangeClosed(0, n).map(i -> i < n ? 2 * i : 2 * n - 1).toArray());
  }

  /** The same steps with other calls. */
  public NoiseLevels withCalls(int... before) {
    return new NoiseLevels(signal, noise, before);
  }

  /** n. */
  public int steps() {
    return signal.length - 1;
  }

  /** The weight of the image before a step, from 0 to n. */
  public double signal(int step) {
    return signal[step];
  }

  /** The weight of the noise before a step, from 0 to n. */
  public double noise(int step) {
    return noise[step];
  }

  /** The calls of the model before a step, from 0 to n. */
  public int calls(int step) {
    return calls[step];
  }

  /** √(signal² + noise²): what x is divided by to be variance-preserving. */
  public double scale(int step) {
    return Math.hypot(signal[step], noise[step]);
  }

  /** A copy. */
  @Override
  public double[] signal() {
    return signal.clone();
  }

  /** A copy. */
  @Override
  public double[] noise() {
    return noise.clone();
  }

  /** A copy. */
  @Override
  public int[] calls() {
    return calls.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof NoiseLevels that
        && Arrays.equals(signal, that.signal)
        && Arrays.equals(noise, that.noise)
        && Arrays.equals(calls, that.calls);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(signal) + Arrays.hashCode(noise);
  }

  @Override
  public String toString() {
    return "NoiseLevels[signal=%s, noise=%s, calls=%s]"
        .formatted(Arrays.toString(signal), Arrays.toString(noise), Arrays.toString(calls));
  }
}
