package io.ddpm4j.trainer.data;

/**
 * Resizes one plane of 8-bit samples, one axis after the other, in integers only: the result is
 * exact up to one final rounding and the same everywhere.
 *
 * <p>Shrinking averages over area: an output sample is the mean of what it covers, partly covered
 * samples counting in part. Growing interpolates linearly between sample centres, the edge sample
 * continuing outwards.
 */
final class Resampler {
  private final int from;
  private final int to;

  /** For output sample i: the first input sample it needs, and the weights from there on. */
  private final int[] first;

  private final int[][] weights;

  /** What the weights of every output sample sum to. */
  private final long total;

  /** Prepares to resize squares of {@code from} samples a side to {@code to} a side. */
  Resampler(int from, int to) {
    this.from = from;
    this.to = to;
    this.first = new int[to];
    this.weights = new int[to][];
    if (to <= from) {
      this.total = from;
      for (int i = 0; i < to; i++) {
        average(i);
      }
    } else {
      this.total = 2L * to;
      for (int i = 0; i < to; i++) {
        interpolate(i);
      }
    }
  }

  /** In units of 1/to of an input sample: output i covers [i * from, (i + 1) * from). */
  private void average(int i) {
    long begin = (long) i * from;
    long end = begin + from;
    first[i] = (int) (begin / to);
    int last = (int) ((end - 1) / to);
    weights[i] = new int[last - first[i] + 1];
    for (int s = first[i]; s <= last; s++) {
      long covered = Math.min(end, (s + 1L) * to) - Math.max(begin, (long) s * to);
      weights[i][s - first[i]] = (int) covered;
    }
  }

  /**
   * In units of 1/(2 to): the centre of output i lies at (2 i + 1) from - to from that of input 0.
   */
  private void interpolate(int i) {
    long centre = (2L * i + 1) * from - to;
    int before = (int) Math.floorDiv(centre, 2L * to);
    int beyond = (int) Math.floorMod(centre, 2L * to);
    if (before < 0 || before >= from - 1) {
      first[i] = before < 0 ? 0 : from - 1;
      weights[i] = new int[] {2 * to};
    } else {
      first[i] = before;
      weights[i] = new int[] {2 * to - beyond, beyond};
    }
  }

  /**
   * Resizes a plane.
   *
   * @param plane samples of 0 to 255, {@code from} x {@code from}, row by row
   * @param dest takes {@code to} x {@code to} bytes
   * @param offset where they start
   */
  void apply(int[] plane, byte[] dest, int offset) {
    long[] narrow = new long[from * to]; // (from, to): rows as before, columns resized
    for (int y = 0; y < from; y++) {
      for (int x = 0; x < to; x++) {
        int[] weight = weights[x];
        int at = y * from + first[x];
        long sum = 0;
        for (int k = 0; k < weight.length; k++) {
          sum += (long) weight[k] * plane[at + k];
        }
        narrow[y * to + x] = sum;
      }
    }
    long all = total * total;
    for (int y = 0; y < to; y++) {
      int[] weight = weights[y];
      for (int x = 0; x < to; x++) {
        int at = first[y] * to + x;
        long sum = 0;
        for (int k = 0; k < weight.length; k++) {
          sum += weight[k] * narrow[at + k * to];
        }
        dest[offset + y * to + x] = (byte) ((sum + all / 2) / all);
      }
    }
  }
}
