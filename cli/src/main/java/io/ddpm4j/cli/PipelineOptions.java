package io.ddpm4j.cli;

import io.ddpm4j.runtime.DiffusionPipeline;
import io.ddpm4j.runtime.model.Device;
import io.ddpm4j.runtime.model.ModelFormatException;
import io.ddpm4j.runtime.sampling.Sampler;
import io.ddpm4j.runtime.sampling.SamplerFactory;
import io.ddpm4j.runtime.sampling.Samplers;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** How a model is opened, for every command that makes images with one. */
final class PipelineOptions {
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
      description =
          "Sampling method (default: the scheduler's own, which is ddpm where ddpm4j trained).")
  private String sampler; // null: the default

  private int stepsAtMost; // of the default sampler; 0: as the model has it

  @Mixin private final MethodOptions method = new MethodOptions();

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

  /**
   * The method for a command that needs another one than the usual.
   *
   * @param defaultSteps its steps where the user says none, or all of a model with fewer timesteps
   */
  void defaultSampler(String name, int defaultSteps) {
    if (sampler == null) {
      sampler = name;
      stepsAtMost = defaultSteps;
    }
  }

  /** Refuses a choice of the method, for a command that has one of its own. */
  void requireOwnSampler(String own) {
    List<String> given = new ArrayList<>();
    ScheduleOptions.addIf(sampler != null, "--sampler", given);
    given.addAll(method.given());
    if (!given.isEmpty()) {
      throw new UsageException(
          "%s: expected none, since the method is %s, found it".formatted(given.get(0), own));
    }
  }

  /** Where the model runs. */
  Device device() {
    return session.settings().device();
  }

  /** Refuses options that say the same thing twice, before any work. */
  void requireConsistent() {
    if (scheduler != null && !schedule.given().isEmpty()) {
      throw new UsageException(
          "--scheduler: expected a file or options, found both it and "
              + String.join(", ", schedule.given()));
    }
  }

  /** Opens a model as the options say; what a user should know of it is shown as warnings. */
  DiffusionPipeline open(Path file, Terminal terminal) throws IOException {
    Optional<SchedulerConfig> config = schedulerConfig();
    try {
      DiffusionPipeline pipeline = open(file, config);
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
  static ModelFormatException withOptions(Path file, String missing, ModelFormatException e) {
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

  private DiffusionPipeline open(Path file, Optional<SchedulerConfig> config) throws IOException {
    DiffusionPipeline.Builder builder =
        DiffusionPipeline.open(file)
            .device(device())
            .threads(session.settings().threads())
            .roleNames(foreign.roleNames());
    if (sampler != null || !method.given().isEmpty()) {
      builder.sampler(samplerFactory());
    }
    config.ifPresent(builder::schedulerConfig);
    if (steps != null) {
      builder.steps(steps);
    }
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

  private SamplerFactory samplerFactory() {
    SamplerFactory plain = Samplers.changed(model -> method.configuration(sampler, model));
    if (stepsAtMost == 0 || method.saysCalls()) {
      return plain;
    }
    return new SamplerFactory() {
      @Override
      public Sampler create(SchedulerConfig model) {
        SchedulerConfig used = configuration(model);
        return plain.create(model).withSteps(Math.min(stepsAtMost, used.trainTimesteps()));
      }

      @Override
      public SchedulerConfig configuration(SchedulerConfig model) {
        return plain.configuration(model);
      }
    };
  }
}
