package io.ddpm4j.trainer.loop;

import static io.ddpm4j.trainer.loop.Requirements.require;

import io.ddpm4j.runtime.schedule.BetaSchedule;
import io.ddpm4j.runtime.schedule.PredictionType;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import io.ddpm4j.trainer.objective.Objective;
import java.util.List;

/**
 * The forward process and what the network predicts, in diffusers' words, and what it is trained
 * for.
 *
 * @param trainedBetas the betas one by one, which overrule the named schedule; empty, or absent in
 *     the JSON of earlier versions, for that
 * @param objective the loss; absent in the JSON of earlier versions, where it is L_simple
 */
public record DiffusionConfig(
    int trainTimesteps,
    String betaSchedule,
    double betaStart,
    double betaEnd,
    String predictionType,
    @MayBeAbsent List<Double> trainedBetas,
    @MayBeAbsent ObjectiveConfig objective) {

  /**
   * Refuses a schedule or a prediction type that nobody knows, and more or fewer betas than
   * timesteps.
   */
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
    trainedBetas = trainedBetas == null ? List.of() : List.copyOf(trainedBetas);
    objective = objective == null ? ObjectiveConfig.SIMPLE : objective;
    require(
        trainedBetas.isEmpty() || trainedBetas.size() == trainTimesteps,
        "--train-timesteps",
        trainedBetas.size() + ", as many as there are betas",
        trainTimesteps);
  }

  /** A named schedule, for L_simple. */
  public DiffusionConfig(
      int trainTimesteps,
      String betaSchedule,
      double betaStart,
      double betaEnd,
      String predictionType) {
    this(
        trainTimesteps,
        betaSchedule,
        betaStart,
        betaEnd,
        predictionType,
        List.of(),
        ObjectiveConfig.SIMPLE);
  }

  /** The same forward process for another loss. */
  public DiffusionConfig withObjective(ObjectiveConfig changed) {
    return new DiffusionConfig(
        trainTimesteps, betaSchedule, betaStart, betaEnd, predictionType, trainedBetas, changed);
  }

  /** The configuration that the exported file carries. */
  public SchedulerConfig scheduler() {
    SchedulerConfig config =
        SchedulerConfig.ddpm()
            .with("num_train_timesteps", trainTimesteps)
            .with("beta_schedule", betaSchedule)
            .with("beta_start", betaStart)
            .with("beta_end", betaEnd)
            .with("prediction_type", predictionType)
            .with("variance_type", objective.variance().label())
            .with("clip_sample", true);
    return trainedBetas.isEmpty()
        ? config
        : config.withTrainedBetas(trainedBetas.stream().mapToDouble(b -> b).toArray());
  }

  /**
   * What the network is trained for.
   *
   * @throws IllegalArgumentException if the loss does not go with the rest; the message begins with
   *     the option
   */
  Objective training() {
    SchedulerConfig scheduler = scheduler();
    return new Objective(
        scheduler.noiseSchedule(),
        scheduler.predictionType(),
        scheduler.varianceType(),
        objective.kind(),
        objective.weighting(),
        objective.modelGuidance());
  }
}
