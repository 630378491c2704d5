package io.ddpm4j.runtime.sampling;

/** Interpolating polynomials, whose integrals are the weights of linear multistep methods. */
final class Lagrange {
  private Lagrange() {}

  /**
   * For each k the integral from {@code nodes[0]} to {@code end} of the Lagrange polynomial that is
   * 1 at {@code nodes[k]} and 0 at the others, exactly. In units of the step the nodes lie at 0 and
   * below, so that every coefficient of a numerator has the same sign and none cancels.
   *
   * @param nodes newest first, without repetition, on the other side of {@code nodes[0]} than
   *     {@code end}
   */
  static double[] integrals(double[] nodes, double end) {
    int count = nodes.length;
    double[] weights = new double[count];
    double step = end - nodes[0];
    double[] polynomial = new double[count]; // coefficients of u^0, u^1, ...
    for (int k = 0; k < count; k++) {
      polynomial[0] = 1;
      double denominator = 1;
      int degree = 0;
      for (int j = 0; j < count; j++) {
        if (j == k) {
          continue;
        }
        double root = (nodes[j] - nodes[0]) / step;
        denominator *= (nodes[k] - nodes[j]) / step;
        polynomial[degree + 1] = 0;
        for (int p = degree + 1; p >= 0; p--) {
          polynomial[p] = (p == 0 ? 0 : polynomial[p - 1]) - root * polynomial[p];
        }
        degree++;
      }
      double integral = 0;
      for (int p = 0; p <= degree; p++) {
        integral += polynomial[p] / (p + 1);
      }
      weights[k] = step * integral / denominator;
    }
    return weights;
  }
}
