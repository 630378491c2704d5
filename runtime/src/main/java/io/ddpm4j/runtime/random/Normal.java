package io.ddpm4j.runtime.random;

/**
 * The standard normal distribution's inverse, by algorithm AS 241 (PPND16, Wichura 1988): a
 * rational function in the middle and two in the tails. Only +, -, ·, / and √ of IEEE doubles
 * occur, in the order written here, so the result is the same bits in every language that has
 * those; relative error about 1e-16.
 */
public final class Normal {
  private static final double MIDDLE = 0.425;
  private static final double FAR_TAIL = 5;

  // The middle: numerator A, denominator B (Wichura 1988, table for PPND16).
  private static final double A0 = 3.3871328727963666080e0;
  private static final double A1 = 1.3314166789178437745e2;
  private static final double A2 = 1.9715909503065514427e3;
  private static final double A3 = 1.3731693765509461125e4;
  private static final double A4 = 4.5921953931549871457e4;
  private static final double A5 = 6.7265770927008700853e4;
  private static final double A6 = 3.3430575583588128105e4;
  private static final double A7 = 2.5090809287301226727e3;
  private static final double B1 = 4.2313330701600911252e1;
  private static final double B2 = 6.8718700749205790830e2;
  private static final double B3 = 5.3941960214247511077e3;
  private static final double B4 = 2.1213794301586595867e4;
  private static final double B5 = 3.9307895800092710610e4;
  private static final double B6 = 2.8729085735721942674e4;
  private static final double B7 = 5.2264952788528545610e3;

  // The near tail: numerator C, denominator D.
  private static final double C0 = 1.42343711074968357734e0;
  private static final double C1 = 4.63033784615654529590e0;
  private static final double C2 = 5.76949722146069140550e0;
  private static final double C3 = 3.64784832476320460504e0;
  private static final double C4 = 1.27045825245236838258e0;
  private static final double C5 = 2.41780725177450611770e-1;
  private static final double C6 = 2.27238449892691845833e-2;
  private static final double C7 = 7.74545014278341407640e-4;
  private static final double D1 = 2.05319162663775882187e0;
  private static final double D2 = 1.67638483018380384940e0;
  private static final double D3 = 6.89767334985100004550e-1;
  private static final double D4 = 1.48103976427480074590e-1;
  private static final double D5 = 1.51986665636164571966e-2;
  private static final double D6 = 5.47593808499534494600e-4;
  private static final double D7 = 1.05075007164441684324e-9;

  // The far tail: numerator E, denominator F, from the highest power down.
  private static final double[] E = {
    2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3,
    2.65321895265761230930e-2, 2.96560571828504891230e-1, 1.78482653991729133580e0,
    5.46378491116411436990e0, 6.65790464350110377720e0
  };
  private static final double[] F = {
    2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5,
    7.86869131145613259100e-4, 1.48753612908506148525e-2, 1.36929880922735805310e-1,
    5.99832206555887937690e-1, 1
  };

  private static final double LN_2 = 0x1.62e42fefa39efp-1;

  private Normal() {}

  /**
   * The number below which a standard normal variable lies with probability {@code p}.
   *
   * @param p above 0, below 1; a normal double
   */
  public static double inverse(double p) {
    double q = p - 0.5;
    return Math.abs(q) <= MIDDLE ? middle(q) : tail(p);
  }

  /** Room for the numbers of one call that lie in a tail. */
  record Tails(int[] place, double[] p, double[] exponent, double[] r) {
    /** For calls with at most {@code count} numbers. */
    static Tails of(int count) {
      return new Tails(new int[count], new double[count], new double[count], new double[count]);
    }
  }

  /**
   * The same for many numbers, with the same bits: first as if all lay in the middle, then those in
   * a tail, packed. The loops that calculate are such that the compiler turns them into vector
   * instructions.
   *
   * @param p as for {@link #inverse(double)}
   * @param z receives the first {@code count} results; another array than {@code p}
   */
  static void inverse(double[] p, double[] z, int count, Tails tails) {
    for (int i = 0; i < count; i++) {
      z[i] = middle(p[i] - 0.5);
    }
    int n = pack(p, count, tails);
    double[] exponent = tails.exponent;
    double[] r = tails.r;
    for (int j = 0; j < n; j++) { // from the parts of p to √(-log p), in place
      r[j] = Math.sqrt(-log(exponent[j], r[j]));
    }
    double[] near = tails.p;
    for (int j = 0; j < n; j++) {
      near[j] = nearTail(r[j] - 1.6);
    }
    for (int j = 0; j < n; j++) {
      double tail = r[j] <= FAR_TAIL ? near[j] : farTail(r[j] - FAR_TAIL);
      int i = tails.place[j];
      z[i] = Math.copySign(tail, p[i] - 0.5);
    }
  }

  /** Where the tails are, and exponent and mantissa of their p. */
  private static int pack(double[] p, int count, Tails tails) {
    int n = 0;
    for (int i = 0; i < count; i++) {
      if (Math.abs(p[i] - 0.5) > MIDDLE) {
        tails.place[n++] = i;
      }
    }
    for (int j = 0; j < n; j++) {
      double x = p[tails.place[j]];
      long bits = Double.doubleToRawLongBits(Math.min(x, 1 - x));
      tails.exponent[j] = exponent(bits);
      tails.r[j] = mantissa(bits);
    }
    return n;
  }

  /** The rational function of the middle. Constants, not a table, so that the loop vectorises. */
  private static double middle(double q) {
    double r = 0.180625 - q * q;
    double numerator =
        ((((((A7 * r + A6) * r + A5) * r + A4) * r + A3) * r + A2) * r + A1) * r + A0;
    double denominator =
        ((((((B7 * r + B6) * r + B5) * r + B4) * r + B3) * r + B2) * r + B1) * r + 1;
    return q * numerator / denominator;
  }

  private static double tail(double p) {
    double r = Math.sqrt(-log(Math.min(p, 1 - p)));
    double tail = r <= FAR_TAIL ? nearTail(r - 1.6) : farTail(r - FAR_TAIL);
    return p < 0.5 ? -tail : tail;
  }

  private static double nearTail(double r) {
    double numerator =
        ((((((C7 * r + C6) * r + C5) * r + C4) * r + C3) * r + C2) * r + C1) * r + C0;
    double denominator =
        ((((((D7 * r + D6) * r + D5) * r + D4) * r + D3) * r + D2) * r + D1) * r + 1;
    return numerator / denominator;
  }

  private static double farTail(double r) {
    return polynomial(E, r) / polynomial(F, r);
  }

  private static double polynomial(double[] c, double r) {
    return ((((((c[0] * r + c[1]) * r + c[2]) * r + c[3]) * r + c[4]) * r + c[5]) * r + c[6]) * r
        + c[7];
  }

  /**
   * The natural logarithm of a positive normal double. Not {@link Math#log}, whose last bit may
   * differ between machines: x = m·2^e with m in [0.75, 1.5), log m = 2·artanh((m-1)/(m+1)) by its
   * series.
   */
  static double log(double x) {
    long bits = Double.doubleToRawLongBits(x);
    return log(exponent(bits), mantissa(bits));
  }

  /** e, from the bits of a double. */
  private static int exponent(long bits) {
    return (int) (bits >>> 52) - 1023 + (int) (bits >>> 51 & 1); // m of 1.5 and above is halved
  }

  /** m, likewise. */
  private static double mantissa(long bits) {
    return Double.longBitsToDouble(bits & 0x000FFFFFFFFFFFFFL | (1023 - (bits >>> 51 & 1)) << 52);
  }

  private static double log(double exponent, double m) {
    double s = (m - 1) / (m + 1);
    double h = s * s;
    double sum = 1.0 / 23;
    sum = sum * h + 1.0 / 21;
    sum = sum * h + 1.0 / 19;
    sum = sum * h + 1.0 / 17;
    sum = sum * h + 1.0 / 15;
    sum = sum * h + 1.0 / 13;
    sum = sum * h + 1.0 / 11;
    sum = sum * h + 1.0 / 9;
    sum = sum * h + 1.0 / 7;
    sum = sum * h + 1.0 / 5;
    sum = sum * h + 1.0 / 3;
    sum = sum * h + 1;
    return exponent * LN_2 + 2 * s * sum;
  }
}
