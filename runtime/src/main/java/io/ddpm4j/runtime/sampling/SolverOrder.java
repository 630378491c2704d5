package io.ddpm4j.runtime.sampling;

import io.ddpm4j.runtime.schedule.NoisePath;

/** Which order a multistep solver can and should have at a step; and λ of the levels behind it. */
final class SolverOrder {
  /** Below as many steps a high order at the end is unstable (Lu et al. 2022, DPM-Solver++). */
  static final int FEW_STEPS = 15;

  private SolverOrder() {}

  /**
   * The order asked for, as far as there are outputs; 1 for a step whose h is 0 or infinite.
   *
   * @param first the step that the run began with
   */
  static int available(int order, int step, int first, double[] levels) {
    boolean degenerate = levels[step + 1] == 0 || levels[step + 1] == levels[step];
    return degenerate ? 1 : Math.min(order, step - first + 1);
  }

  /**
   * The same, lowered towards the end of few steps.
   *
   * @param lowerFinal whether that is asked for
   */
  static int lowered(int order, int step, int first, double[] levels, boolean lowerFinal) {
    int steps = levels.length - 1;
    boolean lowers = lowerFinal && steps < FEW_STEPS;
    return available(lowers ? Math.min(order, steps - step) : order, step, first, levels);
  }

  /** Refuses an order outside 1 to {@code most}. */
  static void check(String field, int order, int most) {
    if (order < 1 || order > most) {
      throw new IllegalArgumentException(field + ": expected 1 to " + most + ", found " + order);
    }
  }

  /** λ of the level of this step and those before it, newest first. */
  static void lambdas(NoisePath path, double[] levels, int step, double[] back) {
    for (int k = 0; k < back.length && k <= step; k++) {
      back[k] = path.lambda(levels[step - k]);
    }
  }
}
