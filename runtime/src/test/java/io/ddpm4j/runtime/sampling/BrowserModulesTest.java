package io.ddpm4j.runtime.sampling;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The modules of docs/browser pass their own tests, which need Node alone. */
class BrowserModulesTest {
  private static final Path PAGES =
      Path.of(System.getProperty("ddpm4j.root", ".."), "docs/browser");

  @Test
  void passTheirTests() throws IOException, InterruptedException {
    assumeTrue(hasNode(), "skipped: no node in PATH");
    Process node =
        new ProcessBuilder("node", "test/run-units.js")
            .directory(PAGES.toFile())
            .redirectErrorStream(true)
            .start();
    String said = new String(node.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, node.waitFor(), said);
    Matcher passed = Pattern.compile("(?m)^\\S+ pass (\\d+)$").matcher(said);
    assertTrue(passed.find() && Integer.parseInt(passed.group(1)) > 0, said);
  }

  private static boolean hasNode() {
    return Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, "node")));
  }
}
