package io.ddpm4j.trainer.evaluate.distance;

import io.ddpm4j.trainer.evaluate.features.Features;
import io.ddpm4j.trainer.evaluate.features.Work;

/**
 * Sums of the kernel k(x,y) = (xᵀy/d + 1)³ over the pairs of one set, or of two, a tile at a time:
 * in memory are a tile and the sums.
 *
 * <p>What is summed is k(x,y) - k(x,z) - k(z,y) + k(z,z) for a point z that is the same for all
 * sums. The squared maximum mean discrepancy and its estimates do not see the difference, as what
 * depends on one image alone cancels, but the numbers are small, and so is their rounding.
 */
final class KernelBlock {
  /**
   * Into how many parts the work falls, whatever the number of threads: sums of parts are added in
   * one order, so that they are the same to the bit.
   */
  static final int LANES = 16;

  private static final int ROWS = 256;
  private static final int COLUMNS = 1024;

  private final Features rows;
  private final Features columns;
  private final boolean within;
  private final double[] rowCentres;
  private final double[] columnCentres;
  private final double[] rowSums;
  private final double[][] columnSums = new double[LANES][];
  private final double[] squares = new double[LANES];

  private KernelBlock(
      Features rows,
      Features columns,
      boolean within,
      double[] rowCentres,
      double[] columnCentres) {
    this.rows = rows;
    this.columns = columns;
    this.within = within;
    this.rowCentres = rowCentres;
    this.columnCentres = columnCentres;
    this.rowSums = new double[rows.count()];
  }

  /** The pairs of different images of one set. */
  static KernelBlock within(Features set, double[] centres) {
    return new KernelBlock(set, set, true, centres, centres);
  }

  /** The pairs of two sets. */
  static KernelBlock across(Features x, double[] xCentres, Features y, double[] yCentres) {
    return new KernelBlock(x, y, false, xCentres, yCentres);
  }

  /** For each image k(x,z) - k(z,z)/2. */
  static double[] centres(Features set, double[] z) {
    double[] centres = new double[set.count()];
    double[] row = new double[z.length];
    double own = kernel(dot(z, z), z.length) / 2;
    for (int i = 0; i < centres.length; i++) {
      set.copyRows(i, 1, row);
      centres[i] = kernel(dot(row, z), z.length) - own;
    }
    return centres;
  }

  private static double dot(double[] x, double[] y) {
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      sum += x[i] * y[i];
    }
    return sum;
  }

  private static double kernel(double product, int d) {
    double base = product / d + 1;
    return base * base * base; // Bińkowski et al. §3
  }

  /** Adds the pairs of a lane, each unordered pair of one set once. */
  void add(int lane, MatrixProducts products, Work work) {
    int d = rows.dimensions();
    columnSums[lane] = new double[columns.count()];
    double[] a = new double[Math.min(ROWS, rows.count()) * d];
    double[] b = new double[Math.min(COLUMNS, columns.count()) * d];
    for (int top = lane * ROWS; top < rows.count(); top += LANES * ROWS) {
      int height = Math.min(ROWS, rows.count() - top);
      rows.copyRows(top, height, a);
      for (int left = within ? top : 0; left < columns.count(); left += COLUMNS) {
        work.cancellation().throwIfCancelled();
        int width = Math.min(COLUMNS, columns.count() - left);
        columns.copyRows(left, width, b);
        double[] tile = products.timesTransposed(a, height, b, width, d);
        for (int y = 0; y < height; y++) {
          addRow(lane, tile, y * width, top + y, left, width);
        }
      }
    }
  }

  private void addRow(int lane, double[] tile, int offset, int row, int left, int width) {
    double[] sums = columnSums[lane];
    int d = rows.dimensions();
    double centre = rowCentres[row];
    double sum = 0;
    double square = 0;
    for (int x = within ? Math.max(0, row + 1 - left) : 0; x < width; x++) {
      double value = kernel(tile[offset + x], d) - centre - columnCentres[left + x];
      sum += value;
      square += value * value;
      sums[left + x] += value;
    }
    rowSums[row] += sum;
    squares[lane] += square;
  }

  /** For each row the sum over all columns, of one set over all other images. */
  double[] rowSums() {
    double[] sums = rowSums.clone();
    if (within) {
      double[] rest = columnSums();
      for (int i = 0; i < sums.length; i++) {
        sums[i] += rest[i];
      }
    }
    return sums;
  }

  /** For each column the sum over the rows, of one set over those before it. */
  double[] columnSums() {
    double[] sums = new double[columns.count()];
    for (double[] lane : columnSums) {
      for (int j = 0; j < sums.length; j++) {
        sums[j] += lane[j];
      }
    }
    return sums;
  }

  /** The sum of the squares over all ordered pairs. */
  double squares() {
    double sum = 0;
    for (double lane : squares) {
      sum += lane;
    }
    return within ? 2 * sum : sum;
  }
}
