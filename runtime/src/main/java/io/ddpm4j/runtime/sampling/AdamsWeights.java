package io.ddpm4j.runtime.sampling;

/**
 * The weights of an exponential Adams method: the integrals over a step of an exponential times the
 * Lagrange polynomials through the last outputs (Xue et al. 2023, SA-Solver, eq. 15 and 18; Zhang
 * and Chen 2023, DEIS, eq. 15).
 */
final class AdamsWeights {
  private AdamsWeights() {}

  /**
   * ∫ e^{-rate·u} ℓ_i(u) du over u from 0 to {@code h}, for every node i, where u counts back from
   * the end of the step.
   *
   * @param h the step's length in λ
   * @param rate not 0
   * @param nodes u of the outputs, all different
   */
  static double[] integrate(double h, double rate, double... nodes) {
    int n = nodes.length;
    double[] moments = new double[n];
    double decay = Math.exp(-rate * h);
    double power = 1; // h^k
    for (int k = 0; k < n; k++) { // ∫ u^k e^{-rate u} du, by parts
      moments[k] =
          k == 0 ? -Math.expm1(-rate * h) / rate : (k * moments[k - 1] - power * decay) / rate;
      power *= h;
    }
    double[] weights = new double[n];
    for (int i = 0; i < n; i++) {
      double[] polynomial = lagrange(nodes, i);
      for (int k = 0; k < n; k++) {
        weights[i] += polynomial[k] * moments[k];
      }
    }
    return weights;
  }

  /** The coefficients of the polynomial that is 1 at node i and 0 at the others, of u^0 first. */
  private static double[] lagrange(double[] nodes, int i) {
    double[] polynomial = new double[nodes.length];
    polynomial[0] = 1;
    int degree = 0;
    for (int j = 0; j < nodes.length; j++) {
      if (j != i) {
        double scale = 1 / (nodes[i] - nodes[j]);
        degree++;
        for (int k = degree; k >= 0; k--) { // times (u - u_j)/(u_i - u_j)
          double below = k == 0 ? 0 : polynomial[k - 1];
          polynomial[k] = (below - nodes[j] * polynomial[k]) * scale;
        }
      }
    }
    return polynomial;
  }
}
