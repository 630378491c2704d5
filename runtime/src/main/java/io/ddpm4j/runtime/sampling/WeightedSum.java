package io.ddpm4j.runtime.sampling;

/**
 * Collects the weights of one solver step and then adds up the arrays in one pass. Weights of the
 * same array add up first, and one of 0 leaves its array out, whatever that holds.
 */
final class WeightedSum {
  private final double[] weights;
  private final float[][] terms;
  private int count;

  /** For at most {@code capacity} different arrays. */
  WeightedSum(int capacity) {
    weights = new double[capacity];
    terms = new float[capacity][];
  }

  WeightedSum add(double weight, float[] term) {
    int k = 0;
    while (k < count && terms[k] != term) {
      k++;
    }
    if (k == count) {
      terms[k] = term;
      weights[k] = 0;
      count++;
    }
    weights[k] += weight;
    return this;
  }

  /** Adds weight·(a - b). */
  WeightedSum addDifference(double weight, float[] a, float[] b) {
    return add(weight, a).add(-weight, b);
  }

  /** Writes the sum and empties the collection; {@code out} may be one of the terms. */
  void into(float[] out) {
    int n = 0;
    for (int k = 0; k < count; k++) {
      if (weights[k] != 0) {
        weights[n] = weights[k];
        terms[n++] = terms[k];
      }
    }
    count = 0;
    double[] w = weights;
    float[][] t = terms;
    switch (n) {
      case 1 -> Vectors.combine(out, w[0], t[0]);
      case 2 -> Vectors.combine(out, w[0], t[0], w[1], t[1]);
      case 3 -> Vectors.combine(out, w[0], t[0], w[1], t[1], w[2], t[2]);
      case 4 -> Vectors.combine(out, w[0], t[0], w[1], t[1], w[2], t[2], w[3], t[3]);
      case 5 -> Vectors.combine(out, w[0], t[0], w[1], t[1], w[2], t[2], w[3], t[3], w[4], t[4]);
      default -> {
        first(out, n);
        Vectors.combine(out, w[0], t[0]);
        Vectors.add(out, w, t, 1, n);
      }
    }
  }

  /** Makes {@code out} the first of n terms, if it is one of them: it is overwritten. */
  private void first(float[] out, int n) {
    for (int k = 1; k < n; k++) {
      if (terms[k] == out) {
        terms[k] = terms[0];
        terms[0] = out;
        double weight = weights[k];
        weights[k] = weights[0];
        weights[0] = weight;
      }
    }
  }
}
