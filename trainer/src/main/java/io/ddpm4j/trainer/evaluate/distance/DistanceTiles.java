package io.ddpm4j.trainer.evaluate.distance;

import io.ddpm4j.trainer.evaluate.features.Features;

/**
 * The squared distances between the rows of two sets, a tile at a time, with bounds: |x|² + |y|² -
 * 2·xᵀy is fast but rounded. The distance of a pair that the bounds leave in doubt is {@link
 * Features#squaredDistance}, computed from the differences. So what comes out is what comparing
 * those distances gives, pair by pair, whatever the tiles: equal images are at 0 exactly, and ties
 * are ties.
 */
final class DistanceTiles {
  /** Rows of a tile, which a thread takes together. */
  static final int ROWS = 256;

  private static final int COLUMNS = 1024;

  private final Features rows;
  private final Features columns;
  private final double[] rowNorms;
  private final double[] columnNorms;
  private final double roundoff; // in parts of |x|² + |y|²
  private final MatrixProducts products;

  /** Takes what lies between two rows. */
  @FunctionalInterface
  interface Pair {
    /**
     * Takes a pair.
     *
     * @param low not above the squared distance
     * @param high not below it
     */
    void accept(int row, int column, double low, double high);
  }

  DistanceTiles(Features rows, Features columns, MatrixProducts products) {
    this.rows = rows;
    this.columns = columns;
    this.products = products;
    this.rowNorms = norms(rows);
    this.columnNorms = rows == columns ? rowNorms : norms(columns);
    // Sums of d terms are off by at most d·u times the sum of the terms' sizes, u = 2^-53 (Higham,
    // Accuracy and Stability of Numerical Algorithms, §3.1); the norms, twice the product and the
    // direct distance are such sums, all of them below 2(|x|² + |y|²).
    this.roundoff = (4.0 * rows.dimensions() + 32) * 0x1p-53;
  }

  private static double[] norms(Features features) {
    double[] norms = new double[features.count()];
    double[] row = new double[features.dimensions()];
    for (int i = 0; i < norms.length; i++) {
      features.copyRows(i, 1, row);
      for (double value : row) {
        norms[i] += value * value;
      }
    }
    return norms;
  }

  /** How many strips of rows there are. */
  int strips() {
    return (rows.count() + ROWS - 1) / ROWS;
  }

  /** Goes through the pairs of a strip of rows, for each of its rows in the order of columns. */
  void visit(int strip, Pair pair) {
    int d = rows.dimensions();
    int top = strip * ROWS;
    int height = Math.min(ROWS, rows.count() - top);
    double[] a = new double[height * d];
    rows.copyRows(top, height, a);
    double[] b = new double[Math.min(COLUMNS, columns.count()) * d];
    for (int left = 0; left < columns.count(); left += COLUMNS) {
      int width = Math.min(COLUMNS, columns.count() - left);
      columns.copyRows(left, width, b);
      double[] product = products.timesTransposed(a, height, b, width, d);
      for (int y = 0; y < height; y++) {
        double norm = rowNorms[top + y];
        for (int x = 0; x < width; x++) {
          double norms = norm + columnNorms[left + x];
          double squared = norms - 2 * product[y * width + x];
          double error = norms * roundoff;
          pair.accept(top + y, left + x, squared - error, squared + error);
        }
      }
    }
  }
}
