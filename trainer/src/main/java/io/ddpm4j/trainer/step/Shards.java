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
  /** What running a shard costs beside its images, in images: thousands of operators begin. */
  private static final double OVERHEAD = 0.7;

  /** More images than these gain nothing that is worth their memory. */
  private static final int MOST_IMAGES = 8;

  /** Numbers of the network's first level that the images of a shard have at most. */
  private static final long MOST_ELEMENTS = 400_000;

  /**
   * The division that is fastest, with shards small enough for a step to need less memory than the
   * whole batch in one would by far.
   *
   * @param elements numbers of one image in the network's first level, channels times pixels
   */
  static Shards of(int batch, int threads, long elements) {
    int used = Math.min(batch, threads);
    int each = divideUp(batch, used);
    int most = (int) Math.max(1, Math.min(MOST_IMAGES, MOST_ELEMENTS / elements));
    int best = 1;
    for (int images = 1; images <= most; images++) {
      if (cost(each, images) <= cost(each, best)) {
        best = images;
      }
    }
    return division(batch, threads, best);
  }

  private static double cost(int each, int images) {
    return divideUp(each, images) * (images + OVERHEAD);
  }

  /** Into shards of that size. */
  static Shards division(int batch, int threads, int images) {
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
