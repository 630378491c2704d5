package io.ddpm4j.trainer.evaluate.neighbours;

import io.ddpm4j.trainer.evaluate.features.Features;
import java.util.Arrays;

/** For each of some rows the nearest of others that come in pieces. Not thread-safe. */
final class NearestRows {
  private final Features wanted;
  private final int count;
  private final int[] rows; // (wanted, count)
  private final double[] squared; // (wanted, count), ascending

  NearestRows(Features wanted, int count) {
    this.wanted = wanted;
    this.count = count;
    this.rows = new int[Math.multiplyExact(wanted.count(), count)];
    this.squared = new double[rows.length];
    Arrays.fill(rows, -1);
    Arrays.fill(squared, Double.POSITIVE_INFINITY);
  }

  /**
   * Takes the next rows, in ascending order.
   *
   * @param from number of the first
   */
  void add(int from, Features piece) {
    for (int i = 0; i < wanted.count(); i++) {
      for (int j = 0; j < piece.count(); j++) {
        insert(i * count, from + j, wanted.squaredDistance(i, piece, j));
      }
    }
  }

  private void insert(int first, int row, double distance) {
    int at = first + count - 1;
    if (!(distance < squared[at])) {
      return; // of equal ones the first stays
    }
    while (at > first && squared[at - 1] > distance) {
      squared[at] = squared[at - 1];
      rows[at] = rows[at - 1];
      at--;
    }
    squared[at] = distance;
    rows[at] = row;
  }

  int count() {
    return count;
  }

  /** The number of a near row; rank 0 is the nearest. */
  int row(int of, int rank) {
    return rows[of * count + rank];
  }

  double squaredDistance(int of, int rank) {
    return squared[of * count + rank];
  }
}
