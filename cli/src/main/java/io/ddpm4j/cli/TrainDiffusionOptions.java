package io.ddpm4j.cli;

import io.ddpm4j.runtime.schedule.SchedulerConfig;
import io.ddpm4j.trainer.loop.DiffusionConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import picocli.CommandLine.Option;

/**
 * Options of {@code ddpm train} under "Forward process": the forward process and what the network
 * predicts. A field is null where the user said nothing; then the preset decides.
 */
final class TrainDiffusionOptions extends ScheduleOptions.WithPrediction {
  /** The options that make a named schedule. */
  private static final Set<String> SCHEDULE =
      Set.of("--schedule", "--train-timesteps", "--beta-start", "--beta-end");

  @Option(
      names = "--betas",
      paramLabel = "FILE",
      description =
          "A schedule of your own: a JSON list of betas, or a .npy file (default: --schedule).")
  private Path betas;

  @Override
  List<String> given() {
    List<String> given = super.given();
    addIf(betas != null, "--betas", given);
    return given;
  }

  /**
   * A forward process with what the user said in its place.
   *
   * @throws IOException if the file of betas cannot be read
   */
  DiffusionConfig over(DiffusionConfig preset) throws IOException {
    requireOneSchedule();
    List<Double> list = betas == null ? List.of() : BetaFiles.read(betas);
    SchedulerConfig config = over(named(preset, list.size()));
    boolean kept = betas == null && !given().stream().anyMatch(SCHEDULE::contains);
    return new DiffusionConfig(
        config.trainTimesteps(),
        config.betaSchedule().label(),
        config.betaStart(),
        config.betaEnd(),
        config.predictionType().label(),
        kept ? preset.trainedBetas() : list,
        preset.objective());
  }

  /** The preset without betas of its own, of so many timesteps if that is above 0. */
  private static SchedulerConfig named(DiffusionConfig preset, int trainTimesteps) {
    SchedulerConfig config =
        new DiffusionConfig(
                preset.trainTimesteps(),
                preset.betaSchedule(),
                preset.betaStart(),
                preset.betaEnd(),
                preset.predictionType())
            .scheduler();
    return trainTimesteps > 0 ? config.with("num_train_timesteps", trainTimesteps) : config;
  }

  private void requireOneSchedule() {
    for (String option : given()) {
      if (betas != null && SCHEDULE.contains(option) && !option.equals("--train-timesteps")) {
        throw new UsageException(
            "--betas: expected a file or the options of a named schedule, found both it and "
                + option);
      }
    }
  }
}
