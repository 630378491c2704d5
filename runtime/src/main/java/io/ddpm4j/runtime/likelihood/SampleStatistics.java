package io.ddpm4j.runtime.likelihood;

import java.util.Arrays;

/**
 * Mean and spread of several figures over images that come one after the other (Welford 1962): the
 * memory is that of the figures. Not thread-safe.
 */
public final class SampleStatistics {
  private long count;
  private final double[] means;
  private final double[] squares; // Σ (x - mean)²

  /** Of no images yet. */
  public SampleStatistics(int figures) {
    this(0, new double[figures], new double[figures]);
  }

  private SampleStatistics(long count, double[] means, double[] squares) {
    this.count = count;
    this.means = means;
    this.squares = squares;
  }

  /**
   * Statistics that were stored, to be gone on with.
   *
   * @param means as {@link #means} gave them
   * @param squares as {@link #squares} gave them
   */
  public static SampleStatistics of(long count, double[] means, double[] squares) {
    if (count < 0) {
      throw new IllegalArgumentException("count: expected at least 0, found " + count);
    }
    if (means.length != squares.length) {
      throw new IllegalArgumentException(
          "squares: expected %d, as many as means, found %d"
              .formatted(means.length, squares.length));
    }
    return new SampleStatistics(count, means.clone(), squares.clone());
  }

  /** Adds an image's figures. */
  public void add(double... values) {
    if (values.length != means.length) {
      throw new IllegalArgumentException(
          "figures: expected %d, found %d".formatted(means.length, values.length));
    }
    count++;
    for (int i = 0; i < values.length; i++) {
      double off = values[i] - means[i];
      means[i] += off / count;
      squares[i] += off * (values[i] - means[i]);
    }
  }

  /** How many figures each image has. */
  public int figures() {
    return means.length;
  }

  /** Images so far. */
  public long count() {
    return count;
  }

  /** The mean of one figure; NaN without images. */
  public double mean(int figure) {
    return count == 0 ? Double.NaN : means[figure];
  }

  /** The standard error of that mean, s/√n; NaN for fewer than two images. */
  public double standardError(int figure) {
    return count < 2 ? Double.NaN : Math.sqrt(squares[figure] / (count - 1) / count);
  }

  /** A copy of the means. */
  public double[] means() {
    return means.clone();
  }

  /** A copy of the sums of squared distances from the mean. */
  public double[] squares() {
    return squares.clone();
  }

  @Override
  public String toString() {
    return "SampleStatistics[%d images, means %s]".formatted(count, Arrays.toString(means));
  }
}
