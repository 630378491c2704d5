package io.ddpm4j.exporter.compare;

import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.TensorType;
import java.util.Arrays;
import java.util.function.IntToDoubleFunction;

/**
 * How far a tensor is from another of its shape, element by element. Equal infinities, and NaN in
 * the same place, have no difference.
 *
 * @param name that both have
 * @param first type of the first
 * @param second type of the second, of the same shape
 * @param largest the largest difference; NaN if there is a NaN in one of the two only, which counts
 *     as the largest
 * @param at where it is
 * @param relative the Euclidean norm of the difference over that of the first tensor; 0 where both
 *     are 0
 */
public record TensorDifference(
    String name, TensorType first, TensorType second, double largest, long[] at, double relative) {

  /** Copies the position. */
  public TensorDifference {
    at = at.clone();
  }

  /** A copy of the position. */
  @Override
  public long[] at() {
    return at.clone();
  }

  /**
   * Compares.
   *
   * @throws IllegalArgumentException if the shapes differ, or one holds no real numbers
   */
  public static TensorDifference of(String name, TensorData first, TensorData second) {
    if (!first.shape().equals(second.shape())) {
      throw new IllegalArgumentException(
          name + ": expected two tensors of one shape, found " + first + " and " + second);
    }
    IntToDoubleFunction a = Elements.of(first);
    IntToDoubleFunction b = Elements.of(second);
    int size = Math.toIntExact(first.shape().elements());
    int worst = 0;
    double largest = 0;
    double difference2 = 0;
    double norm2 = 0;
    for (int i = 0; i < size; i++) {
      double x = a.applyAsDouble(i);
      double y = b.applyAsDouble(i);
      double difference = Double.compare(x, y) == 0 || x == y ? 0 : Math.abs(x - y);
      if (difference > largest || Double.isNaN(difference) && !Double.isNaN(largest)) {
        worst = i;
        largest = difference;
      }
      difference2 += difference * difference;
      norm2 += x * x;
    }
    double relative = difference2 == 0 ? 0 : Math.sqrt(difference2 / norm2);
    return new TensorDifference(
        name, first.type(), second.type(), largest, position(first, worst), relative);
  }

  private static long[] position(TensorData tensor, long index) {
    long[] sizes = tensor.shape().sizes();
    long[] position = new long[sizes.length];
    long rest = index;
    for (int axis = sizes.length - 1; axis >= 0; axis--) {
      long size = Math.max(1, sizes[axis]);
      position[axis] = rest % size;
      rest /= size;
    }
    return position;
  }

  /** Whether every number is the same, whatever the types. */
  public boolean isNone() {
    return largest == 0;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof TensorDifference that
        && name.equals(that.name)
        && first.equals(that.first)
        && second.equals(that.second)
        && Double.compare(largest, that.largest) == 0
        && Double.compare(relative, that.relative) == 0
        && Arrays.equals(at, that.at);
  }

  @Override
  public int hashCode() {
    return 31 * name.hashCode() + Double.hashCode(largest);
  }

  @Override
  public String toString() {
    return name + ": " + first + ", " + second + ", " + largest + " at " + Arrays.toString(at);
  }
}
