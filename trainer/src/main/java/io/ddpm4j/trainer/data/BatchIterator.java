package io.ddpm4j.trainer.data;

import java.util.Objects;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;

/**
 * An endless sequence of batches, prepared ahead by one background thread.
 *
 * <p>Order: epoch after epoch, each a shuffle of the whole data set that depends on the seed and
 * the number of the epoch only. No image is dropped: where an epoch ends inside a batch, the next
 * epoch's first images fill it up. So a data set smaller than a batch works too, and the images of
 * a run do not depend on the batch size. Starting at {@link Batch#end()} of any batch continues the
 * sequence bit for bit.
 *
 * <p>Memory: {@link #slots()} batches are allocated at the start and used in turn, nothing per
 * batch. One consumer thread; {@link #close()} may come from any thread. Close it: the background
 * thread lives until then (it is a daemon, so it does not keep the JVM alive).
 */
public final class BatchIterator implements AutoCloseable {
  private final ImageDataset data;
  private final BatchOptions options;
  private final int slots;
  private final BlockingQueue<Batch> free;
  private final BlockingQueue<Batch> ready;
  private final Batch stopped = new Batch(-1, 0, 0); // in `ready`: no batch will follow
  private final Thread worker;
  private volatile Throwable failure;
  private volatile boolean closed;
  private Batch lent;
  private DataPosition position;

  /**
   * Starts preparing batches.
   *
   * @param data where the images come from; not closed or changed
   * @param options batch size, seed, flips
   * @param start position of the first image, {@link DataPosition#START} for a new run
   * @throws IllegalArgumentException if the position lies outside the data set: it was saved with
   *     another one
   */
  public BatchIterator(ImageDataset data, BatchOptions options, DataPosition start) {
    this.data = Objects.requireNonNull(data, "data");
    this.options = Objects.requireNonNull(options, "options");
    this.position = Objects.requireNonNull(start, "start");
    if (start.offset() >= data.size()) {
      throw new IllegalArgumentException(
          "expected a position inside the %d images of %s, found offset %d: was it saved with another data set?"
              .formatted(data.size(), data.name(), start.offset()));
    }
    this.slots = options.prefetch() + 1; // one more is in the consumer's hands
    this.free = new ArrayBlockingQueue<>(slots);
    this.ready = new ArrayBlockingQueue<>(slots + 1);
    for (int slot = 0; slot < slots; slot++) {
      free.add(new Batch(slot, options.batchSize(), data.imageBytes()));
    }
    this.worker = new Thread(() -> prepare(start), "ddpm4j-batches");
    worker.setDaemon(true);
    worker.start();
  }

  /** Number of batches that are used in turn; {@link Batch#slot()} is below it. */
  public int slots() {
    return slots;
  }

  /** The data set. */
  public ImageDataset data() {
    return data;
  }

  /** Position after the last batch handed out; where the sequence continues. */
  public DataPosition position() {
    return position;
  }

  /**
   * The next batch; waits until it is ready. The batch handed out before becomes invalid.
   *
   * @throws InterruptedException if the waiting thread is interrupted
   * @throws IllegalStateException if the iterator is closed, or if a batch could not be prepared
   *     (then with the cause; every later call fails in the same way)
   */
  public Batch next() throws InterruptedException {
    requireOpen();
    if (lent != null) {
      free.add(lent);
      lent = null;
    }
    Batch batch = ready.take();
    if (batch == stopped) {
      ready.add(stopped); // for the call after this one
      requireOpen();
      throw new IllegalStateException(
          "a batch of " + data.name() + " could not be prepared: " + failure.getMessage(), failure);
    }
    lent = batch;
    position = batch.end();
    return batch;
  }

  /** Stops the background thread and waits for its end. Closing twice does nothing. */
  @Override
  public void close() {
    closed = true;
    worker.interrupt();
    ready.offer(stopped);
    boolean interrupted = false;
    while (worker.isAlive() && Thread.currentThread() != worker) {
      try {
        worker.join();
      } catch (InterruptedException e) {
        interrupted = true; // the worker ends within one image; leaving before would leak it
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the batch iterator is closed");
    }
  }

  /** The background thread. */
  private void prepare(DataPosition start) {
    try {
      EpochOrder order = new EpochOrder(data.size(), options.seed());
      byte[] image = new byte[data.imageBytes()];
      byte[] moved = options.shift() > 0 ? new byte[image.length] : image;
      DataPosition next = start;
      while (!closed) {
        Batch batch = free.take();
        next = fill(batch, next, order, image, moved);
        ready.put(batch);
      }
    } catch (InterruptedException e) {
      // Only close() interrupts this thread.
    } catch (Throwable t) { // also errors: the consumer would wait for ever
      failure = t;
      ready.offer(stopped);
    }
  }

  /**
   * @param moved where a shifted image is put; where none is, the image itself
   */
  private DataPosition fill(
      Batch batch, DataPosition start, EpochOrder order, byte[] image, byte[] moved)
      throws InterruptedException {
    DataPosition at = start;
    for (int n = 0; n < options.batchSize(); n++) {
      if (closed) {
        throw new InterruptedException();
      }
      int index = order.image(at);
      data.read(index, image, 0);
      if (options.horizontalFlips() && order.flipped(at) && data.mirrorable(index)) {
        mirror(image, data.width());
      }
      if (options.shift() > 0) {
        order.shift(at, options.shift()).apply(image, moved, data.height(), data.width());
      }
      batch.images().put(n * image.length, moved);
      batch.labels().put(n, data.label(index));
      at = at.plus(1, data.size());
    }
    batch.images().clear();
    batch.labels().clear();
    batch.placed(start, at);
    return at;
  }

  private static void mirror(byte[] image, int width) {
    for (int row = 0; row < image.length; row += width) {
      for (int left = row, right = row + width - 1; left < right; left++, right--) {
        byte swapped = image[left];
        image[left] = image[right];
        image[right] = swapped;
      }
    }
  }
}
