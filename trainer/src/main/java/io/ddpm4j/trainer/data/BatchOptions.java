package io.ddpm4j.trainer.data;

/**
 * How a {@link BatchIterator} goes through a data set.
 *
 * @param batchSize images per batch, at least 1; may exceed the size of the data set
 * @param seed seed of order and flips
 * @param horizontalFlips whether each image is mirrored left to right with probability 1/2, but for
 *     those that are not {@linkplain ImageDataset#mirrorable mirrorable}
 * @param prefetch batches prepared ahead, at least 1
 */
public record BatchOptions(int batchSize, long seed, boolean horizontalFlips, int prefetch) {
  /** Batches prepared ahead unless asked otherwise: enough to ride out a slow one. */
  public static final int DEFAULT_PREFETCH = 3;

  /** Refuses a batch size or prefetch below 1. */
  public BatchOptions {
    if (batchSize < 1) {
      throw new IllegalArgumentException("expected a batch size of at least 1, found " + batchSize);
    }
    if (prefetch < 1) {
      throw new IllegalArgumentException("expected a prefetch of at least 1, found " + prefetch);
    }
  }

  /** No flips, {@value #DEFAULT_PREFETCH} batches ahead. */
  public static BatchOptions of(int batchSize, long seed) {
    return new BatchOptions(batchSize, seed, false, DEFAULT_PREFETCH);
  }

  /** The same with or without flips. */
  public BatchOptions withHorizontalFlips(boolean flips) {
    return new BatchOptions(batchSize, seed, flips, prefetch);
  }
}
