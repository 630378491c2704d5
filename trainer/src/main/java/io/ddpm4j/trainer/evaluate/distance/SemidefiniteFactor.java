package io.ddpm4j.trainer.evaluate.distance;

import io.ddpm4j.trainer.evaluate.features.Features;
import java.util.Arrays;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.factory.DecompositionFactory_DDRM;
import org.ejml.interfaces.decomposition.EigenDecomposition_F64;

/**
 * A matrix F with FᵀF = Σ, of a symmetric positive semidefinite Σ.
 *
 * <p>An eigenvalue is computed with an error of up to about d·ε·λ_max (Golub and Van Loan, Matrix
 * Computations, §8.3), negative ones among them. Those below that bound say nothing of Σ but of the
 * rounding, so they count as 0.
 *
 * @param rows (count, d)
 * @param count rows of it
 * @param dimensions d
 */
record SemidefiniteFactor(double[] rows, int count, int dimensions) {
  /** The distance from 1 to the next double. */
  private static final double EPSILON = Math.ulp(1.0);

  /**
   * Factors a matrix: the rows √λ·vᵀ of its eigenvalues λ above 0 and their eigenvectors v.
   *
   * @param matrix (d, d), not changed
   */
  static SemidefiniteFactor of(double[] matrix, int d) {
    EigenDecomposition_F64<DMatrixRMaj> eigen = decompose(matrix, d, true);
    double noise = noise(eigen, d);
    double[] rows = new double[d * d];
    int count = 0;
    for (int i = 0; i < d; i++) {
      double value = eigen.getEigenvalue(i).getReal();
      if (value > noise) {
        double root = Math.sqrt(value);
        double[] vector = eigen.getEigenVector(i).getData();
        for (int j = 0; j < d; j++) {
          rows[count * d + j] = root * vector[j];
        }
        count++;
      }
    }
    return new SemidefiniteFactor(Arrays.copyOf(rows, count * d), count, d);
  }

  /**
   * A factor of the covariance of n images without any decomposition: (n-1)·Σ is the sum of
   * k/(k+1)·(x_k - m_k)(x_k - m_k)ᵀ over the images x_1 to x_{n-1}, where m_k is the mean of the k
   * images x_0 to x_{k-1} (Welford 1962). That makes n - 1 rows. The n centred images would be a
   * factor too, but one whose rows always depend on each other.
   *
   * @param features of at least 2 images
   */
  static SemidefiniteFactor ofCovariance(Features features) {
    int d = features.dimensions();
    int n = features.count();
    double[] rows = new double[Math.multiplyExact(n - 1, d)];
    double[] mean = new double[d];
    features.copyRows(0, 1, mean);
    double[] image = new double[d];
    int count = 0;
    for (int k = 1; k < n; k++) {
      features.copyRows(k, 1, image);
      double root = Math.sqrt(k / ((k + 1.0) * (n - 1)));
      boolean apart = false;
      for (int j = 0; j < d; j++) {
        double difference = image[j] - mean[j];
        rows[count * d + j] = root * difference;
        mean[j] += difference / (k + 1);
        apart |= difference != 0;
      }
      count += apart ? 1 : 0; // a row of zeros adds nothing
    }
    return new SemidefiniteFactor(Arrays.copyOf(rows, count * d), count, d);
  }

  /**
   * tr √A of a symmetric positive semidefinite A.
   *
   * @param matrix A, (d, d), not changed
   */
  static double traceOfRoot(double[] matrix, int d) {
    EigenDecomposition_F64<DMatrixRMaj> eigen = decompose(matrix, d, false);
    double noise = noise(eigen, d);
    double sum = 0;
    for (int i = 0; i < d; i++) {
      double value = eigen.getEigenvalue(i).getReal();
      sum += value > noise ? Math.sqrt(value) : 0;
    }
    return sum;
  }

  private static EigenDecomposition_F64<DMatrixRMaj> decompose(
      double[] matrix, int d, boolean vectors) {
    EigenDecomposition_F64<DMatrixRMaj> eigen = DecompositionFactory_DDRM.eig(d, vectors, true);
    if (!eigen.decompose(new DMatrixRMaj(d, d, true, matrix.clone()))) {
      throw new IllegalStateException(
          "covariance: its eigenvalues were not found (%d dimensions)".formatted(d));
    }
    return eigen;
  }

  /** What an eigenvalue of 0 can be computed as, at most. */
  private static double noise(EigenDecomposition_F64<DMatrixRMaj> eigen, int d) {
    double largest = 0;
    for (int i = 0; i < d; i++) {
      largest = Math.max(largest, Math.abs(eigen.getEigenvalue(i).getReal()));
    }
    return d * EPSILON * largest;
  }
}
