package io.ddpm4j.cli;

import io.ddpm4j.runtime.schedule.SchedulerConfig;
import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Scheduler configurations as files of their own. */
final class SchedulerFiles {
  private SchedulerFiles() {}

  /** Reads a {@code scheduler_config.json}. */
  static SchedulerConfig read(Path file) throws IOException {
    try {
      return SchedulerConfig.parse(Files.readString(file));
    } catch (IllegalArgumentException e) {
      throw new IOException(file + ": " + e.getMessage(), e);
    } catch (MalformedInputException e) {
      throw new IOException(file + ": expected JSON, found something that is no text", e);
    }
  }
}
