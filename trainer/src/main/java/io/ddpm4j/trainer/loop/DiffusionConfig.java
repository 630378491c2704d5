package io.ddpm4j.trainer.loop;

import static io.ddpm4j.trainer.loop.Requirements.require;

import io.ddpm4j.runtime.schedule.BetaSchedule;
import io.ddpm4j.runtime.schedule.PredictionType;
import io.ddpm4j.runtime.schedule.SchedulerConfig;

/** The forward process and what the network predicts, in diffusers' words. */
public record DiffusionConfig(
    int trainTimesteps,
    String betaSchedule,
    double betaStart,
    double betaEnd,
    String predictionType) {

  /** Refuses a schedule or a prediction type that nobody knows. */
  public DiffusionConfig {
    require(betaSchedule != null, "diffusion.betaSchedule", "a beta schedule", "none");
    require(predictionType != null, "diffusion.predictionType", "a prediction type", "none");
    try {
      BetaSchedule.parse(betaSchedule);
      PredictionType.parse(predictionType);
    } catch (IllegalArgumentException e) { // names diffusers' field
      throw new IllegalArgumentException(
          e.getMessage()
              .replaceFirst("^beta_schedule:", "--schedule:")
              .replaceFirst("^prediction_type:", "--prediction:"),
          e);
    }
  }

  /** The configuration that the exported file carries. */
  public SchedulerConfig scheduler() {
    return SchedulerConfig.ddpm()
        .with("num_train_timesteps", trainTimesteps)
        .with("beta_schedule", betaSchedule)
        .with("beta_start", betaStart)
        .with("beta_end", betaEnd)
        .with("prediction_type", predictionType)
        .with("variance_type", "fixed_small")
        .with("clip_sample", true);
  }
}
