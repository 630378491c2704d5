package io.ddpm4j.runtime.random;

/**
 * MT19937 (Matsumoto and Nishimura, "Mersenne twister", ACM TOMACS 8, 1998), with the seeding of
 * 2002, at a position that it knows. Mutable, not thread-safe.
 */
final class MersenneTwister {
  private static final int N = 624;
  private static final int M = 397;
  private static final int MATRIX = 0x9908B0DF;
  private static final int UPPER = 0x80000000;

  private final int[] state = new int[N];
  private int next = N; // in the state, N where all of it was given out
  private long position;

  /** At its start. */
  MersenneTwister(int seed) {
    state[0] = seed;
    for (int i = 1; i < N; i++) {
      state[i] = 1812433253 * (state[i - 1] ^ state[i - 1] >>> 30) + i;
    }
  }

  /** At the same position. */
  MersenneTwister(MersenneTwister other) {
    set(other);
  }

  /** Goes to the position of another one of the same seed. */
  void set(MersenneTwister other) {
    System.arraycopy(other.state, 0, state, 0, N);
    next = other.next;
    position = other.position;
  }

  /** How many words were given out or left out. */
  long position() {
    return position;
  }

  /** The next word. */
  int next() {
    if (next == N) {
      twist();
    }
    position++;
    int y = state[next++];
    y ^= y >>> 11;
    y ^= y << 7 & 0x9D2C5680;
    y ^= y << 15 & 0xEFC60000;
    return y ^ y >>> 18;
  }

  /** Leaves words out: cheaper than to take them, but not free. */
  void skip(long words) {
    position += words;
    long target = next + words;
    while (target > N) {
      twist();
      target -= N;
    }
    next = (int) target;
  }

  private void twist() {
    for (int i = 0; i < N - M; i++) {
      state[i] = state[i + M] ^ mix(state[i], state[i + 1]);
    }
    for (int i = N - M; i < N - 1; i++) {
      state[i] = state[i + M - N] ^ mix(state[i], state[i + 1]);
    }
    state[N - 1] = state[M - 1] ^ mix(state[N - 1], state[0]);
    next = 0;
  }

  private static int mix(int upper, int lower) {
    int y = upper & UPPER | lower & ~UPPER;
    return y >>> 1 ^ -(y & 1) & MATRIX;
  }
}
