package io.ddpm4j.trainer.loop;

import java.util.Arrays;

/**
 * Points of the loss curve, evenly spaced over a run of any length: when there is no room left,
 * every other point is dropped and from then on every other one is taken.
 */
final class Curve {
  /** More points than the picture has columns, few enough to draw at once. */
  static final int CAPACITY = 8192;

  private final double[][] columns = new double[3][CAPACITY]; // step, loss, smoothed loss
  private int size;
  private long seen;
  private long stride = 1;

  void add(double step, double loss, double smoothedLoss) {
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
      columns[0][size] = step;
      columns[1][size] = loss;
      columns[2][size] = smoothedLoss;
      size++;
    }
  }

  double[] steps() {
    return Arrays.copyOf(columns[0], size);
  }

  double[] losses() {
    return Arrays.copyOf(columns[1], size);
  }

  double[] smoothedLosses() {
    return Arrays.copyOf(columns[2], size);
  }
}
