package io.ddpm4j.trainer.data;

/**
 * The generator behind the order of images and draws of them: SplitMix64 (Steele, Lea and Flood
 * 2014), specified here so that an order never depends on a JDK's library.
 *
 * <p>All arithmetic is modulo 2^64. {@code mix(z)}: z ^= z >>> 30; z *= 0xbf58476d1ce4e5b9; z ^= z
 * >>> 27; z *= 0x94d049bb133111eb; z ^= z >>> 31. The n-th output (n from 1) of seed s is {@code
 * mix(s + n * 0x9e3779b97f4a7c15)}.
 */
public final class SplitMix64 {
  private static final long GOLDEN_GAMMA = 0x9e3779b97f4a7c15L;

  private long state;

  /** Begins the sequence of a seed. */
  public SplitMix64(long seed) {
    this.state = seed;
  }

  /** The seed of a sub-sequence: {@code mix(mix(seed + gamma) + (key + 1) * gamma)}. */
  public static long derive(long seed, long key) {
    return mix(mix(seed + GOLDEN_GAMMA) + (key + 1) * GOLDEN_GAMMA);
  }

  /** The next output. */
  public long nextLong() {
    state += GOLDEN_GAMMA;
    return mix(state);
  }

  /** A number in [0, bound): the upper 32 bits of an output, times bound, divided by 2^32. */
  public int nextInt(int bound) {
    return (int) ((nextLong() >>> 32) * bound >>> 32);
  }

  /** A number in [0, 1): the upper 53 bits of an output, divided by 2^53. */
  public double nextDouble() {
    return (nextLong() >>> 11) * 0x1.0p-53;
  }

  private static long mix(long z) {
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }
}
