package io.ddpm4j.trainer.data;

/**
 * In which order an epoch goes through the images, which of them it mirrors, and where it moves
 * them: a function of seed, epoch and offset alone.
 *
 * <p>The order of epoch e is 0, 1, ..., n-1 shuffled by Fisher and Yates: for i = n-1 down to 1,
 * swap places i and j with j = {@code nextInt(i + 1)} of the {@link SplitMix64} seeded with {@code
 * derive(derive(seed, 0), e)}. The image at offset k is mirrored if the lowest bit of {@code
 * derive(derive(derive(seed, 1), e), k)} is 1. It is moved by two numbers, down and to the right,
 * each {@code nextInt(2s + 1) - s} of the {@link SplitMix64} seeded with {@code
 * derive(derive(derive(seed, 3), e), k)}.
 */
final class EpochOrder {
  private final long orderSeed;
  private final long flipSeed;
  private final long shiftSeed;
  private final int[] order;
  private long epoch = -1;

  EpochOrder(int size, long seed) {
    this.orderSeed = SplitMix64.derive(seed, 0);
    this.flipSeed = SplitMix64.derive(seed, 1);
    this.shiftSeed = SplitMix64.derive(seed, 3); // 2 is of the images that are held out
    this.order = new int[size];
  }

  /** The image at a position. Going through an epoch in order costs one shuffle. */
  int image(DataPosition position) {
    if (position.epoch() != epoch) {
      shuffle(position.epoch());
    }
    return order[position.offset()];
  }

  boolean flipped(DataPosition position) {
    long ofEpoch = SplitMix64.derive(flipSeed, position.epoch());
    return (SplitMix64.derive(ofEpoch, position.offset()) & 1) == 1;
  }

  /**
   * By how many pixels the image is moved.
   *
   * @param most in each direction
   */
  Shift shift(DataPosition position, int most) {
    long ofEpoch = SplitMix64.derive(shiftSeed, position.epoch());
    SplitMix64 random = new SplitMix64(SplitMix64.derive(ofEpoch, position.offset()));
    return new Shift(random.nextInt(2 * most + 1) - most, random.nextInt(2 * most + 1) - most);
  }

  private void shuffle(long newEpoch) {
    shuffle(order, SplitMix64.derive(orderSeed, newEpoch));
    epoch = newEpoch;
  }

  /** 0, 1, ..., n-1 in an order that a seed decides. */
  static int[] shuffled(int size, long seed) {
    int[] order = new int[size];
    shuffle(order, seed);
    return order;
  }

  private static void shuffle(int[] order, long seed) {
    for (int i = 0; i < order.length; i++) {
      order[i] = i;
    }
    SplitMix64 random = new SplitMix64(seed);
    for (int i = order.length - 1; i > 0; i--) {
      int j = random.nextInt(i + 1);
      int swapped = order[i];
      order[i] = order[j];
      order[j] = swapped;
    }
  }
}
