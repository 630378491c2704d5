package io.ddpm4j.runtime.sampling;

import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.PredictionType;
import io.ddpm4j.runtime.schedule.SchedulerConfig;

/**
 * How a network's output becomes a predicted x_0; shared by all methods.
 *
 * @param predictionType what the output means
 * @param clipping what is then done to x_0
 */
public record Denoising(PredictionType predictionType, Clipping clipping) {
  /** Refuses what has no meaning for a schedule of betas. */
  public Denoising {
    if (predictionType == PredictionType.FLOW_PREDICTION) {
      throw new IllegalArgumentException(
          "prediction_type: expected epsilon, sample or v_prediction, found flow_prediction");
    }
  }

  /** What a configuration says. */
  public static Denoising of(SchedulerConfig config) {
    return new Denoising(config.predictionType(), Clipping.of(config));
  }

  /** Refuses timesteps at which an ε leaves x_0 infinite: ᾱ = 0 and nothing clips. */
  void check(NoiseSchedule schedule, int[] timesteps) {
    if (predictionType == PredictionType.EPSILON
        && !clipping.bounds()
        && schedule.alphaCumprod(timesteps[0]) == 0) {
      throw new IllegalArgumentException(
          "prediction_type: expected sample or v_prediction, or clip_sample, at timestep "
              + timesteps[0]
              + " where alphas_cumprod is 0, found epsilon without clipping");
    }
  }
}
