package io.ddpm4j.runtime.sampling;

/**
 * UniPC's coefficients (Zhao et al. 2023, eq. 5 and 6): B(h)·a, where R a = φ(h)/B(h) for the
 * Vandermonde matrix R of the ratios. Belongs to one run, whose steps share its arrays.
 */
final class UniPcWeights {
  private final UniPcSampler.Scale scale;
  private final double[] ratios;
  private final double[] right;
  private final double[][] matrix;

  /** For at most {@code most} differences. */
  UniPcWeights(UniPcSampler.Scale scale, int most) {
    this.scale = scale;
    this.ratios = new double[most];
    this.right = new double[most];
    this.matrix = new double[most][most];
  }

  /** Where the caller puts r_i, the places of the other outputs in units of the step. */
  double[] ratios() {
    return ratios;
  }

  /**
   * The weights of the first n differences.
   *
   * @param rate h, or -h where the solver steps in x_0
   * @return at least n long; filled anew by every call
   */
  double[] solve(double rate, int n) {
    double phi1 = Math.expm1(rate);
    if (n == 1) {
      right[0] = 0.5 * (scale == UniPcSampler.Scale.BH1 ? rate : phi1); // free of h (appendix F)
      return right;
    }
    double phi = phi1 / rate - 1;
    double factorial = 1;
    for (int i = 0; i < n; i++) {
      for (int k = 0; k < n; k++) {
        matrix[i][k] = Math.pow(ratios[k], i);
      }
      right[i] = phi * factorial;
      factorial *= i + 2;
      phi = phi / rate - 1 / factorial;
    }
    return LinearSystem.solve(matrix, right, n);
  }
}
