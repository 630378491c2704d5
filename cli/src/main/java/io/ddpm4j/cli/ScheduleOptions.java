package io.ddpm4j.cli;

import io.ddpm4j.runtime.schedule.BetaSchedule;
import io.ddpm4j.runtime.schedule.PredictionType;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** The noise schedule, for every command that takes one; null where the user said nothing. */
class ScheduleOptions {
  @Option(
      names = "--schedule",
      paramLabel = "NAME",
      converter = Names.Schedule.class,
      description =
          "Noise schedule: linear, scaled_linear, squaredcos_cap_v2 (or cosine), sigmoid, laplace"
              + " or exp (default: linear).")
  private BetaSchedule schedule;

  @Option(
      names = "--train-timesteps",
      paramLabel = "N",
      converter = Numbers.Positive.class,
      description = "Timesteps of the schedule, T (default: 1000).")
  private Integer trainTimesteps;

  @Option(
      names = "--beta-start",
      paramLabel = "B",
      converter = Numbers.Beta.class,
      description = "First beta of the linear schedules (default: 0.0001).")
  private Double betaStart;

  @Option(
      names = "--beta-end",
      paramLabel = "B",
      converter = Numbers.Beta.class,
      description = "Last beta of the linear schedules (default: 0.02).")
  private Double betaEnd;

  /** Where there is a network too: what it predicts. */
  static class WithPrediction extends ScheduleOptions {
    @Option(
        names = "--prediction",
        paramLabel = "NAME",
        converter = Names.Prediction.class,
        description =
            "What the network predicts: epsilon, sample or v_prediction (default: epsilon).")
    private PredictionType prediction;

    @Override
    List<String> given() {
      List<String> given = super.given();
      addIf(prediction != null, "--prediction", given);
      return given;
    }

    @Override
    SchedulerConfig over(SchedulerConfig config) {
      SchedulerConfig schedule = super.over(config);
      return prediction == null ? schedule : schedule.with("prediction_type", prediction.label());
    }
  }

  /** The options that the user gave. */
  List<String> given() {
    List<String> given = new ArrayList<>();
    addIf(schedule != null, "--schedule", given);
    addIf(trainTimesteps != null, "--train-timesteps", given);
    addIf(betaStart != null, "--beta-start", given);
    addIf(betaEnd != null, "--beta-end", given);
    return given;
  }

  static void addIf(boolean isGiven, String option, List<String> given) {
    if (isGiven) {
      given.add(option);
    }
  }

  /**
   * A configuration with what the user said in its place.
   *
   * @throws UsageException naming the options, if they do not go together
   */
  SchedulerConfig over(SchedulerConfig config) {
    try {
      SchedulerConfig said = config;
      if (trainTimesteps != null) {
        said = said.with("num_train_timesteps", trainTimesteps);
      }
      if (schedule != null) {
        said = said.with("beta_schedule", schedule.label());
      }
      if (betaStart != null) {
        said = said.with("beta_start", betaStart);
      }
      if (betaEnd != null) {
        said = said.with("beta_end", betaEnd);
      }
      return said;
    } catch (IllegalArgumentException e) {
      throw new UsageException(String.join(", ", given()) + ": " + e.getMessage());
    }
  }
}
