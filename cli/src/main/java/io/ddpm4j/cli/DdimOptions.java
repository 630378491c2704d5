package io.ddpm4j.cli;

import io.ddpm4j.runtime.DiffusionPipeline;
import io.ddpm4j.runtime.sampling.Samplers;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import picocli.CommandLine.Mixin;

/** How a model is opened for commands whose method is DDIM, in one direction or the other. */
final class DdimOptions {
  private static final int STEPS = 100;

  /** What the help of these commands says of options that others have too. */
  static final SharedDefaults DEFAULTS =
      new SharedDefaults(
          Map.of(
              StepsOption.KEY,
              STEPS + ", or all of a model with fewer timesteps",
              ClassOptions.KEY,
              ClassOptions.ONE_CLASS));

  @Mixin private final StepsOption steps = new StepsOption();

  @Mixin private final OpeningOptions opening = new OpeningOptions();

  /** Refuses options that say the same thing twice, before any work. */
  void requireConsistent() {
    opening.requireConsistent();
  }

  /** Opens a model as the options say; what a user should know of it is shown as warnings. */
  DiffusionPipeline open(Path file, Terminal terminal) throws IOException {
    return opening.open(
        file,
        DiffusionPipeline.open(file),
        builder -> steps.over(builder.sampler(new FewerSteps(Samplers.named("ddim"), STEPS))),
        terminal);
  }
}
