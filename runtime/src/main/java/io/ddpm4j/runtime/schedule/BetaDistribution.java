package io.ddpm4j.runtime.schedule;

/** The beta distribution on [0, 1]. */
final class BetaDistribution {
  private static final double TINY = 1e-300;

  private BetaDistribution() {}

  /** The x at which the distribution function is p: bisection, then Newton's steps. */
  static double quantile(double p, double a, double b) {
    if (p <= 0) {
      return 0;
    }
    if (p >= 1) {
      return 1;
    }
    if (p > 0.5) {
      return 1 - quantileBelow(1 - p, b, a); // the smaller tail keeps its digits
    }
    return quantileBelow(p, a, b);
  }

  private static double quantileBelow(double p, double a, double b) {
    double low = 0;
    double high = 1;
    double x = 0.5;
    double logNorm = logGamma(a + b) - logGamma(a) - logGamma(b);
    for (int i = 0; i < 200 && high - low > 1e-17 * high; i++) {
      double error = cumulative(x, a, b) - p;
      if (error > 0) {
        high = x;
      } else {
        low = x;
      }
      double density = Math.exp(logNorm + (a - 1) * Math.log(x) + (b - 1) * Math.log1p(-x));
      double next = x - error / density;
      if (next == x) {
        return x;
      }
      x = next > low && next < high ? next : (low + high) / 2;
    }
    return x;
  }

  /** The regularised incomplete beta function I_x(a, b), by Lentz's continued fraction. */
  static double cumulative(double x, double a, double b) {
    if (x <= 0 || x >= 1) {
      return x <= 0 ? 0 : 1;
    }
    double front =
        Math.exp(
            logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x));
    return x < (a + 1) / (a + b + 2)
        ? front * fraction(x, a, b) / a
        : 1 - front * fraction(1 - x, b, a) / b;
  }

  private static double fraction(double x, double a, double b) {
    double c = 1;
    double d = 1 / nonZero(1 - (a + b) * x / (a + 1));
    double h = d;
    for (int m = 1; m < 500; m++) {
      double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
      d = 1 / nonZero(1 + even * d);
      c = nonZero(1 + even / c);
      h *= d * c;
      double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
      d = 1 / nonZero(1 + odd * d);
      c = nonZero(1 + odd / c);
      double factor = d * c;
      h *= factor;
      if (Math.abs(factor - 1) < 1e-16) {
        break;
      }
    }
    return h;
  }

  private static double nonZero(double value) {
    return Math.abs(value) < TINY ? TINY : value;
  }

  /** log Γ(x) for x &gt; 0: Stirling's series after shifting x above 15. */
  static double logGamma(double x) {
    double shift = 0;
    double z = x;
    while (z < 15) {
      shift += Math.log(z);
      z++;
    }
    double r = 1 / (z * z);
    double series =
        (1.0 / 12 + r * (-1.0 / 360 + r * (1.0 / 1260 + r * (-1.0 / 1680 + r / 1188)))) / z;
    return (z - 0.5) * Math.log(z) - z + 0.5 * Math.log(2 * Math.PI) + series - shift;
  }
}
