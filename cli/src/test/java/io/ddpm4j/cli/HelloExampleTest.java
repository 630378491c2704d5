package io.ddpm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The example of one file runs as its page says, and writes a picture. */
class HelloExampleTest {
  @TempDir Path dir;

  @Test
  void writesAGrid() throws Exception {
    Path model = Path.of("models/fashion-mnist/model.onnx");
    Files.createDirectories(dir.resolve(model).getParent());
    Files.copy(Documents.ROOT.resolve(model), dir.resolve(model));
    Process java =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty(
                    "surefire.test.class.path", System.getProperty("java.class.path")),
                Documents.ROOT.resolve("docs/examples/Hello.java").toRealPath().toString())
            .directory(dir.toFile())
            .redirectErrorStream(true)
            .start();
    String said = new String(java.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, java.waitFor(), said);
    BufferedImage picture = ImageIO.read(dir.resolve("hello.png").toFile());
    assertTrue(picture.getWidth() >= 4 * 28, "width " + picture.getWidth());
  }
}
