package io.ddpm4j.examples.imageserver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The application as its README starts it. */
@Timeout(120)
class PackagedServerIT {
  private static final Path ROOT = Path.of(System.getProperty("ddpm4j.root", "../../.."));
  private static final String JAR = "docs/examples/image-server/target/image-server.jar";
  private static final int SIGTERM = 143; // 128 + 15

  private static Process java(String... arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-jar", JAR));
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command).directory(ROOT.toFile()).redirectErrorStream(true).start();
  }

  private static BufferedReader output(Process process) {
    return new BufferedReader(
        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  @Test
  void servesAnImageAndEndsWhenItIsToldTo() throws Exception {
    Process process = java("models/fashion-mnist", "0", "2");
    try (BufferedReader output = output(process)) {
      String address = output.readLine();
      assertNotNull(address);
      assertTrue(address.startsWith("http://127.0.0.1:"), address);
      assertTrue(output.readLine().startsWith("classes: t-shirt, "));
      var image = ImageIO.read(URI.create(address).toURL());
      assertEquals(List.of(28, 28), List.of(image.getWidth(), image.getHeight()));

      process.destroy();
      // Process.destroy closes our end of its output: what it says at its end is not seen here.
      assertTrue(process.waitFor(30, TimeUnit.SECONDS));
      if (process.supportsNormalTermination()) {
        assertEquals(SIGTERM, process.exitValue());
      }
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void saysWhatIsWrongInOneLine() throws Exception {
    Process process = java("no-such-model.onnx");
    try (BufferedReader output = output(process)) {
      List<String> lines = output.lines().toList();
      assertEquals(1, process.waitFor());
      assertEquals(1, lines.size(), lines.toString());
      assertTrue(lines.get(0).startsWith("image-server: no-such-model.onnx"), lines.get(0));
    }
  }
}
