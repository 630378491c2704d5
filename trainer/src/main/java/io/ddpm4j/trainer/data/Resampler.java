package io.ddpm4j.trainer.data;

/**
 * Resizes one plane of 8-bit samples, one axis after the other, in integers only: the result is
 * exact up to one final rounding and the same everywhere.
 *
 * <p>A plane comes row by row ({@link Plane}), so that it is never in memory as a whole.
 *
 * <p>Shrinking averages over area: an output sample is the mean of what it covers, partly covered
 * samples counting in part. Growing interpolates linearly between sample centres, the edge sample
 * continuing outwards.
 */
final class Resampler {
  private final int to;

  /** For output sample i: the first input sample it needs, and the weights from there on. */
  private final int[] first;

  private final int[][] weights;

  /** What the weights of every output sample sum to. */
  private final long total;

  /** Prepares to resize squares of {@code from} samples a side to {@code to} a side. */
  Resampler(int from, int to) {
    this.to = to;
    this.first = new int[to];
    this.weights = new int[to][];
    if (to <= from) {
      this.total = from;
      for (int i = 0; i < to; i++) {
        average(i, from);
      }
    } else {
      this.total = 2L * to;
      for (int i = 0; i < to; i++) {
        interpolate(i, from);
      }
    }
  }

  /** In units of 1/to of an input sample: output i covers [i * from, (i + 1) * from). */
  private void average(int i, int from) {
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
  private void interpolate(int i, int from) {
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

  /** A plane to be resized; each has its own. */
  Plane plane() {
    return new Plane();
  }

  /** Sums of one plane while its rows come in, from the top. */
  final class Plane {
    private final long[] narrow = new long[to]; // one row with its columns resized
    private final long[] sums = new long[to * to];
    private int rows;
    private int done; // output rows before this one need nothing more

    /**
     * Takes the next row.
     *
     * @param samples of 0 to 255, {@code from} of them
     */
    void add(int[] samples) {
      for (int x = 0; x < to; x++) {
        int[] weight = weights[x];
        int at = first[x];
        long sum = 0;
        for (int k = 0; k < weight.length; k++) {
          sum += (long) weight[k] * samples[at + k];
        }
        narrow[x] = sum;
      }
      while (done < to && first[done] + weights[done].length <= rows) {
        done++;
      }
      for (int y = done; y < to && first[y] <= rows; y++) {
        long weight = weights[y][rows - first[y]];
        for (int x = 0; x < to; x++) {
          sums[y * to + x] += weight * narrow[x];
        }
      }
      rows++;
    }

    /** Writes {@code to} x {@code to} bytes, when all rows have come. */
    void write(byte[] dest, int offset) {
      long all = total * total;
      for (int i = 0; i < sums.length; i++) {
        dest[offset + i] = (byte) ((sums[i] + all / 2) / all);
      }
    }
  }
}
