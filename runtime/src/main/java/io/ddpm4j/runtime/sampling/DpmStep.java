package io.ddpm4j.runtime.sampling;

import io.ddpm4j.runtime.schedule.NoisePath;

/**
 * The weights of one step of a DPM-Solver from noise level s to t: of x, of the output D0 and of
 * its finite differences D1 and D2 in λ (Lu et al. 2022, DPM-Solver++, appendix B; DPM-Solver,
 * appendix B), and of the noise.
 *
 * @param h λ_t - λ_s
 */
record DpmStep(double h, double x, double d0, double d1, double d2, double noise) {

  static DpmStep of(DpmAlgorithm algorithm, NoisePath path, double s, double t) {
    double h = path.lambda(t) - path.lambda(s);
    double alpha = path.alpha(t);
    double sigma = path.sigma(t);
    double alphas = alpha / path.alpha(s);
    double sigmas = sigma / path.sigma(s);
    return switch (algorithm) {
      case DPMSOLVER_PLUS_PLUS -> integrated(h, sigmas, alpha, -h, -0.5, 0);
      case DPMSOLVER -> integrated(h, alphas, sigma, h, -0.5, 0);
      case SDE_DPMSOLVER_PLUS_PLUS ->
          // +1/2 in D2 is the reference's; an integral as the others are would have -1/2.
          integrated(
              h, sigmas * Math.exp(-h), alpha, -2 * h, 0.5, sigma * root(-Math.expm1(-2 * h)));
      case SDE_DPMSOLVER ->
          integrated(h, alphas, 2 * sigma, h, -0.5, sigma * root(Math.expm1(2 * h)));
    };
  }

  /** From each level to the next, made before a run's first step. */
  static DpmStep[] all(DpmAlgorithm algorithm, NoisePath path, double... levels) {
    DpmStep[] steps = new DpmStep[levels.length - 1];
    for (int step = 0; step < steps.length; step++) {
      steps[step] = of(algorithm, path, levels[step], levels[step + 1]);
    }
    return steps;
  }

  /** Weights -scale·∫, of 1, u and u²/2 against an exponential of rate a. */
  private static DpmStep integrated(
      double h, double x, double scale, double a, double half, double noise) {
    double phi = Math.expm1(a);
    return new DpmStep(
        h, x, -scale * phi, -scale * (phi / a - 1), -scale * ((phi - a) / (a * a) + half), noise);
  }

  private static double root(double variance) {
    return Math.sqrt(Math.max(variance, 0)); // a step of length 0 may round below it
  }

  /**
   * The weights of the outputs in a multistep step, newest first.
   *
   * @param order 1 to 3, as many weights
   * @param back λ of the newest outputs, newest first
   */
  double[] multistep(int order, DpmAlgorithm.Rule rule, double[] back) {
    if (order == 1) {
      return new double[] {d0};
    }
    double r0 = (back[0] - back[1]) / h;
    if (order == 2) {
      double weight = (rule == DpmAlgorithm.Rule.HEUN ? d1 : d0 / 2) / r0;
      return new double[] {d0 + weight, -weight};
    }
    double r1 = (back[1] - back[2]) / h;
    // D1 = D10 + r0/(r0+r1) (D10 - D11), D2 = (D10 - D11)/(r0+r1)
    double curvature = (d1 * r0 + d2) / (r0 + r1);
    double slope = (d1 + curvature) / r0;
    return new double[] {d0 + slope, -slope - curvature / r1, curvature / r1};
  }

  /**
   * Adds a singlestep step's weighted outputs: here the step starts at the oldest of them.
   *
   * @param order 1 to 3, as many outputs
   * @param back λ of the newest outputs, newest first
   */
  void addSinglestep(
      WeightedSum sum, int order, DpmAlgorithm.Rule rule, double[] back, History outputs) {
    float[] base = outputs.get(order - 1);
    sum.add(d0, base);
    if (order == 1) {
      return;
    }
    boolean heun = rule == DpmAlgorithm.Rule.HEUN;
    double r0 = (back[0] - back[order - 1]) / h;
    if (order == 2) {
      sum.addDifference((heun ? d1 : d0 / 2) / r0, outputs.get(0), base);
      return;
    }
    if (!heun) {
      sum.addDifference(d1 / r0, outputs.get(0), base);
      return;
    }
    double r1 = (back[1] - back[2]) / h;
    // D1 = (r0 D10 - r1 D11)/(r0-r1), D2 = 2 (D11 - D10)/(r0-r1)
    sum.addDifference((2 * d2 - d1 * r1) / (r0 - r1) / r0, outputs.get(0), base);
    sum.addDifference((d1 * r0 - 2 * d2) / (r0 - r1) / r1, outputs.get(1), base);
  }
}
