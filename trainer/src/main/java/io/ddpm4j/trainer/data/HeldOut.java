package io.ddpm4j.trainer.data;

import java.util.Arrays;

/**
 * A data set in two parts that have no image in common.
 *
 * <p>0, 1, ..., n-1 are shuffled as by {@link EpochOrder}, by the {@link SplitMix64} seeded with
 * {@code derive(seed, 2)}. The first images of that order are held out, in that order; the others
 * are trained on, in the data set's order.
 *
 * @param training what is left to train on
 * @param heldOut what is kept aside to measure with
 */
public record HeldOut(ImageDataset training, ImageDataset heldOut) {
  /** So many at least, of data sets with five times as many: fewer tell nothing. */
  private static final int LEAST = 8;

  /**
   * How many images are held out: the share of them, at least 8, but not more than a fifth only to
   * have 8.
   *
   * @param size of the data set
   * @param share in [0, 1)
   * @return 0 if the share is 0 or the images are too few
   */
  public static int count(int size, double share) {
    if (!(share >= 0 && share < 1)) {
      throw new IllegalArgumentException(
          "share: expected a number from 0 to below 1, found " + share);
    }
    if (share == 0) {
      return 0;
    }
    long count = Math.max(Math.round(size * share), Math.min(LEAST, size / 5));
    return (int) Math.min(count, size - 1);
  }

  /**
   * All images in an order that a seed decides: the first of them are a fair choice, also of data
   * that lie in order of their classes.
   */
  public static ImageDataset shuffled(ImageDataset all, long seed) {
    int[] order = EpochOrder.shuffled(all.size(), SplitMix64.derive(seed, 2));
    return new Subset(all, order, all.description());
  }

  /**
   * Divides a data set.
   *
   * @param count images to hold out, at least 1 and fewer than there are
   * @param seed decides which
   */
  public static HeldOut of(ImageDataset all, int count, long seed) {
    int size = all.size();
    if (count < 1 || count >= size) {
      throw new IllegalArgumentException(
          "expected from 1 to %d images to hold out of %d, found %d"
              .formatted(size - 1, size, count));
    }
    int[] order = EpochOrder.shuffled(size, SplitMix64.derive(seed, 2));
    int[] left = Arrays.copyOfRange(order, count, size);
    Arrays.sort(left);
    return new HeldOut(
        new Subset(all, left, all.description() + ", " + count + " of them held out"),
        new Subset(all, Arrays.copyOf(order, count), count + " held out of " + all.description()));
  }
}
