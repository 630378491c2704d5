package io.ddpm4j.trainer.data;

/**
 * How a {@link BatchIterator} goes through a data set.
 *
 * @param batchSize images per batch, at least 1; may exceed the size of the data set
 * @param seed seed of order, flips and shifts
 * @param horizontalFlips whether each image is mirrored left to right with probability 1/2, but for
 *     those that are not {@linkplain ImageDataset#mirrorable mirrorable}
 * @param shift by how many pixels at most an image is moved, in each of the four directions, with
 *     the same probability for each place; the pixels at its edge are repeated where there is
 *     nothing to move in
 * @param prefetch batches prepared ahead, at least 1
 */
public record BatchOptions(
    int batchSize, long seed, boolean horizontalFlips, int shift, int prefetch) {
  /** Batches prepared ahead unless asked otherwise: enough to ride out a slow one. */
  public static final int DEFAULT_PREFETCH = 3;

  /** Refuses a batch size or prefetch below 1, and a shift below 0. */
  public BatchOptions {
    if (batchSize < 1) {
      throw new IllegalArgumentException("batch size: expected at least 1, found " + batchSize);
    }
    if (shift < 0) {
      throw new IllegalArgumentException("shift: expected at least 0 pixels, found " + shift);
    }
    if (prefetch < 1) {
      throw new IllegalArgumentException("prefetch: expected at least 1, found " + prefetch);
    }
  }

  /** Without shifts. */
  public BatchOptions(int batchSize, long seed, boolean horizontalFlips, int prefetch) {
    this(batchSize, seed, horizontalFlips, 0, prefetch);
  }

  /** No flips, {@value #DEFAULT_PREFETCH} batches ahead. */
  public static BatchOptions of(int batchSize, long seed) {
    return new BatchOptions(batchSize, seed, false, DEFAULT_PREFETCH);
  }

  /** The same with or without flips. */
  public BatchOptions withHorizontalFlips(boolean flips) {
    return new BatchOptions(batchSize, seed, flips, shift, prefetch);
  }

  /** The same with images that are moved by up to so many pixels. */
  public BatchOptions withShift(int pixels) {
    return new BatchOptions(batchSize, seed, horizontalFlips, pixels, prefetch);
  }
}
