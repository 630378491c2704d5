package io.ddpm4j.trainer.data;

/**
 * In which order an epoch goes through the images, and which of them it mirrors: a function of
 * seed, epoch and offset alone.
 *
 * <p>The order of epoch e is 0, 1, ..., n-1 shuffled by Fisher and Yates: for i = n-1 down to 1,
 * swap places i and j with j = {@code nextInt(i + 1)} of the {@link SplitMix64} seeded with {@code
 * derive(derive(seed, 0), e)}. The image at offset k is mirrored if the lowest bit of {@code
 * derive(derive(derive(seed, 1), e), k)} is 1.
 */
final class EpochOrder {
  private final long orderSeed;
  private final long flipSeed;
  private final int[] order;
  private long epoch = -1;

  EpochOrder(int size, long seed) {
    this.orderSeed = SplitMix64.derive(seed, 0);
    this.flipSeed = SplitMix64.derive(seed, 1);
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
