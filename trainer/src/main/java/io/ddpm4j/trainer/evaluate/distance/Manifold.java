package io.ddpm4j.trainer.evaluate.distance;

import io.ddpm4j.trainer.evaluate.features.Features;
import io.ddpm4j.trainer.evaluate.features.Work;
import java.util.Arrays;

/**
 * A set of features as a manifold: around each image the ball that reaches to its k-th nearest
 * neighbour in the set (Kynkäänniemi et al. 2019, eq. 1). Another image of the same features is a
 * neighbour at distance 0; the image itself is none. Immutable; thread-safe.
 *
 * <p>Memory beside the features: k numbers an image, and a tile of distances for each thread.
 */
public final class Manifold {
  private final Features features;
  private final int neighbours;
  private final double[] squared; // (n, k), ascending

  private Manifold(Features features, int neighbours, double[] squared) {
    this.features = features;
    this.neighbours = neighbours;
    this.squared = squared;
  }

  /**
   * Finds the nearest neighbours of every image, exactly.
   *
   * @param features of more than k images
   * @param neighbours k, at least 1
   * @throws java.util.concurrent.CancellationException if the work was cancelled
   */
  public static Manifold of(Features features, int neighbours, Work work) {
    if (neighbours < 1 || neighbours >= features.count()) {
      throw new IllegalArgumentException(
          "nearest neighbours: expected from 1 to %d of %d images, found %d"
              .formatted(features.count() - 1, features.count(), neighbours));
    }
    double[] squared = new double[Math.multiplyExact(features.count(), neighbours)];
    Arrays.fill(squared, Double.POSITIVE_INFINITY);
    try (MatrixProducts products = new MatrixProducts()) {
      DistanceTiles tiles = new DistanceTiles(features, features, products);
      Parallel.run(
          "nearest neighbours",
          tiles.strips(),
          work,
          strip ->
              tiles.visit(
                  strip,
                  (row, column, low, high) -> {
                    int last = row * neighbours + neighbours - 1;
                    if (low < squared[last] && row != column) {
                      insert(
                          squared,
                          row * neighbours,
                          last,
                          features.squaredDistance(row, features, column));
                    }
                  }));
    }
    return new Manifold(features, neighbours, squared);
  }

  /** Puts a distance into its place in an ascending list, from which the largest falls out. */
  private static void insert(double[] list, int first, int last, double distance) {
    if (!(distance < list[last])) {
      return;
    }
    int at = last;
    while (at > first && list[at - 1] > distance) {
      list[at] = list[at - 1];
      at--;
    }
    list[at] = distance;
  }

  /** The features of its images. */
  public Features features() {
    return features;
  }

  /** k: so many neighbours of each image are known. */
  public int neighbours() {
    return neighbours;
  }

  /**
   * The square of the distance from an image to its k-th nearest neighbour.
   *
   * @param k from 1 to {@link #neighbours()}
   */
  public double squaredRadius(int image, int k) {
    if (k < 1 || k > neighbours) {
      throw new IllegalArgumentException(
          "neighbour: expected from 1 to %d, found %d".formatted(neighbours, k));
    }
    return squared[image * neighbours + k - 1];
  }
}
