package io.ddpm4j.trainer.loop;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;

/** The most physical memory that this process has held since it began. */
final class PeakMemory {
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final String HIGH_WATER_MARK = "VmHWM:"; // in kB, as in proc(5)

  private PeakMemory() {}

  /** In bytes; empty on systems without Linux's {@code /proc}. */
  static OptionalLong bytes() {
    try {
      if (Files.exists(STATUS)) {
        return Files.readAllLines(STATUS).stream()
            .filter(line -> line.startsWith(HIGH_WATER_MARK))
            .mapToLong(line -> 1024 * Long.parseLong(line.replaceAll("\\D", "")))
            .findFirst();
      }
    } catch (IOException | NumberFormatException e) {
      // As on a system that does not say it.
    }
    return OptionalLong.empty();
  }
}
