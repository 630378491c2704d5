package io.ddpm4j.runtime.sampling;

import io.ddpm4j.runtime.schedule.NoisePath;

/**
 * The weights of an exponential Adams method: the integrals over a step of an exponential times the
 * Lagrange polynomials through the last outputs (Xue et al. 2023, SA-Solver, eq. 15 and 18; Zhang
 * and Chen 2023, DEIS, eq. 15). Belongs to one run, whose steps share its arrays.
 */
final class AdamsWeights {
  private final double[] nodes;
  private final double[] moments;
  private final double[] polynomial;
  private final double[] weights;

  /** For at most {@code most} outputs. */
  AdamsWeights(int most) {
    nodes = new double[most];
    moments = new double[most];
    polynomial = new double[most];
    weights = new double[most];
  }

  /**
   * How far the level {@code newest} and those before it lie behind the target, in λ.
   *
   * @param target the level that the step leads to
   * @param count how many
   * @return at least that long; filled anew by every call
   */
  double[] nodes(NoisePath path, double[] levels, double target, int newest, int count) {
    for (int k = 0; k < count; k++) {
      nodes[k] = path.lambda(target) - path.lambda(levels[newest - k]);
    }
    return nodes;
  }

  /**
   * ∫ e^{-rate·u} ℓ_i(u) du over u from 0 to {@code h}, for every one of the last {@link #nodes},
   * where u counts back from the end of the step.
   *
   * @param h the step's length in λ
   * @param rate not 0
   * @param n how many nodes, all different
   * @return at least that long; filled anew by every call
   */
  double[] integrate(double h, double rate, int n) {
    double decay = Math.exp(-rate * h);
    double power = 1; // h^k
    for (int k = 0; k < n; k++) { // ∫ u^k e^{-rate u} du, by parts
      moments[k] =
          k == 0 ? -Math.expm1(-rate * h) / rate : (k * moments[k - 1] - power * decay) / rate;
      power *= h;
    }
    for (int i = 0; i < n; i++) {
      lagrange(i, n);
      weights[i] = 0;
      for (int k = 0; k < n; k++) {
        weights[i] += polynomial[k] * moments[k];
      }
    }
    return weights;
  }

  /** The coefficients of the polynomial that is 1 at node i and 0 at the others, of u^0 first. */
  private void lagrange(int i, int n) {
    polynomial[0] = 1;
    int degree = 0;
    for (int j = 0; j < n; j++) {
      if (j != i) {
        double scale = 1 / (nodes[i] - nodes[j]);
        polynomial[++degree] = 0;
        for (int k = degree; k >= 0; k--) { // times (u - u_j)/(u_i - u_j)
          double below = k == 0 ? 0 : polynomial[k - 1];
          polynomial[k] = (below - nodes[j] * polynomial[k]) * scale;
        }
      }
    }
  }
}
