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
    return run.predict(model, t, inputScale(sigma));
  }

  /** What x at level {@code sigma} is multiplied by before the model sees it. */
  double inputScale(double sigma) {
    return 1 / Math.sqrt(sigma * sigma + 1);
  }

  /** The weights of x and the output at level {@code sigma} in the predicted x_0. */
  StepWeights x0(double sigma) {
    return StepWeights.ofOutput(fromX(sigma), fromOutput(sigma));
  }

  private double fromX(double sigma) {
    return switch (predictionType) {
      case EPSILON -> 1;
      case SAMPLE -> 0;
      default -> 1 / (sigma * sigma + 1);
    };
  }

  private double fromOutput(double sigma) {
    return switch (predictionType) {
      case EPSILON -> -sigma;
      case SAMPLE -> 1;
      default -> -sigma / Math.sqrt(sigma * sigma + 1);
    };
  }

  /** Sets {@link SamplingRun#predictedX0} from x and the output at level {@code sigma}. */
  void predictX0(SamplingRun run, double sigma, float[] output) {
    run.predictX0(clipping, fromX(sigma), fromOutput(sigma), output);
  }

  /** Calls the model at level {@code sigma} and sets {@link SamplingRun#predictedX0}. */
  void denoise(EpsilonModel model, SamplingRun run, double t, double sigma) {
    predictX0(run, sigma, call(model, run, t, sigma));
  }
}
