package io.ddpm4j.runtime.likelihood;

import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.PredictionType;

/** What the network's output says of the mean of p(x_{t-1} | x_t). */
public enum MeanType {
  /** The noise ε in x_t. */
  EPSILON,
  /** x_0. */
  X_0,
  /** v = √ᾱ ε - √(1-ᾱ) x_0 (Salimans and Ho 2022, appendix D). */
  V,
  /** The mean itself, of x_{t-1}; clipping does not touch it, as in the reference. */
  PREVIOUS_X;

  /**
   * The type under diffusers' name.
   *
   * @throws IllegalArgumentException for the velocity of a straight path, which belongs to no
   *     schedule of betas
   */
  public static MeanType of(PredictionType type) {
    return switch (type) {
      case EPSILON -> EPSILON;
      case SAMPLE -> X_0;
      case V_PREDICTION -> V;
      case FLOW_PREDICTION ->
          throw new IllegalArgumentException(
              "prediction_type: expected epsilon, sample or v_prediction, found flow_prediction");
    };
  }

  /** What the output would be if it were right: weight of x_0. */
  double targetFromX0(NoiseSchedule schedule, int t) {
    return switch (this) {
      case EPSILON -> 0;
      case X_0 -> 1;
      case V -> -schedule.sqrtOneMinusAlphaCumprod(t);
      case PREVIOUS_X -> // μ̃ with x_t = √ᾱ x_0 + √(1-ᾱ) ε
          schedule.posteriorMeanX0(t, t - 1)
              + schedule.posteriorMeanXt(t, t - 1) * schedule.sqrtAlphaCumprod(t);
    };
  }

  /** The same: weight of ε. */
  double targetFromNoise(NoiseSchedule schedule, int t) {
    return switch (this) {
      case EPSILON -> 1;
      case X_0 -> 0;
      case V -> schedule.sqrtAlphaCumprod(t);
      case PREVIOUS_X -> schedule.posteriorMeanXt(t, t - 1) * schedule.sqrtOneMinusAlphaCumprod(t);
    };
  }

  /** What an error of the output, output less target, takes off x̂_0. */
  double x0PerError(NoiseSchedule schedule, int t) {
    return switch (this) {
      case EPSILON -> schedule.sqrtOneMinusAlphaCumprod(t) / schedule.sqrtAlphaCumprod(t);
      case X_0 -> -1;
      case V -> schedule.sqrtOneMinusAlphaCumprod(t);
      case PREVIOUS_X -> -1 / schedule.posteriorMeanX0(t, t - 1);
    };
  }
}
