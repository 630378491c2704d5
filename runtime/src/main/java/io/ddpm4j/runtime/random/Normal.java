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

  // The tails: numerators C and E, denominators D and F, from the highest power down.
  private static final double[] C = {
    7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1,
    1.27045825245236838258e0, 3.64784832476320460504e0, 5.76949722146069140550e0,
    4.63033784615654529590e0, 1.42343711074968357734e0
  };
  private static final double[] D = {
    1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2,
    1.48103976427480074590e-1, 6.89767334985100004550e-1, 1.67638483018380384940e0,
    2.05319162663775882187e0, 1
  };
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

  /** 1/(2j-1) for j = 1 to 12: the series of artanh. */
  private static final double[] ODD = new double[12];

  static {
    for (int j = 0; j < ODD.length; j++) {
      ODD[j] = 1.0 / (2 * j + 1);
    }
  }

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

  /**
   * The same for many numbers, with the same bits: first as if all lay in the middle, a loop that
   * the compiler turns into vector instructions, then the tails.
   *
   * @param p as for {@link #inverse(double)}
   * @param z receives the first {@code count} results; another array than {@code p}
   */
  static void inverse(double[] p, double[] z, int count) {
    for (int i = 0; i < count; i++) {
      z[i] = middle(p[i] - 0.5);
    }
    for (int i = 0; i < count; i++) {
      if (Math.abs(p[i] - 0.5) > MIDDLE) {
        z[i] = tail(p[i]);
      }
    }
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
    double r = Math.sqrt(-log(p < 0.5 ? p : 1 - p));
    double tail;
    if (r <= FAR_TAIL) {
      r -= 1.6;
      tail = polynomial(C, r) / polynomial(D, r);
    } else {
      r -= FAR_TAIL;
      tail = polynomial(E, r) / polynomial(F, r);
    }
    return p < 0.5 ? -tail : tail;
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
    int exponent = (int) (bits >>> 52) - 1023;
    double m = Double.longBitsToDouble(bits & 0x000FFFFFFFFFFFFFL | 0x3FF0000000000000L);
    if (m >= 1.5) {
      m *= 0.5;
      exponent++;
    }
    double s = (m - 1) / (m + 1);
    double square = s * s;
    double sum = 0;
    for (int j = ODD.length - 1; j >= 0; j--) {
      sum = sum * square + ODD[j];
    }
    return exponent * LN_2 + 2 * s * sum;
  }
}
