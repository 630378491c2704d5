package io.ddpm4j.examples.imageserver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The application as its README starts it. */
@Timeout(120)
class PackagedServerIT {
  private static final Path ROOT = Path.of(System.getProperty("ddpm4j.root", "../../.."));
  private static final String JAR = "docs/examples/image-server/target/image-server.jar";
  private static final int SIGTERM = 143; // 128 + 15

  @TempDir Path dir;

  /** The application; what it says goes to a file, which is complete when it has ended. */
  private Process java(String... arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-jar", JAR));
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command)
        .directory(ROOT.toFile())
        .redirectErrorStream(true)
        .redirectOutput(said().toFile())
        .start();
  }

  private Path said() {
    return dir.resolve("said.txt");
  }

  @Test
  void servesAnImageAndEndsWhenItIsToldTo() throws Exception {
    Process process = java("models/fashion-mnist", "0", "2");
    try {
      while (Files.readString(said()).lines().count() < 2 && process.isAlive()) {
        Thread.sleep(10);
      }
      List<String> lines = Files.readAllLines(said());
      assertTrue(lines.get(0).startsWith("http://127.0.0.1:"), lines.toString());
      assertTrue(lines.get(1).startsWith("classes: t-shirt, "), lines.toString());
      var image = ImageIO.read(URI.create(lines.get(0)).toURL());
      assertEquals(List.of(28, 28), List.of(image.getWidth(), image.getHeight()));

      process.destroy();
      assertTrue(process.waitFor(30, TimeUnit.SECONDS));
      if (process.supportsNormalTermination()) {
        assertEquals(SIGTERM, process.exitValue());
        assertEquals(lines, Files.readAllLines(said()), "and nothing more at its end");
      }
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void saysWhatIsWrongInOneLine() throws Exception {
    assertEquals(1, java("no-such-model.onnx").waitFor());
    List<String> lines = Files.readAllLines(said());
    assertEquals(1, lines.size(), lines.toString());
    assertTrue(lines.get(0).startsWith("image-server: no-such-model.onnx"), lines.get(0));
  }
}
