package io.ddpm4j.trainer.evaluate.distance;

import java.util.Arrays;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.factory.DecompositionFactory_DDRM;
import org.ejml.interfaces.decomposition.EigenDecomposition_F64;

/**
 * A matrix F of full row rank with FᵀF = Σ, of a symmetric positive semidefinite Σ: the rows √λ·vᵀ
 * of its eigenvalues λ above 0 and their eigenvectors v.
 *
 * <p>An eigenvalue is computed with an error of up to about d·ε·λ_max (Golub and Van Loan, Matrix
 * Computations, §8.3), negative ones among them. Those below that bound say nothing of Σ but of the
 * rounding, so they count as 0: of a covariance of n ≤ d images those are the d - n + 1 that are 0.
 *
 * @param rows (rank, d)
 * @param rank rows of it
 * @param dimensions d
 */
record SemidefiniteFactor(double[] rows, int rank, int dimensions) {
  /** The distance from 1 to the next double. */
  private static final double EPSILON = Math.ulp(1.0);

  /**
   * Factors a matrix.
   *
   * @param matrix (d, d), not changed
   */
  static SemidefiniteFactor of(double[] matrix, int d) {
    EigenDecomposition_F64<DMatrixRMaj> eigen = decompose(matrix, d, true);
    double noise = noise(eigen, d);
    double[] rows = new double[d * d];
    int rank = 0;
    for (int i = 0; i < d; i++) {
      double value = eigen.getEigenvalue(i).getReal();
      if (value > noise) {
        double root = Math.sqrt(value);
        double[] vector = eigen.getEigenVector(i).getData();
        for (int j = 0; j < d; j++) {
          rows[rank * d + j] = root * vector[j];
        }
        rank++;
      }
    }
    return new SemidefiniteFactor(Arrays.copyOf(rows, rank * d), rank, d);
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
