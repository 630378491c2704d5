package io.ddpm4j.trainer.evaluate.distance;

import io.ddpm4j.trainer.evaluate.features.Work;

/**
 * The Fréchet distance of two Gaussians (Dowson and Landau 1982, eq. 4), by which Heusel et al.
 * 2017 (eq. 6) compare sets of images: |μ1-μ2|² + tr(Σ1 + Σ2 - 2·√(Σ1Σ2)), a squared distance. Over
 * Inception's features it is the FID.
 *
 * <p>With Σ1 = FᵀF the matrix Σ1Σ2 has the eigenvalues of FΣ2Fᵀ, which is symmetric and positive
 * semidefinite, and zeros besides: so tr √(Σ1Σ2) is the sum of their roots, and no root of an
 * unsymmetric matrix is taken. Of no more images than dimensions F is made of the images
 * themselves, n - 1 rows of them, so that FΣ2Fᵀ is as small and nothing else is decomposed.
 *
 * <p>The distance is biased: of sets of n images it is larger on average than of all images, the
 * more so the smaller n and the larger d are (Bińkowski et al. 2018, §D.1; Chong and Forsyth 2020).
 * Compare distances of the same numbers of images only, and with those of other real images in the
 * place of samples.
 */
public final class FrechetDistance {
  private static final String STAGE = "Frechet distance";

  private FrechetDistance() {}

  /**
   * The distance of two sets.
   *
   * @param a such as the real images. Where both sets have more images than dimensions its
   *     covariance is decomposed, which takes most of the time, once for all calls
   * @param b of as many dimensions
   * @param work asked before each of the two steps, the factor and the eigenvalues, whether to go
   *     on
   * @return at least 0
   * @throws java.util.concurrent.CancellationException if the work was cancelled
   */
  public static double between(GaussianStatistics a, GaussianStatistics b, Work work) {
    int d = a.dimensions();
    if (b.dimensions() != d) {
      throw new IllegalArgumentException(
          "Frechet distance: expected features of %d dimensions, found %d: were both made by the same network?"
              .formatted(d, b.dimensions()));
    }
    double means = 0;
    for (int i = 0; i < d; i++) {
      double difference = a.mean(i) - b.mean(i);
      means += difference * difference;
    }
    double distance = means + a.trace() + b.trace() - 2 * traceOfRoot(a, b, work);
    work.progress().advanced(STAGE, 2, 2);
    return Math.max(0, distance); // of equal sets the sum is 0 but for its rounding
  }

  /** tr √(Σa·Σb). */
  private static double traceOfRoot(GaussianStatistics a, GaussianStatistics b, Work work) {
    int d = a.dimensions();
    // Fewer images make the smaller problem, in which no eigenvalue has to be 0.
    boolean smaller = b.count() - 1 < Math.min(d, a.count() - 1);
    work.cancellation().throwIfCancelled();
    SemidefiniteFactor factor = smaller ? b.factor() : a.factor();
    double[] other = smaller ? a.covariance() : b.covariance();
    work.cancellation().throwIfCancelled();
    work.progress().advanced(STAGE, 1, 2);
    int rows = factor.count();
    if (rows == 0) {
      return 0; // all images of a set are the same
    }
    try (MatrixProducts products = new MatrixProducts()) {
      double[] half = products.timesTransposed(factor.rows(), rows, other, d, d); // FΣ
      double[] whole = products.timesTransposed(half, rows, factor.rows(), rows, d); // FΣFᵀ
      for (int i = 0; i < rows; i++) { // symmetric but for the rounding
        for (int j = 0; j < i; j++) {
          double both = (whole[i * rows + j] + whole[j * rows + i]) / 2;
          whole[i * rows + j] = both;
          whole[j * rows + i] = both;
        }
      }
      return SemidefiniteFactor.traceOfRoot(whole, rows);
    }
  }
}
