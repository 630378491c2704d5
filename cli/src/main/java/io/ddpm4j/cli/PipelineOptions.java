package io.ddpm4j.cli;

import io.ddpm4j.runtime.DiffusionPipeline;
import io.ddpm4j.runtime.model.Device;
import io.ddpm4j.runtime.sampling.Sampler;
import io.ddpm4j.runtime.sampling.SamplerFactory;
import io.ddpm4j.runtime.sampling.Samplers;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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

  @Mixin private final OpeningOptions opening = new OpeningOptions();

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
    return opening.settings().device();
  }

  /** Refuses options that say the same thing twice, before any work. */
  void requireConsistent() {
    opening.requireConsistent();
  }

  /** Opens a model as the options say; what a user should know of it is shown as warnings. */
  DiffusionPipeline open(Path file, Terminal terminal) throws IOException {
    return opening.open(file, DiffusionPipeline.open(file), this::setMethod, terminal);
  }

  private void setMethod(DiffusionPipeline.Builder builder) {
    if (sampler != null || !method.given().isEmpty()) {
      builder.sampler(samplerFactory());
    }
    if (steps != null) {
      builder.steps(steps);
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
