package io.ddpm4j.cli;

import io.ddpm4j.runtime.DiffusionPipeline;
import io.ddpm4j.runtime.model.ModelFormatException;
import io.ddpm4j.runtime.model.SessionSettings;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.Consumer;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** How a model is opened that is evaluated. */
final class EvaluatedModelOptions {
  @Option(
      names = "--scheduler",
      paramLabel = "FILE",
      description =
          "scheduler_config.json, or JSON with a list betas, trained_betas or alphas_cumprod, in"
              + " place of the model's own schedule (default: that).")
  private Path scheduler;

  @Option(
      names = "--image-size",
      paramLabel = "N|HxW",
      converter = ImageSize.Converter.class,
      description = "Height and width where the model leaves them open (default: its own).")
  private ImageSize imageSize;

  @Option(
      names = "--batch-size",
      paramLabel = "N",
      converter = Numbers.Positive.class,
      description = "Images at once (default: as memory allows).")
  private Integer batchSize;

  @Mixin private final SessionOptions session = new SessionOptions();

  @ArgGroup(
      validate = false,
      heading = "%nNoise schedule, in place of the model's own and of --scheduler:%n")
  private final ScheduleOptions.WithPrediction schedule = new ScheduleOptions.WithPrediction();

  @ArgGroup(
      validate = false,
      heading = "%nModels from elsewhere, where the file leaves something in doubt:%n")
  private final ForeignOptions foreign = new ForeignOptions();

  /** Refuses options that say the same thing twice, before any work. */
  void requireConsistent() {
    if (scheduler != null && !schedule.given().isEmpty()) {
      throw new UsageException(
          "--scheduler: expected a file or options, found both it and "
              + String.join(", ", schedule.given()));
    }
  }

  /** Where and how a model runs. */
  SessionSettings settings() {
    return session.settings();
  }

  /**
   * Opens a model as the options say; what a user should know of it is shown as warnings.
   *
   * @param method sets what it is sampled with
   */
  DiffusionPipeline open(
      EvaluatedModel source, Consumer<DiffusionPipeline.Builder> method, Terminal terminal)
      throws IOException {
    DiffusionPipeline.Builder builder =
        source
            .open()
            .device(session.settings().device())
            .threads(session.settings().threads())
            .roleNames(foreign.roleNames());
    method.accept(builder);
    if (scheduler != null) {
      builder.schedulerConfig(SchedulerFiles.read(scheduler));
    } else if (!schedule.given().isEmpty()) {
      builder.schedulerConfig(schedule.over(SchedulerConfig.ddpm()));
    }
    if (batchSize != null) {
      builder.batchSize(batchSize);
    }
    if (imageSize != null) {
      builder.imageSize(imageSize.height(), imageSize.width());
    }
    foreign.apply(builder);
    try {
      DiffusionPipeline pipeline = builder.build();
      pipeline.warnings().forEach(new Warnings(terminal));
      return pipeline;
    } catch (ModelFormatException e) {
      throw e.missingOption()
          .map(missing -> PipelineOptions.withOptions(source.path(), missing, e))
          .orElse(e);
    } catch (IllegalArgumentException e) { // an option that does not fit the model
      throw new UsageException(e.getMessage());
    }
  }
}
