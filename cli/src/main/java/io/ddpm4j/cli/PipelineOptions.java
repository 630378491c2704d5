package io.ddpm4j.cli;

import io.ddpm4j.runtime.DiffusionPipeline;
import io.ddpm4j.runtime.model.Device;
import io.ddpm4j.runtime.model.ModelFormatException;
import io.ddpm4j.runtime.sampling.Samplers;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import io.ddpm4j.runtime.schedule.VarianceType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;

/** How a model is opened, for every command that makes images with one. */
final class PipelineOptions {
  private static final String DEFAULT_SAMPLER = "ddpm";

  @Option(
      names = "--steps",
      paramLabel = "N",
      converter = Numbers.Positive.class,
      description = "Steps per image (default: as many as the model was trained with).")
  private Integer steps;

  @Option(
      names = "--sampler",
      paramLabel = "NAME",
      converter = Names.Sampler.class,
      description = "Sampling method (default: ddpm).")
  private String sampler; // null: the default

  @Option(
      names = "--variance",
      paramLabel = "TYPE",
      converter = Names.Variance.class,
      description = "Variance of a step: fixed_small or fixed_large (default: the model's).")
  private VarianceType variance;

  @Option(
      names = "--scheduler",
      paramLabel = "FILE",
      description =
          "scheduler_config.json, for models without a schedule (default: the model's own).")
  private Path scheduler;

  @Option(
      names = "--image-size",
      paramLabel = "N",
      converter = Numbers.Positive.class,
      description = "Height and width where the model leaves them open (default: its own).")
  private Integer imageSize;

  @Option(
      names = "--batch-size",
      paramLabel = "N",
      converter = Numbers.Positive.class,
      description = "Images at once (default: as memory allows).")
  private Integer batchSize;

  @Option(
      names = "--threads",
      paramLabel = "N",
      converter = Numbers.Positive.class,
      description = "Processor threads (default: all).")
  private Integer threads;

  @Option(
      names = "--device",
      paramLabel = "DEVICE",
      converter = Names.Devices.class,
      defaultValue = "cpu",
      description = "cpu, cuda or cuda:INDEX (default: ${DEFAULT-VALUE}).")
  private Device device;

  @ArgGroup(
      validate = false,
      heading = "%nNoise schedule, of a model that has none and in place of --scheduler:%n")
  private final ScheduleOptions.WithPrediction schedule = new ScheduleOptions.WithPrediction();

  /** The method for a command that needs another one than the usual. */
  void defaultSampler(String name, int defaultSteps) {
    if (sampler == null) {
      sampler = name;
      steps = steps == null ? Integer.valueOf(defaultSteps) : steps;
    }
  }

  /** Where the model runs. */
  Device device() {
    return device;
  }

  /** Refuses options that say the same thing twice, before any work. */
  void requireConsistent() {
    if (scheduler != null && !schedule.given().isEmpty()) {
      throw new UsageException(
          "--scheduler: expected a file or options, found both it and "
              + String.join(", ", schedule.given()));
    }
  }

  /** Opens a model as the options say. */
  DiffusionPipeline open(Path file) throws IOException {
    Optional<SchedulerConfig> config = schedulerConfig();
    try {
      return open(file, config);
    } catch (ModelFormatException e) {
      if (e.missingOption().filter("schedulerConfig"::equals).isPresent()) {
        throw new ModelFormatException(
            file
                + ": expected a noise schedule in the file or as an option, found neither; give"
                + " --scheduler FILE, or --schedule NAME and the options beside it",
            e);
      }
      throw e;
    }
  }

  private Optional<SchedulerConfig> schedulerConfig() throws IOException {
    if (scheduler != null) {
      return Optional.of(SchedulerFiles.read(scheduler));
    }
    return schedule.given().isEmpty()
        ? Optional.empty()
        : Optional.of(schedule.over(SchedulerConfig.ddpm()));
  }

  private DiffusionPipeline open(Path file, Optional<SchedulerConfig> config) throws IOException {
    DiffusionPipeline.Builder builder =
        DiffusionPipeline.open(file)
            .device(device)
            .sampler(
                models ->
                    Samplers.named(sampler == null ? DEFAULT_SAMPLER : sampler)
                        .create(
                            variance == null
                                ? models
                                : models.with("variance_type", variance.label())));
    config.ifPresent(builder::schedulerConfig);
    if (steps != null) {
      builder.steps(steps);
    }
    if (batchSize != null) {
      builder.batchSize(batchSize);
    }
    if (threads != null) {
      builder.threads(threads);
    }
    if (imageSize != null) {
      builder.imageSize(imageSize, imageSize);
    }
    try {
      return builder.build();
    } catch (IllegalArgumentException e) { // an option that does not fit the model
      throw new UsageException(e.getMessage());
    }
  }
}
