package io.ddpm4j.trainer.data;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;

/**
 * Images and labels of one train step, in direct buffers that ONNX Runtime can read in place.
 *
 * <p>A batch belongs to its {@link BatchIterator}, which hands out the same few batches again and
 * again: contents are valid until the iterator's next {@link BatchIterator#next() next()} or {@link
 * BatchIterator#close() close()}, buffers are the same for the life of the iterator. So a tensor
 * may be wrapped around the buffers of each {@link #slot()} once and kept.
 */
public final class Batch {
  private final int slot;
  private final ByteBuffer images;
  private final LongBuffer labels;
  private DataPosition start = DataPosition.START;
  private DataPosition end = DataPosition.START;

  Batch(int slot, int batchSize, int imageBytes) {
    this.slot = slot;
    this.images =
        ByteBuffer.allocateDirect(Math.multiplyExact(batchSize, imageBytes))
            .order(ByteOrder.nativeOrder());
    this.labels =
        ByteBuffer.allocateDirect(Math.multiplyExact(batchSize, Long.BYTES))
            .order(ByteOrder.nativeOrder())
            .asLongBuffer();
  }

  /** Which of the iterator's buffers this is, in [0, {@link BatchIterator#slots()}). */
  public int slot() {
    return slot;
  }

  /** Unsigned bytes (N, C, H, W), position 0, limit at the end; direct. */
  public ByteBuffer images() {
    return images;
  }

  /**
   * Class of each image (N), position 0, limit at the end; direct. {@link ImageDataset#NO_LABEL} in
   * every place if the data set has no classes.
   */
  public LongBuffer labels() {
    return labels;
  }

  /** Position of the first image. */
  public DataPosition start() {
    return start;
  }

  /**
   * Position after the last image: where a run continues that has made its step with this batch.
   */
  public DataPosition end() {
    return end;
  }

  void placed(DataPosition newStart, DataPosition newEnd) {
    this.start = newStart;
    this.end = newEnd;
  }
}
