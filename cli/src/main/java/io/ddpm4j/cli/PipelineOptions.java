package io.ddpm4j.cli;

import io.ddpm4j.runtime.DiffusionPipeline;
import io.ddpm4j.runtime.model.Device;
import io.ddpm4j.runtime.sampling.SamplerFactory;
import io.ddpm4j.runtime.sampling.Samplers;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** How a model is opened, for every command that makes images with one. */
final class PipelineOptions {
  /** Of {@link SharedDefaults}. */
  private static final String KEY = "default.sampler";

  private static final String USUAL = "the scheduler's own, which is ddpm where ddpm4j trained";

  @Mixin private final StepsOption steps = new StepsOption();

  @Option(
      names = "--sampler",
      paramLabel = "NAME",
      converter = Names.Sampler.class,
      description = "Sampling method (default: ${bundle:" + KEY + ":-" + USUAL + "}).")
  private String sampler; // null: the default

  private int stepsAtMost; // of the default sampler; 0: as the model has it

  @Mixin private final MethodOptions method = new MethodOptions();

  @Mixin private final OpeningOptions opening = new OpeningOptions();

  /**
   * What the help of a command says of options that others have too.
   *
   * @param option with which the command has another method than the usual
   * @param sampler that method
   * @param steps its steps
   * @param classes the default of {@code --class}
   */
  static SharedDefaults defaults(String option, String sampler, int steps, String classes) {
    return new SharedDefaults(
        Map.of(
            StepsOption.KEY,
            "%s; with %s and no --sampler: %d".formatted(StepsOption.USUAL, option, steps),
            KEY,
            "%s; with %s: %s".formatted(USUAL, option, sampler),
            ClassOptions.KEY,
            classes));
  }

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
    DiffusionPipeline pipeline =
        opening.open(file, DiffusionPipeline.open(file), this::setMethod, terminal);
    pipeline.sampler().warning(pipeline.schedule()).ifPresent(new Warnings(terminal));
    return pipeline;
  }

  private void setMethod(DiffusionPipeline.Builder builder) {
    if (sampler != null || !method.given().isEmpty()) {
      builder.sampler(samplerFactory());
    }
    steps.over(builder);
  }

  private SamplerFactory samplerFactory() {
    SamplerFactory plain = Samplers.changed(model -> method.configuration(sampler, model));
    return stepsAtMost == 0 || method.saysCalls() ? plain : new FewerSteps(plain, stepsAtMost);
  }
}
