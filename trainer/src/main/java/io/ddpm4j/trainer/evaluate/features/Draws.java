package io.ddpm4j.trainer.evaluate.features;

import io.ddpm4j.trainer.data.SplitMix64;

/**
 * Numbers drawn without replacement: the first ones of 0, 1, ..., n-1 after so many steps of Fisher
 * and Yates' shuffle. For i = 0, 1, ... places i and i + {@code nextInt(n - i)} of the {@link
 * SplitMix64} of the seed change their numbers.
 */
public final class Draws {
  private Draws() {}

  /**
   * Draws numbers below {@code n}.
   *
   * @param count how many, from 1 to {@code n}
   * @param seed decides which
   * @return different numbers, in the order drawn
   */
  public static int[] choose(int n, int count, long seed) {
    if (count < 1 || count > n) {
      throw new IllegalArgumentException(
          "expected from 1 to %d numbers to draw, found %d".formatted(n, count));
    }
    int[] numbers = new int[n];
    for (int i = 0; i < n; i++) {
      numbers[i] = i;
    }
    SplitMix64 random = new SplitMix64(seed);
    int[] chosen = new int[count];
    for (int i = 0; i < count; i++) {
      int j = i + random.nextInt(n - i);
      chosen[i] = numbers[j];
      numbers[j] = numbers[i];
    }
    return chosen;
  }
}
