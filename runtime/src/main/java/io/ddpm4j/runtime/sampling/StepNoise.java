package io.ddpm4j.runtime.sampling;

/**
 * The noise of a step: one draw z of standard normal numbers, times a deviation.
 *
 * @param kind when it is added and what says the deviation
 * @param scale the deviation, or the factor of the learned one
 * @param logRange log(largest/smallest deviation), of {@link Kind#LEARNED_RANGE} only
 */
public record StepNoise(Kind kind, double scale, double logRange) {
  /** The least variance that a network's output stands for. */
  public static final double MIN_VARIANCE = 1e-20;

  /** Nothing is drawn. */
  static final StepNoise NONE = new StepNoise(Kind.NONE, 0, 0);

  /** What says the deviation; v is the second half of the model's output. */
  public enum Kind {
    /** Nothing is drawn. */
    NONE,
    /** {@code scale}, added to x before x_0 is predicted, after the model saw x. */
    BEFORE,
    /** {@code scale}. */
    AFTER,
    /** {@code scale}·√v, where v is at least {@link #MIN_VARIANCE}. */
    LEARNED,
    /** {@code scale}·e^{(v+1)/2·logRange} (Nichol and Dhariwal 2021, eq. 15). */
    LEARNED_RANGE;

    /** Whether the model's output says the deviation. */
    public boolean isLearned() {
      return this == LEARNED || this == LEARNED_RANGE;
    }
  }

  /** Of a deviation known beforehand, added at the end of the step. */
  static StepNoise after(double scale) {
    return new StepNoise(Kind.AFTER, scale, 0);
  }

  /** Of a deviation known beforehand, added before x_0 is predicted. */
  static StepNoise before(double scale) {
    return new StepNoise(Kind.BEFORE, scale, 0);
  }

  /** Of a learned variance. */
  static StepNoise learned() {
    return new StepNoise(Kind.LEARNED, 1, 0);
  }

  /** Of a learned place between two deviations, on a logarithmic scale. */
  static StepNoise learnedRange(double smallest, double largest) {
    return new StepNoise(Kind.LEARNED_RANGE, smallest, Math.log(largest / smallest));
  }

  /** Whether anything is drawn, be it for a deviation of 0. */
  public boolean isDrawn() {
    return kind != Kind.NONE;
  }
}
