package io.ddpm4j.cli;

import io.ddpm4j.runtime.DiffusionPipeline;
import io.ddpm4j.runtime.model.ModelFormatException;
import io.ddpm4j.runtime.model.SessionSettings;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** How a model is opened, whatever it is sampled or measured with. */
final class OpeningOptions {
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

  /** What was said that changes samples and that their settings do not tell, by option. */
  Map<String, String> unseen() {
    return foreign.given();
  }

  /** Where and how a model runs. */
  SessionSettings settings() {
    return session.settings();
  }

  /**
   * Opens a model as the options say; what a user should know of it is shown as warnings.
   *
   * @param file as it is named in messages
   * @param opening of that file
   * @param method sets what it is sampled with
   */
  DiffusionPipeline open(
      Path file,
      DiffusionPipeline.Builder opening,
      Consumer<DiffusionPipeline.Builder> method,
      Terminal terminal)
      throws IOException {
    Optional<SchedulerConfig> config = schedulerConfig();
    try {
      DiffusionPipeline pipeline = build(opening, config, method);
      Warnings warnings = new Warnings(terminal);
      pipeline.warnings().forEach(warnings);
      Optional<SchedulerConfig> own = pipeline.metadata().scheduler();
      if (config.isPresent() && own.isPresent() && !saysTheSame(config.get(), own.get())) {
        warnings.accept(
            pipeline.model().name()
                + ": the model's own schedule differs from that of "
                + (scheduler != null ? "--scheduler" : String.join(", ", schedule.given()))
                + ", which is used");
      }
      return pipeline;
    } catch (ModelFormatException e) {
      throw e.missingOption().map(missing -> withOptions(file, missing, e)).orElse(e);
    }
  }

  /** Whether a network trained with one of them can be sampled with the other. */
  private static boolean saysTheSame(SchedulerConfig one, SchedulerConfig other) {
    return one.noiseSchedule().equals(other.noiseSchedule())
        && one.predictionType() == other.predictionType();
  }

  /** The sentence with the options of the command line that give what is missing. */
  private static ModelFormatException withOptions(
      Path file, String missing, ModelFormatException e) {
    String sentence =
        switch (missing) {
          case "schedulerConfig" ->
              file
                  + ": expected a noise schedule in the file or as an option, found neither; give"
                  + " --scheduler FILE, or --schedule NAME and the options beside it";
          case "imageSize" ->
              file
                  + ": expected the images' height and width in the file or as an option, found"
                  + " neither; give --image-size N";
          case "imageChannels" ->
              file
                  + ": expected the images' channels in the file or as an option, found neither;"
                  + " give --image-channels N";
          case "roleNames" -> e.getMessage() + " with " + ForeignOptions.NAMES;
          default -> e.getMessage();
        };
    return new ModelFormatException(sentence, e);
  }

  private Optional<SchedulerConfig> schedulerConfig() throws IOException {
    if (scheduler != null) {
      return Optional.of(SchedulerFiles.read(scheduler));
    }
    return schedule.given().isEmpty()
        ? Optional.empty()
        : Optional.of(schedule.over(SchedulerConfig.ddpm()));
  }

  private DiffusionPipeline build(
      DiffusionPipeline.Builder builder,
      Optional<SchedulerConfig> config,
      Consumer<DiffusionPipeline.Builder> method)
      throws IOException {
    builder
        .device(session.settings().device())
        .threads(session.settings().threads())
        .roleNames(foreign.roleNames());
    method.accept(builder);
    config.ifPresent(builder::schedulerConfig);
    if (batchSize != null) {
      builder.batchSize(batchSize);
    }
    if (imageSize != null) {
      builder.imageSize(imageSize.height(), imageSize.width());
    }
    foreign.apply(builder);
    try {
      return builder.build();
    } catch (IllegalArgumentException e) { // an option that does not fit the model
      throw new UsageException(e.getMessage());
    }
  }
}
