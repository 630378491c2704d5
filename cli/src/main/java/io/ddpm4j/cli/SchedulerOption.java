package io.ddpm4j.cli;

import io.ddpm4j.runtime.model.ModelFormatException;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Option;

/** The noise schedule of an export that needs one. */
final class SchedulerOption {
  static final String NAME = "--scheduler";

  @Option(
      names = NAME,
      paramLabel = "FILE",
      description =
          "With --sampler or --diffusers, the scheduler_config.json of a model that holds no noise"
              + " schedule (default: the model's own).")
  private Path file;

  /** What the file says; empty where none is given. */
  Optional<SchedulerConfig> read() throws IOException {
    return file == null ? Optional.empty() : Optional.of(SchedulerFiles.read(file));
  }

  /** The failure of a model, which names the option where it is the schedule that is missing. */
  static ModelFormatException named(String model, ModelFormatException e) {
    return e.missingOption().filter("schedulerConfig"::equals).isEmpty()
        ? e
        : new ModelFormatException(
            model
                + ": expected a noise schedule in the file or as "
                + NAME
                + " FILE, found neither",
            e);
  }
}
