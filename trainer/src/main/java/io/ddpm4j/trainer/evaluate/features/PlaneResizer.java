package io.ddpm4j.trainer.evaluate.features;

/**
 * Resizes planes of floats of one size to another, columns first and then rows, as Pillow does for
 * images of mode {@code F}: sums in double, and floats between the two.
 */
final class PlaneResizer {
  private final int fromWidth;
  private final int toHeight;
  private final int toWidth;
  private final Axis columns;
  private final Axis rows;
  private final float[] narrow; // (from height, to width)

  PlaneResizer(ResizeFilter filter, int fromHeight, int fromWidth, int toHeight, int toWidth) {
    this.fromWidth = fromWidth;
    this.toHeight = toHeight;
    this.toWidth = toWidth;
    this.columns = new Axis(filter, fromWidth, toWidth);
    this.rows = new Axis(filter, fromHeight, toHeight);
    this.narrow = new float[Math.multiplyExact(fromHeight, toWidth)];
  }

  /** For each output sample the first input sample that it needs, and the weights from there on. */
  private static final class Axis {
    private final int[] first;
    private final double[][] weights;

    Axis(ResizeFilter filter, int from, int to) {
      first = new int[to];
      weights = new double[to][];
      double scale = (double) from / to; // input samples per output sample
      double stretch = from == to ? 0 : Math.max(scale, 1); // 0: the sample itself
      double support = filter.support() * stretch;
      for (int i = 0; i < to; i++) {
        double centre = (i + 0.5) * scale;
        first[i] = stretch == 0 ? i : Math.max(0, (int) (centre - support + 0.5));
        int end = stretch == 0 ? i + 1 : Math.min(from, (int) (centre + support + 0.5));
        weights[i] = new double[end - first[i]];
        double sum = 0;
        for (int k = 0; k < weights[i].length; k++) {
          double distance = first[i] + k + 0.5 - centre;
          weights[i][k] = stretch == 0 ? 1 : filter.weight(distance / stretch);
          sum += weights[i][k];
        }
        for (int k = 0; k < weights[i].length; k++) {
          weights[i][k] /= sum;
        }
      }
    }
  }

  /**
   * Resizes a plane.
   *
   * @param plane (H, W)
   * @param to receives (new H, new W) from its beginning
   */
  void resize(float[] plane, float[] to) {
    int rowsHere = narrow.length / toWidth;
    for (int y = 0; y < rowsHere; y++) {
      for (int x = 0; x < toWidth; x++) {
        double[] weights = columns.weights[x];
        int at = y * fromWidth + columns.first[x];
        double sum = 0;
        for (int k = 0; k < weights.length; k++) {
          sum += weights[k] * plane[at + k];
        }
        narrow[y * toWidth + x] = (float) sum;
      }
    }
    for (int y = 0; y < toHeight; y++) {
      double[] weights = rows.weights[y];
      for (int x = 0; x < toWidth; x++) {
        int at = rows.first[y] * toWidth + x;
        double sum = 0;
        for (double weight : weights) {
          sum += weight * narrow[at];
          at += toWidth;
        }
        to[y * toWidth + x] = (float) sum;
      }
    }
  }
}
