package io.ddpm4j.runtime.sampling;

/**
 * Weighted sums of arrays, the arithmetic of every method, in one pass over memory. {@code out} may
 * be any of the terms.
 *
 * <p>Sums of float arrays are in float, as in the reference: in double they take five times as
 * long, since Java 17 does not vectorise conversions.
 */
final class Vectors {
  /** Above this sum of weights, single precision loses too much of their difference. */
  private static final double LARGE_WEIGHTS = 8;

  private Vectors() {}

  static void combine(float[] out, double a, float[] x) {
    float wx = (float) a;
    for (int i = 0; i < out.length; i++) {
      out[i] = wx * x[i];
    }
  }

  static void combine(float[] out, double a, float[] x, double b, float[] y) {
    float wx = (float) a;
    float wy = (float) b;
    for (int i = 0; i < out.length; i++) {
      out[i] = wx * x[i] + wy * y[i];
    }
  }

  static void combine(float[] out, double a, float[] x, double b, float[] y, double c, float[] z) {
    float wx = (float) a;
    float wy = (float) b;
    float wz = (float) c;
    for (int i = 0; i < out.length; i++) {
      out[i] = wx * x[i] + wy * y[i] + wz * z[i];
    }
  }

  static void combine(
      float[] out,
      double a,
      float[] x,
      double b,
      float[] y,
      double c,
      float[] z,
      double d,
      float[] w) {
    float wx = (float) a;
    float wy = (float) b;
    float wz = (float) c;
    float ww = (float) d;
    for (int i = 0; i < out.length; i++) {
      out[i] = wx * x[i] + wy * y[i] + wz * z[i] + ww * w[i];
    }
  }

  static void combine(
      float[] out,
      double a,
      float[] x,
      double b,
      float[] y,
      double c,
      float[] z,
      double d,
      float[] w,
      double e,
      float[] v) {
    float wx = (float) a;
    float wy = (float) b;
    float wz = (float) c;
    float ww = (float) d;
    float wv = (float) e;
    for (int i = 0; i < out.length; i++) {
      out[i] = wx * x[i] + wy * y[i] + wz * z[i] + ww * w[i] + wv * v[i];
    }
  }

  /**
   * a·x + b·output, where the output has {@code stride} values per image and x and {@code out} have
   * {@code elements}. In much noise x_0 is a small difference of large terms: with such weights in
   * double, which takes several times as long.
   */
  static void combineStrided(
      float[] out, double a, float[] x, double b, float[] output, int elements, int stride) {
    if (Math.abs(a) + Math.abs(b) < LARGE_WEIGHTS) {
      float wx = (float) a;
      float wy = (float) b;
      for (int from = 0, other = 0; from < out.length; from += elements, other += stride) {
        for (int i = 0; i < elements; i++) {
          out[from + i] = wx * x[from + i] + wy * output[other + i];
        }
      }
      return;
    }
    for (int from = 0, other = 0; from < out.length; from += elements, other += stride) {
      for (int i = 0; i < elements; i++) {
        out[from + i] = (float) (a * x[from + i] + b * output[other + i]);
      }
    }
  }

  /** Adds the terms from one number to below another; none of them is {@code out}. */
  static void add(float[] out, double[] w, float[][] t, int from, int to) {
    for (int k = from; k < to; k += 4) { // few passes, however many terms
      switch (Math.min(to - k, 4)) {
        case 1 -> combine(out, 1, out, w[k], t[k]);
        case 2 -> combine(out, 1, out, w[k], t[k], w[k + 1], t[k + 1]);
        case 3 -> combine(out, 1, out, w[k], t[k], w[k + 1], t[k + 1], w[k + 2], t[k + 2]);
        default ->
            combine(
                out, 1, out, w[k], t[k], w[k + 1], t[k + 1], w[k + 2], t[k + 2], w[k + 3],
                t[k + 3]);
      }
    }
  }

  /** Makes the last array the first, to be overwritten: room for the newest of a history. */
  static void shift(float[][] history) {
    float[] oldest = history[history.length - 1];
    System.arraycopy(history, 0, history, 1, history.length - 1);
    history[0] = oldest;
  }
}
