package io.ddpm4j.trainer.objective;

import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.PredictionType;

/**
 * Min-SNR weighting (Hang et al. 2023, "Efficient Diffusion Training via Min-SNR Weighting
 * Strategy"): as an error of x_0 each timestep weighs min(snr, γ), so that the easy ones with
 * little noise do not outweigh all others.
 *
 * @param gamma γ, above 0; the paper's is 5
 */
public record MinSnr(double gamma) {
  /** Refuses a γ that is not above 0. */
  public MinSnr {
    if (!(gamma > 0 && Double.isFinite(gamma))) {
      throw new IllegalArgumentException("--min-snr: expected a number above 0, found " + gamma);
    }
  }

  /** The weight of the squared error of a prediction: that of x_0 over what an error of x_0 is. */
  public double weight(NoiseSchedule schedule, PredictionType type, int t) {
    double snr = schedule.snr(t);
    double clipped = Math.min(snr, gamma);
    return switch (type) {
      case EPSILON -> snr == 0 ? 1 : clipped / snr; // ε's error is snr times that of x_0
      case SAMPLE -> clipped;
      case V_PREDICTION -> clipped / (snr + 1); // v's error is snr + 1 times that of x_0
      case FLOW_PREDICTION ->
          throw new IllegalArgumentException(
              "prediction_type: expected epsilon, sample or v_prediction, found flow_prediction");
    };
  }
}
