package io.ddpm4j.cli;

import io.ddpm4j.exporter.convert.JsonFiles;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import java.io.IOException;
import java.nio.file.Path;

/** Scheduler configurations as files of their own. */
final class SchedulerFiles {
  private SchedulerFiles() {}

  /** Reads a {@code scheduler_config.json}. */
  static SchedulerConfig read(Path file) throws IOException {
    try {
      return SchedulerConfig.parse(JsonFiles.text(file));
    } catch (IllegalArgumentException e) {
      throw new IOException(file + ": " + e.getMessage(), e);
    }
  }
}
