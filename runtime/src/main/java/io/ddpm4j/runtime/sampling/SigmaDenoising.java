package io.ddpm4j.runtime.sampling;

import io.ddpm4j.runtime.model.EpsilonModel;
import io.ddpm4j.runtime.schedule.PredictionType;
import io.ddpm4j.runtime.schedule.SchedulerConfig;

/**
 * How a network that was trained on variance-preserving samples becomes a denoiser of x = x_0 +
 * σ·ε: its input is x/√(σ²+1), its output a predicted x_0 (Karras et al. 2022, table 1, first
 * column).
 *
 * @param predictionType what the output means
 * @param clipping what is then done to x_0
 */
public record SigmaDenoising(PredictionType predictionType, Clipping clipping) {
  /** Refuses what has no meaning for a schedule of betas. */
  public SigmaDenoising {
    if (predictionType == PredictionType.FLOW_PREDICTION) {
      throw new IllegalArgumentException(
          "prediction_type: expected epsilon, sample or v_prediction, found flow_prediction");
    }
  }

  /** What a configuration says, without clipping. */
  public static SigmaDenoising of(SchedulerConfig config) {
    return new SigmaDenoising(config.predictionType(), new Clipping.None());
  }

  /** What a configuration says, for the methods that the reference has for ε and v alone. */
  public static SigmaDenoising ofNoise(SchedulerConfig config) {
    SigmaDenoising denoising = of(config);
    if (denoising.predictionType == PredictionType.SAMPLE) {
      throw new IllegalArgumentException(
          "prediction_type: expected epsilon or v_prediction for "
              + config.className()
              + ", found sample");
    }
    return denoising;
  }

  /** The model's output for x at level {@code sigma}. */
  float[] call(EpsilonModel model, SamplingRun run, double t, double sigma) {
    return run.predict(model, t, 1 / Math.sqrt(sigma * sigma + 1));
  }

  /** Sets {@link SamplingRun#predictedX0} from x and the output at level {@code sigma}. */
  void predictX0(SamplingRun run, double sigma, float[] output) {
    double variance = sigma * sigma + 1;
    switch (predictionType) {
      case EPSILON -> run.predictX0(clipping, 1, -sigma, output);
      case SAMPLE -> run.predictX0(clipping, 0, 1, output);
      default -> run.predictX0(clipping, 1 / variance, -sigma / Math.sqrt(variance), output);
    }
  }

  /** Calls the model at level {@code sigma} and sets {@link SamplingRun#predictedX0}. */
  void denoise(EpsilonModel model, SamplingRun run, double t, double sigma) {
    predictX0(run, sigma, call(model, run, t, sigma));
  }
}
