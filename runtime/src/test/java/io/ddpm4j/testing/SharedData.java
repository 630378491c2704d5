package io.ddpm4j.testing;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Finds the reference data that lies beside the checkout: system property {@code ddpm4j.shared}, by
 * default {@code ../shared}. A test that asks for a file where the data are absent is skipped and
 * says so in one line.
 */
public final class SharedData {
  private SharedData() {}

  /** Whether there is such a file or folder; for tests that have other cases too. */
  public static boolean exists(String relative) {
    return Files.exists(
        Path.of(System.getProperty("ddpm4j.shared", "../shared")).resolve(relative));
  }

  /** The path of a file or folder of the reference data, which exists; else the test is skipped. */
  public static Path path(String relative) {
    Path root = Path.of(System.getProperty("ddpm4j.shared", "../shared"));
    Path path = root.resolve(relative);
    assumeTrue(
        Files.exists(path),
        () -> "skipped: no reference data at " + path + " (set -Dddpm4j.shared=FOLDER)");
    return path;
  }
}
