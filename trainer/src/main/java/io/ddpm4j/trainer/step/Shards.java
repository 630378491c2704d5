package io.ddpm4j.trainer.step;

/**
 * How a batch is divided among threads. Each thread works through shards of its own, an operator at
 * a time on one thread: operators that ONNX Runtime does not divide (copies, transposes) then keep
 * all processors busy too, nobody waits for anybody within a shard, and memory is that of a few
 * images whatever the batch.
 *
 * @param threads at most as many as there are shards
 * @param images of a shard
 * @param count shards of a batch; the last may be filled up with images of no weight
 */
record Shards(int threads, int images, int count) {
  /**
   * Measured best on two kinds of processor: fewer images are less work for each call of an
   * operator, more leave its cache.
   */
  private static final int MOST_IMAGES = 8;

  /** The division that is fastest. */
  static Shards of(int batch, int threads) {
    int used = Math.min(batch, threads);
    int each = divideUp(batch, used);
    return of(batch, threads, divideUp(each, divideUp(each, MOST_IMAGES)));
  }

  /** Into shards of that size. */
  static Shards of(int batch, int threads, int images) {
    int count = divideUp(batch, images);
    return new Shards(Math.min(threads, count), images, count);
  }

  /** The places for images, those of no weight among them. */
  int places() {
    return Math.multiplyExact(images, count);
  }

  private static int divideUp(int a, int b) {
    return (a + b - 1) / b;
  }
}
