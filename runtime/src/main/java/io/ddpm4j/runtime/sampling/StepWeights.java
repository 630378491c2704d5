package io.ddpm4j.runtime.sampling;

/**
 * The weights of a sum of what a step has at hand.
 *
 * @param x of x, as the model saw it but for noise that was added since
 * @param predictedX0 of the predicted x_0, clipped
 * @param output of the model's output, without the learned variance
 */
public record StepWeights(double x, double predictedX0, double output) {
  /** Of nothing. */
  static final StepWeights NONE = new StepWeights(0, 0, 0);

  /** Of the predicted x_0 alone, as it is. */
  static final StepWeights PREDICTED_X0 = new StepWeights(0, 1, 0);

  /** Of x and the model's output. */
  static StepWeights ofOutput(double x, double output) {
    return new StepWeights(x, 0, output);
  }

  /** Of x and the predicted x_0. */
  static StepWeights ofX0(double x, double predictedX0) {
    return new StepWeights(x, predictedX0, 0);
  }
}
