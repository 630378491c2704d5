package io.ddpm4j.trainer.evaluate.distance;

import io.ddpm4j.trainer.evaluate.features.Features;
import io.ddpm4j.trainer.evaluate.features.Work;
import java.util.Arrays;
import java.util.Objects;

/**
 * Mean and covariance of features, in double. The covariance is unbiased: divided by n - 1, as
 * {@code numpy.cov} does. Immutable; thread-safe.
 *
 * <p>Rows are taken in blocks of 1024, each centred by its own mean, and joined by the pairwise
 * update of Chan, Golub and LeVeque 1979, which loses nothing where the mean is large beside the
 * deviation. Blocks are counted in the set itself, so the numbers are those of the set, however it
 * was put together.
 */
public final class GaussianStatistics {
  /** Dimensions at most: the covariance is one array. */
  public static final int MOST_DIMENSIONS = 16_000;

  private static final int BLOCK = 1024; // rows
  private static final int TILE = 512; // rows and columns of the covariance, for one thread

  private final int count;
  private final double[] mean; // (d)
  private final double[] covariance; // (d, d), symmetric
  private final Features few; // the set itself where n <= d, else null
  private SemidefiniteFactor factor; // guarded by this; null until it is asked for

  private GaussianStatistics(Features features, double[] mean, double[] covariance) {
    this.count = features.count();
    this.few = count <= mean.length ? features : null;
    this.mean = mean;
    this.covariance = covariance;
  }

  /**
   * Measures a set.
   *
   * @param features of at least two images, of at most {@link #MOST_DIMENSIONS} dimensions
   * @throws java.util.concurrent.CancellationException if the work was cancelled
   */
  public static GaussianStatistics of(Features features, Work work) {
    int d = features.dimensions();
    if (features.count() < 2) {
      throw new IllegalArgumentException(
          "covariance: expected features of at least 2 images, found " + features.count());
    }
    if (d > MOST_DIMENSIONS) {
      throw new IllegalArgumentException(
          "covariance: expected at most " + MOST_DIMENSIONS + " dimensions, found " + d);
    }
    double[] mean = new double[d];
    double[] scatter = new double[d * d]; // Σ (x - mean)(x - mean)ᵀ
    try (MatrixProducts products = new MatrixProducts()) {
      for (int from = 0; from < features.count(); from += BLOCK) {
        int rows = Math.min(BLOCK, features.count() - from);
        add(features, from, rows, mean, scatter, products, work);
        work.progress().advanced("covariance", from + rows, features.count());
      }
    }
    for (int i = 0; i < scatter.length; i++) {
      scatter[i] /= features.count() - 1;
    }
    return new GaussianStatistics(features, mean, scatter);
  }

  private static void add(
      Features features,
      int from,
      int rows,
      double[] mean,
      double[] scatter,
      MatrixProducts products,
      Work work) {
    int d = mean.length;
    double[] columns = centredColumns(features, from, rows);
    double[] delta = new double[d];
    for (int i = 0; i < d; i++) {
      delta[i] = columns[d * rows + i] - mean[i];
      mean[i] += delta[i] * rows / (from + rows);
    }
    double weight = (double) from * rows / (from + rows); // Chan et al. eq. 2.1b
    int tiles = (d + TILE - 1) / TILE;
    Parallel.run(
        null,
        tiles * tiles,
        work,
        number -> {
          int top = number / tiles * TILE;
          int left = number % tiles * TILE;
          if (left >= top) { // the other half is its mirror image
            addTile(columns, rows, delta, weight, top, left, scatter, products);
          }
        });
  }

  /** (d, rows) without the block's mean, and behind it that mean, (d). */
  private static double[] centredColumns(Features features, int from, int rows) {
    int d = features.dimensions();
    double[] block = new double[rows * d];
    features.copyRows(from, rows, block);
    double[] columns = new double[d * rows + d];
    for (int i = 0; i < d; i++) {
      double sum = 0;
      for (int n = 0; n < rows; n++) {
        sum += block[n * d + i];
      }
      double mean = sum / rows;
      columns[d * rows + i] = mean;
      for (int n = 0; n < rows; n++) {
        columns[i * rows + n] = block[n * d + i] - mean;
      }
    }
    return columns;
  }

  private static void addTile(
      double[] columns,
      int rows,
      double[] delta,
      double weight,
      int top,
      int left,
      double[] scatter,
      MatrixProducts products) {
    int d = delta.length;
    int height = Math.min(TILE, d - top);
    int width = Math.min(TILE, d - left);
    double[] a = Arrays.copyOfRange(columns, top * rows, (top + height) * rows);
    double[] b = Arrays.copyOfRange(columns, left * rows, (left + width) * rows);
    double[] product = products.timesTransposed(a, height, b, width, rows);
    for (int y = 0; y < height; y++) {
      for (int x = top == left ? y : 0; x < width; x++) {
        int i = top + y;
        int j = left + x;
        double sum = scatter[i * d + j] + product[y * width + x] + weight * delta[i] * delta[j];
        scatter[i * d + j] = sum;
        scatter[j * d + i] = sum;
      }
    }
  }

  /** n. */
  public int count() {
    return count;
  }

  /** d. */
  public int dimensions() {
    return mean.length;
  }

  /** The mean of a dimension. */
  public double mean(int dimension) {
    return mean[dimension];
  }

  /** The covariance of two dimensions. */
  public double covariance(int i, int j) {
    return covariance[Objects.checkIndex(i, mean.length) * mean.length + j];
  }

  /** The sum of the variances. */
  double trace() {
    double trace = 0;
    for (int i = 0; i < mean.length; i++) {
      trace += covariance[i * mean.length + i];
    }
    return trace;
  }

  /** The covariance itself, (d, d); not to be changed. */
  double[] covariance() {
    return covariance;
  }

  /**
   * A factor of the covariance, made once: of more images than dimensions by a decomposition, which
   * costs more than all else, of others from their differences.
   */
  synchronized SemidefiniteFactor factor() {
    if (factor == null) {
      factor =
          few == null
              ? SemidefiniteFactor.of(covariance, mean.length)
              : SemidefiniteFactor.ofCovariance(few);
    }
    return factor;
  }
}
