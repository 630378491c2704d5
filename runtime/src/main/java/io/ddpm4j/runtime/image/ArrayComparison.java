package io.ddpm4j.runtime.image;

import java.util.Arrays;

/**
 * How far an array is from the expected one, element by element, by the rule of {@code
 * numpy.allclose}: |found - expected| ≤ atol + rtol·|expected|. Infinities are close to themselves,
 * NaN is close to nothing.
 *
 * @param size elements compared
 * @param largest the largest difference; NaN if there is a NaN, which counts as the largest
 * @param at where it is; empty where there are no elements, or the arrays are single numbers
 * @param found the element there; NaN where there are no elements
 * @param expected what it should be
 * @param beyond how many elements are not close
 */
public record ArrayComparison(
    int size, double largest, long[] at, double found, double expected, int beyond) {

  /**
   * Compares.
   *
   * @param rtol relative tolerance, at least 0
   * @param atol absolute tolerance, at least 0
   * @throws IllegalArgumentException if the shapes differ
   */
  public static ArrayComparison of(
      NumpyArray found, NumpyArray expected, double rtol, double atol) {
    if (!(rtol >= 0 && atol >= 0)) {
      throw new IllegalArgumentException(
          "tolerance: expected at least 0, found rtol " + rtol + ", atol " + atol);
    }
    if (!Arrays.equals(found.shape(), expected.shape())) {
      throw new IllegalArgumentException(
          "shape: expected that of " + expected + ", found " + found);
    }
    int worst = -1;
    double largest = 0;
    int beyond = 0;
    for (int i = 0; i < found.size(); i++) {
      double a = found.doubleAt(i);
      double b = expected.doubleAt(i);
      double difference = a == b ? 0 : Math.abs(a - b); // equal infinities have no difference
      boolean close = a == b || Double.isFinite(b) && difference <= atol + rtol * Math.abs(b);
      if (!close) {
        beyond++;
      }
      if (worst < 0 || difference > largest || Double.isNaN(difference) && !Double.isNaN(largest)) {
        worst = i;
        largest = difference;
      }
    }
    return worst < 0
        ? new ArrayComparison(0, 0, new long[0], Double.NaN, Double.NaN, 0)
        : new ArrayComparison(
            found.size(),
            largest,
            found.position(worst),
            found.doubleAt(worst),
            expected.doubleAt(worst),
            beyond);
  }

  /** Whether all elements are close. */
  public boolean isClose() {
    return beyond == 0;
  }
}
