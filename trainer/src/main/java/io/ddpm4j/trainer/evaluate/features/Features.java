package io.ddpm4j.trainer.evaluate.features;

import io.ddpm4j.runtime.image.NumpyArray;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * The features of some images, a matrix (n, d): a row for each image. All numbers are finite.
 * Immutable.
 */
public final class Features {
  private final int count;
  private final int dimensions;
  private final float[] values; // (n, d)

  private Features(float[] values, int count, int dimensions) {
    this.values = values;
    this.count = count;
    this.dimensions = dimensions;
  }

  /**
   * Features of these values.
   *
   * @param values (n, d), copied
   * @param count n, at least 1
   * @param dimensions d, at least 1
   * @throws IllegalArgumentException if the extents do not fit, or naming the first row that holds
   *     a number that is not finite
   */
  public static Features of(float[] values, int count, int dimensions) {
    return owning(values.clone(), count, dimensions);
  }

  /** The same of an array that nobody will change any more. */
  static Features owning(float[] values, int count, int dimensions) {
    if (count < 1 || dimensions < 1 || (long) count * dimensions != values.length) {
      throw new IllegalArgumentException(
          "features: expected n·d values with n and d of at least 1, found %d values for n=%d, d=%d"
              .formatted(values.length, count, dimensions));
    }
    for (int i = 0; i < values.length; i++) {
      if (!Float.isFinite(values[i])) {
        throw new IllegalArgumentException(
            "features: expected finite numbers, found %s in row %d"
                .formatted(values[i], i / dimensions));
      }
    }
    return new Features(values, count, dimensions);
  }

  /**
   * The rows of all of them, one after the other.
   *
   * @param parts at least one, of as many dimensions
   */
  public static Features join(List<Features> parts) {
    int dimensions = parts.get(0).dimensions;
    int rows = 0;
    for (Features part : parts) {
      part.requireDimensions(dimensions);
      rows = Math.addExact(rows, part.count);
    }
    float[] all = new float[Math.multiplyExact(rows, dimensions)];
    int at = 0;
    for (Features part : parts) {
      System.arraycopy(part.values, 0, all, at, part.values.length);
      at += part.values.length;
    }
    return new Features(all, rows, dimensions);
  }

  /**
   * Reads a file of NumPy: a matrix of floats of any width.
   *
   * @throws IOException if it is missing or no such file; one sentence that names it
   */
  public static Features load(Path file) throws IOException {
    NumpyArray array = NumpyArray.read(file);
    long[] shape = array.shape();
    if (shape.length != 2 || shape[0] < 1 || shape[1] < 1 || !array.type().isFloat()) {
      throw new IOException(
          file + ": expected features, a matrix of floats (images, dimensions), found " + array);
    }
    try {
      return owning(array.toFloats(), (int) shape[0], (int) shape[1]);
    } catch (IllegalArgumentException e) {
      throw new IOException(file + ": " + e.getMessage(), e);
    }
  }

  /**
   * Writes a float32 matrix (n, d) as NumPy does ({@code .npy}), whole or not at all.
   *
   * @throws IOException naming the file and what prevents writing it
   */
  public void save(Path file) throws IOException {
    NumpyArray.of(values, count, dimensions).write(file);
  }

  /** n: the number of images. */
  public int count() {
    return count;
  }

  /** d: the number of features of an image. */
  public int dimensions() {
    return dimensions;
  }

  /** One feature of one image. */
  public float at(int row, int dimension) {
    Objects.checkIndex(row, count);
    return values[row * dimensions + Objects.checkIndex(dimension, dimensions)];
  }

  /** A copy of one image's features, (d). */
  public float[] row(int row) {
    int from = Objects.checkIndex(row, count) * dimensions;
    return Arrays.copyOfRange(values, from, from + dimensions);
  }

  /**
   * Copies rows, each number exactly.
   *
   * @param from the first row
   * @param rows how many
   * @param to receives (rows, d) from its beginning
   */
  public void copyRows(int from, int rows, double[] to) {
    Objects.checkFromIndexSize(from, rows, count);
    int start = from * dimensions;
    for (int i = 0; i < rows * dimensions; i++) {
      to[i] = values[start + i];
    }
  }

  /** The rows from {@code from} on, {@code rows} of them. */
  public Features slice(int from, int rows) {
    Objects.checkFromIndexSize(from, rows, count);
    return owning(
        Arrays.copyOfRange(values, from * dimensions, (from + rows) * dimensions),
        rows,
        dimensions);
  }

  /**
   * The rows with these numbers, in this order.
   *
   * @param rows at least one
   */
  public Features pick(int[] rows) {
    float[] picked = new float[Math.multiplyExact(rows.length, dimensions)];
    for (int i = 0; i < rows.length; i++) {
      int from = Objects.checkIndex(rows[i], count) * dimensions;
      System.arraycopy(values, from, picked, i * dimensions, dimensions);
    }
    return owning(picked, rows.length, dimensions);
  }

  /**
   * Some rows, drawn without replacement, in the order in which they lie here; all of them where
   * there are no more.
   *
   * @param most how many at most, at least 1
   * @param seed decides which, see {@link Draws}
   */
  public Features draw(int most, long seed) {
    if (most >= count) {
      return this;
    }
    int[] rows = Draws.choose(count, most, seed);
    Arrays.sort(rows);
    return pick(rows);
  }

  /**
   * The square of the Euclidean distance of two rows, added up in double. The same whichever of the
   * two is asked, and 0 exactly where they are the same.
   */
  public double squaredDistance(int row, Features other, int otherRow) {
    other.requireDimensions(dimensions);
    int a = Objects.checkIndex(row, count) * dimensions;
    int b = Objects.checkIndex(otherRow, other.count) * dimensions;
    float[] there = other.values;
    double even = 0; // two sums: additions need not wait for each other
    double odd = 0;
    int i = 0;
    for (; i < dimensions - 1; i += 2) {
      double first = (double) values[a + i] - there[b + i];
      double second = (double) values[a + i + 1] - there[b + i + 1];
      even += first * first;
      odd += second * second;
    }
    if (i < dimensions) {
      double last = (double) values[a + i] - there[b + i];
      even += last * last;
    }
    return even + odd;
  }

  /**
   * Returns if there are as many dimensions.
   *
   * @throws IllegalArgumentException otherwise
   */
  public void requireDimensions(int expected) {
    if (dimensions != expected) {
      throw new IllegalArgumentException(
          "features: expected %d dimensions as in the other set, found %d: were both made by the same network?"
              .formatted(expected, dimensions));
    }
  }

  /** The matrix itself, for the package's own reading. */
  float[] values() {
    return values;
  }

  /** The extents, such as {@code features[10000,128]}. */
  @Override
  public String toString() {
    return "features[" + count + "," + dimensions + "]";
  }
}
