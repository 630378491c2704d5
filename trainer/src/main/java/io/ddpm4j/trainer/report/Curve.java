package io.ddpm4j.trainer.report;

import java.util.Arrays;

/**
 * Points of a curve, evenly spaced over a run of any length: when there is no room left, every
 * other point is dropped and from then on every other one is taken.
 */
final class Curve {
  /** More points than a picture has columns, few enough to draw at once. */
  static final int CAPACITY = 8192;

  private final double[][] columns;
  private int size;
  private long seen;
  private long stride = 1;

  /**
   * @param columns numbers of a point
   */
  Curve(int columns) {
    this.columns = new double[columns][CAPACITY];
  }

  void add(double... point) {
    if (size == CAPACITY) {
      for (double[] column : columns) {
        for (int i = 0; i < CAPACITY / 2; i++) {
          column[i] = column[2 * i];
        }
      }
      size = CAPACITY / 2;
      stride *= 2;
    }
    if (seen++ % stride == 0) {
      for (int i = 0; i < columns.length; i++) {
        columns[i][size] = point[i];
      }
      size++;
    }
  }

  /** That number of every point. */
  double[] column(int index) {
    return Arrays.copyOf(columns[index], size);
  }
}
