package io.ddpm4j.runtime.schedule;

/**
 * Evenly spaced timesteps for solvers whose last level is not a call of the model: where a spacing
 * holds timestep 0 it has n+1 points, and the one that comes last is left to that level.
 *
 * @param noisiest the largest timestep to choose
 * @param count T
 * @param rises whether they run from 0 up, otherwise from {@code noisiest} down
 */
record SolverTimesteps(int noisiest, int count, boolean rises) {

  /** All of them. */
  double[] every() {
    return rises
        ? Sigmas.linspace(0, noisiest, noisiest + 1)
        : Sigmas.linspace(noisiest, 0, noisiest + 1);
  }

  /**
   * About {@code n} of them: exactly so many but for trailing spacing with {@code noisiest} below
   * T-1, whose strides are those of all T.
   *
   * @param offset added by {@link TimestepSpacing#LEADING}
   */
  double[] spaced(TimestepSpacing spacing, int n, int offset) {
    int most = spacing == TimestepSpacing.TRAILING ? count : noisiest;
    if (n > most) {
      throw new IllegalArgumentException(
          "steps: expected 1 to %d with %s spacing, found %d".formatted(most, spacing.label(), n));
    }
    double[] chosen =
        switch (spacing) {
          case LINSPACE -> withoutLast(Sigmas.linspace(0, noisiest, n + 1));
          case LEADING -> withoutLast(multiples((noisiest + 1) / (n + 1), offset, n + 1));
          case TRAILING -> trailing(n);
        };
    double largest = chosen[rises ? chosen.length - 1 : 0];
    if (largest >= count) {
      throw new IllegalArgumentException(
          "steps_offset: expected timesteps of at most %d, found %s".formatted(count - 1, largest));
    }
    return chosen;
  }

  /** Rising points, rounded, in this direction's order and without its last. */
  private double[] withoutLast(double[] points) {
    int n = points.length - 1;
    double[] chosen = new double[n];
    for (int i = 0; i < n; i++) {
      chosen[i] = Math.rint(points[rises ? i : n - i]);
    }
    return chosen;
  }

  private static double[] multiples(int ratio, int offset, int n) {
    double[] values = new double[n];
    for (int i = 0; i < n; i++) {
      values[i] = i * ratio + offset;
    }
    return values;
  }

  /** From {@code noisiest} down in strides of T/n. */
  private double[] trailing(int n) {
    int from = noisiest + 1;
    double[] chosen = new double[(int) (((long) from * n + count - 1) / count)];
    double stride = from - (double) count / n - from; // with numpy's rounding: halves matter
    for (int i = 0; i < chosen.length; i++) {
      chosen[rises ? chosen.length - 1 - i : i] = Math.rint(from + i * stride) - 1;
    }
    return chosen;
  }
}
