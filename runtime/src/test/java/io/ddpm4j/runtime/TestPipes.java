package io.ddpm4j.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;

/** Named pipes: files that are neither regular nor folders. */
public final class TestPipes {
  private TestPipes() {}

  /** Makes one; skips the test where that is not possible. */
  public static Path make(Path path) throws IOException, InterruptedException {
    assumeTrue(File.separatorChar == '/', "skipped: no named pipes here");
    assertEquals(0, new ProcessBuilder("mkfifo", path.toString()).start().waitFor());
    return path;
  }
}
