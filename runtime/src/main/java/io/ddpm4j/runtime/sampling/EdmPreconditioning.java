package io.ddpm4j.runtime.sampling;

import io.ddpm4j.runtime.schedule.PredictionType;
import io.ddpm4j.runtime.schedule.SchedulerConfig;

/**
 * How a network becomes a denoiser of x = x_0 + σ·ε over all levels alike (Karras et al. 2022, eq.
 * 7 and table 1, right column).
 *
 * @param sigmaData the standard deviation of the images, above 0
 * @param predictionType the sign of the output's part: ε adds it, v subtracts it
 */
public record EdmPreconditioning(double sigmaData, PredictionType predictionType) {
  /** Refuses what the equations have no meaning for. */
  public EdmPreconditioning {
    if (!(sigmaData > 0 && sigmaData < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "sigma_data: expected a number above 0, found " + sigmaData);
    }
    if (predictionType != PredictionType.EPSILON && predictionType != PredictionType.V_PREDICTION) {
      throw new IllegalArgumentException(
          "prediction_type: expected epsilon or v_prediction, found " + predictionType.label());
    }
  }

  /** What a configuration says. */
  public static EdmPreconditioning of(SchedulerConfig config) {
    return new EdmPreconditioning(config.number("sigma_data", 0.5), config.predictionType());
  }

  /** c_in: the factor of x in the network's input. */
  double inputScale(double sigma) {
    return 1 / Math.sqrt(sigma * sigma + sigmaData * sigmaData);
  }

  /** c_skip: the factor of x in x_0. */
  double skip(double sigma) {
    double data = sigmaData * sigmaData;
    return data / (sigma * sigma + data);
  }

  /** c_out: the factor of the network's output in x_0. */
  double output(double sigma) {
    double scale = sigma * sigmaData * inputScale(sigma);
    return predictionType == PredictionType.EPSILON ? scale : -scale;
  }
}
