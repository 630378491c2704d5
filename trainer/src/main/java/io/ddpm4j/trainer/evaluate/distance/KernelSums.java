package io.ddpm4j.trainer.evaluate.distance;

import io.ddpm4j.trainer.evaluate.features.Features;

/**
 * Sums of the kernel (xᵀy/d + 1)³ over the pairs of two sets: all that the estimates of the squared
 * maximum mean discrepancy need.
 *
 * @param withinX for each x the sum over the other x
 * @param withinY for each y the sum over the other y
 * @param acrossX for each x the sum over all y
 * @param acrossY for each y the sum over all x
 */
record KernelSums(double[] withinX, double[] withinY, double[] acrossX, double[] acrossY) {

  static KernelSums of(Features x, Features y, MatrixProducts products) {
    double[] xs = new double[x.count() * x.dimensions()];
    double[] ys = new double[y.count() * y.dimensions()];
    x.copyRows(0, x.count(), xs);
    y.copyRows(0, y.count(), ys);
    int d = x.dimensions();
    double[] across = kernel(products.timesTransposed(xs, x.count(), ys, y.count(), d), d);
    double[] acrossX = new double[x.count()];
    double[] acrossY = new double[y.count()];
    for (int i = 0; i < acrossX.length; i++) {
      for (int j = 0; j < acrossY.length; j++) {
        acrossX[i] += across[i * acrossY.length + j];
        acrossY[j] += across[i * acrossY.length + j];
      }
    }
    return new KernelSums(
        within(xs, x.count(), d, products), within(ys, y.count(), d, products), acrossX, acrossY);
  }

  private static double[] within(double[] rows, int n, int d, MatrixProducts products) {
    double[] values = kernel(products.timesTransposed(rows, n, rows, n, d), d);
    double[] sums = new double[n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        sums[i] += i == j ? 0 : values[i * n + j];
      }
    }
    return sums;
  }

  /** In place. */
  private static double[] kernel(double[] products, int d) {
    for (int i = 0; i < products.length; i++) {
      double base = products[i] / d + 1;
      products[i] = base * base * base; // Bińkowski et al. §3
    }
    return products;
  }

  /** The unbiased estimate (Gretton et al. 2012, eq. 3). */
  double estimate() {
    return estimate(sum(withinX), sum(withinY), sum(acrossX), withinX.length, withinY.length);
  }

  private static double estimate(double xx, double yy, double xy, double m, double n) {
    return xx / (m * (m - 1)) + yy / (n * (n - 1)) - 2 * xy / (m * n);
  }

  /**
   * The standard error of the estimate by the jackknife of two samples (Efron and Stein 1981): the
   * spread of the estimates that lack one image each. NaN where a set has fewer than 3.
   */
  double jackknifeError() {
    int m = withinX.length;
    int n = withinY.length;
    if (m < 3 || n < 3) {
      return Double.NaN;
    }
    double xx = sum(withinX);
    double yy = sum(withinY);
    double xy = sum(acrossX);
    double[] withoutX = new double[m];
    for (int i = 0; i < m; i++) { // a pair of the same set counts twice
      withoutX[i] = estimate(xx - 2 * withinX[i], yy, xy - acrossX[i], m - 1, n);
    }
    double[] withoutY = new double[n];
    for (int j = 0; j < n; j++) {
      withoutY[j] = estimate(xx, yy - 2 * withinY[j], xy - acrossY[j], m, n - 1);
    }
    return Math.sqrt(variance(withoutX) + variance(withoutY));
  }

  /** (n-1)/n · Σ (θ_i - mean)². */
  private static double variance(double[] estimates) {
    double mean = sum(estimates) / estimates.length;
    double squares = 0;
    for (double estimate : estimates) {
      squares += (estimate - mean) * (estimate - mean);
    }
    return squares * (estimates.length - 1) / estimates.length;
  }

  private static double sum(double[] values) {
    double sum = 0;
    for (double value : values) {
      sum += value;
    }
    return sum;
  }
}
