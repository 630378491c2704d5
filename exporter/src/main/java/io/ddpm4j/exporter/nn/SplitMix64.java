package io.ddpm4j.exporter.nn;

/**
 * The generator of starting weights: SplitMix64 (Steele, Lea and Flood 2014). Specified in {@code
 * docs/random.md}, so that weights never depend on a JDK's library.
 */
final class SplitMix64 {
  static final long GOLDEN_GAMMA = 0x9e3779b97f4a7c15L;

  private long state;

  SplitMix64(long seed) {
    state = seed;
  }

  long nextLong() {
    state += GOLDEN_GAMMA;
    long z = (state ^ (state >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }

  /** A number in [0, 1): the upper 53 bits of an output, divided by 2^53. */
  double nextDouble() {
    return (nextLong() >>> 11) * 0x1.0p-53;
  }
}
