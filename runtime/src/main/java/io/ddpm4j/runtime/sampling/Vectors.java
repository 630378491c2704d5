package io.ddpm4j.runtime.sampling;

/**
 * Weighted sums of arrays, the arithmetic of every method: coefficients and sums in double, one
 * pass over memory. {@code out} may be any of the terms.
 */
final class Vectors {
  private Vectors() {}

  static void combine(float[] out, double a, float[] x) {
    for (int i = 0; i < out.length; i++) {
      out[i] = (float) (a * x[i]);
    }
  }

  static void combine(float[] out, double a, float[] x, double b, float[] y) {
    for (int i = 0; i < out.length; i++) {
      out[i] = (float) (a * x[i] + b * y[i]);
    }
  }

  static void combine(float[] out, double a, float[] x, double b, float[] y, double c, float[] z) {
    for (int i = 0; i < out.length; i++) {
      out[i] = (float) (a * x[i] + b * y[i] + c * z[i]);
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
    for (int i = 0; i < out.length; i++) {
      out[i] = (float) (a * x[i] + b * y[i] + c * z[i] + d * w[i]);
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
    for (int i = 0; i < out.length; i++) {
      out[i] = (float) (a * x[i] + b * y[i] + c * z[i] + d * w[i] + e * v[i]);
    }
  }

  /** The sum of the first {@code count} terms. */
  static void combine(float[] out, double[] weights, float[][] terms, int count) {
    for (int i = 0; i < out.length; i++) {
      double sum = 0;
      for (int k = 0; k < count; k++) {
        sum += weights[k] * terms[k][i];
      }
      out[i] = (float) sum;
    }
  }

  /** Adds terms, as many as there are weights. */
  static void add(float[] out, double[] weights, float[][] terms) {
    for (int i = 0; i < out.length; i++) {
      double sum = out[i];
      for (int k = 0; k < weights.length; k++) {
        sum += weights[k] * terms[k][i];
      }
      out[i] = (float) sum;
    }
  }

  /** Makes the last array the first, to be overwritten: room for the newest of a history. */
  static void shift(float[][] history) {
    float[] oldest = history[history.length - 1];
    System.arraycopy(history, 0, history, 1, history.length - 1);
    history[0] = oldest;
  }
}
