package io.ddpm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * A disk that takes no more: a process of its own in which no file may grow beyond a size. Writing
 * on fails as on a full disk, with another reason.
 */
@EnabledOnOs(OS.LINUX)
class FullDiskTest {
  private static final String CLASS_PATH =
      System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));

  @TempDir Path dir;

  @Test
  void aPictureIsWholeOrNotThere() throws Exception {
    Path image = dir.resolve("image.png");
    ImageIO.write(new BufferedImage(64, 64, BufferedImage.TYPE_INT_RGB), "png", image.toFile());
    Path out = Files.createDirectory(dir.resolve("out"));
    fails(8, List.of(), "noise", image, "-o", out.resolve("x.png"));
    assertEquals(List.of(), files(out));
  }

  @Test
  void aModelIsWholeOrNotThereAndNamed() throws Exception {
    Path run = dir.resolve("run");
    assertEquals(0, CommandRun.of(training(run, 1)).exitCode());
    Path out = Files.createDirectory(dir.resolve("out"));
    String said = fails(8, List.of(), "export", run, "-o", out.resolve("x.onnx"));
    assertTrue(said.contains(out.resolve("x.onnx") + ": File too large"), said);
    assertEquals(List.of(), files(out));
  }

  @Test
  void metricsThatCannotBeWrittenEndARun() throws Exception {
    Path natives = dir.resolve("natives"); // unpacked here: there nothing that large can be written
    FirstRun.unpack(onnxRuntime(), natives);
    Path run = dir.resolve("run");
    String said =
        fails(4, List.of("-Donnxruntime.native.path=" + natives), training(run, 1_000_000));
    assertTrue(said.contains(run.resolve("metrics.csv") + ": File too large"), said);
  }

  private static Object[] training(Path run, int steps) {
    return new Object[] {
      "train",
      "--data",
      "shapes",
      "--image-size",
      8,
      "--widths",
      "8,8",
      "--groups",
      4,
      "--batch-size",
      1,
      "--sample-every",
      0,
      "--checkpoint-every",
      0,
      "--threads",
      1,
      "--steps",
      steps,
      "--out",
      run
    };
  }

  /** The sentence with which it ended, after any progress, with exit code 1. */
  private static String fails(int blocks, List<String> properties, Object... args)
      throws Exception {
    List<String> command =
        new ArrayList<>(List.of("sh", "-c", "ulimit -f " + blocks + "; exec \"$@\"", "sh"));
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:-UsePerfData"));
    command.addAll(List.of("-Djava.awt.headless=true", "-cp", CLASS_PATH));
    command.addAll(properties);
    command.add(Main.class.getName());
    Stream.of(args).map(Object::toString).forEach(command::add);
    Process process =
        new ProcessBuilder(command).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
    try {
      String said = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
      assertTrue(process.waitFor(60, TimeUnit.SECONDS), "ends");
      assertEquals(1, process.exitValue(), said);
      String last = said.lines().reduce("", (before, line) -> line);
      assertTrue(last.startsWith("ddpm: ") && !said.contains("\tat "), said);
      return last;
    } finally {
      process.destroyForcibly();
    }
  }

  private static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.toList();
    }
  }

  private static Path onnxRuntime() {
    return Stream.of(CLASS_PATH.split(File.pathSeparator))
        .filter(entry -> entry.matches(".*onnxruntime[^/]*\\.jar"))
        .map(Path::of)
        .findFirst()
        .orElseThrow();
  }
}
