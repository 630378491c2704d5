package io.ddpm4j.runtime.sampling;

import java.util.Arrays;

/**
 * A step that adds up arrays with weights which are known before the run. In this order:
 *
 * <pre>
 * output = model({@link #inputScale}·x, {@link #timestep})
 * x     += noise, of {@link StepNoise.Kind#BEFORE}
 * x̂_0    = clip({@link #x0} of x and output)
 * kept_0 = {@link #kept} of x, x̂_0 and output, which later steps see as kept_1, kept_2, …
 * x      = {@link #next} of x, x̂_0 and output + Σ {@link #history}[k]·kept_k + other noise
 * </pre>
 *
 * @param timestep what the model is told
 * @param inputScale what x is multiplied by before the model sees it
 * @param x0 the weights of x and the output in the predicted x_0
 * @param kept those of what is kept for later steps; of nothing where the history is empty
 * @param next those of x after the step
 * @param history the weights of what was kept, this step's first
 * @param noise the step's noise
 */
public record LinearStep(
    double timestep,
    double inputScale,
    StepWeights x0,
    StepWeights kept,
    StepWeights next,
    double[] history,
    StepNoise noise) {
  private static final double[] NO_HISTORY = {};

  /** Copies the array. */
  public LinearStep {
    history = history.length == 0 ? NO_HISTORY : history.clone();
    if (x0.predictedX0() != 0) {
      throw new IllegalArgumentException(
          "x0: expected weights of x and the output, found one of the predicted x_0");
    }
  }

  /** A step of a method without history, whose model sees x as it is. */
  static LinearStep of(double timestep, StepWeights x0, StepWeights next, StepNoise noise) {
    return new LinearStep(timestep, 1, x0, StepWeights.NONE, next, NO_HISTORY, noise);
  }

  /** The same for a model that sees x times a factor. */
  LinearStep withInputScale(double scale) {
    return new LinearStep(timestep, scale, x0, kept, next, history, noise);
  }

  /** The same with a history. */
  LinearStep withHistory(StepWeights keeps, double... weights) {
    return new LinearStep(timestep, inputScale, x0, keeps, next, weights, noise);
  }

  /** A copy. */
  @Override
  public double[] history() {
    return history.clone();
  }

  /** How many of the kept arrays the step looks at, its own among them. */
  int depth() {
    return history.length;
  }

  /** The weight of what was kept so many steps ago. */
  double historyWeight(int back) {
    return history[back];
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof LinearStep that
        && timestep == that.timestep
        && inputScale == that.inputScale
        && x0.equals(that.x0)
        && kept.equals(that.kept)
        && next.equals(that.next)
        && Arrays.equals(history, that.history)
        && noise.equals(that.noise);
  }

  @Override
  public int hashCode() {
    return 31 * next.hashCode() + Arrays.hashCode(history);
  }

  @Override
  public String toString() {
    return "LinearStep[timestep=%s, inputScale=%s, x0=%s, kept=%s, next=%s, history=%s, noise=%s]"
        .formatted(timestep, inputScale, x0, kept, next, Arrays.toString(history), noise);
  }
}
