package io.ddpm4j.runtime.sampling;

import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.PredictionType;

/**
 * x_0 and ε at one ᾱ as weighted sums of x_t and the network's output, which follow from x_t = √ᾱ
 * x_0 + √(1-ᾱ) ε (Ho et al. 2020, eq. 4) and, for v, from Salimans and Ho 2022, appendix D.
 *
 * @param x0FromX the weight of x_t in x_0
 * @param x0FromOutput the weight of the output in x_0
 * @param epsilonFromX the weight of x_t in ε
 * @param epsilonFromOutput the weight of the output in ε
 */
record Parameterization(
    double x0FromX, double x0FromOutput, double epsilonFromX, double epsilonFromOutput) {

  /** Of ᾱ = 0: what clipping makes of so large an x_0 is its sign, as it is of an infinite one. */
  private static final double MIN_SIGNAL = 1e-20;

  /** The weights at ᾱ = {@code alphaCumprod}; where that is 1, x_t holds no noise and ε is 0. */
  static Parameterization of(PredictionType type, double alphaCumprod) {
    double signal = Math.sqrt(alphaCumprod);
    double sigma = Math.sqrt(1 - alphaCumprod);
    return switch (type) {
      case EPSILON -> {
        double least = Math.max(signal, MIN_SIGNAL);
        yield new Parameterization(1 / least, -sigma / least, 0, 1);
      }
      case SAMPLE ->
          sigma == 0
              ? new Parameterization(0, 1, 0, 0)
              : new Parameterization(0, 1, 1 / sigma, -signal / sigma);
      case V_PREDICTION -> new Parameterization(signal, -sigma, sigma, signal);
      case FLOW_PREDICTION ->
          throw new IllegalArgumentException(
              "prediction_type: expected epsilon, sample or v_prediction, found " + type.label());
    };
  }

  /** The weights at each of these timesteps, made before a run's first step. */
  static Parameterization[] at(PredictionType type, NoiseSchedule schedule, int... timesteps) {
    Parameterization[] weights = new Parameterization[timesteps.length];
    for (int step = 0; step < weights.length; step++) {
      weights[step] = of(type, schedule.alphaCumprod(timesteps[step]));
    }
    return weights;
  }

  /** The weights of x_t and the output in x_0. */
  StepWeights x0() {
    return StepWeights.ofOutput(x0FromX, x0FromOutput);
  }

  /** x_0 of this output, clipped, into the run's {@link SamplingRun#predictedX0}. */
  void predictX0(SamplingRun run, Clipping clipping, float[] modelOutput) {
    run.predictX0(clipping, x0FromX, x0FromOutput, modelOutput);
  }
}
