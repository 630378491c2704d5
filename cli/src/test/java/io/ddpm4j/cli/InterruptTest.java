package io.ddpm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Ctrl-C and kill, in a process of its own. */
@DisabledOnOs(OS.WINDOWS)
class InterruptTest {
  @TempDir Path dir;

  @Test
  void interruptedSamplingWritesNothing() throws Exception {
    Path model = TestModels.unet(dir.resolve("model.onnx"), 1, List.of());
    Path out = Files.createDirectory(dir.resolve("out"));
    // So many images that they would take minutes.
    Result result =
        interrupt(
            "INT",
            "500000 images",
            "sample",
            model,
            "-n",
            500_000,
            "--scale",
            1,
            "-o",
            out.resolve("x.png"));
    assertEquals(130, result.exitCode, result.said);
    assertTrue(result.said.contains("interrupted, nothing was written"), result.said);
    try (Stream<Path> files = Files.list(out)) {
      assertEquals(List.of(), files.toList());
    }
  }

  @Test
  void interruptedTrainingLeavesACheckpointAndSaysHowToGoOn() throws Exception {
    for (String signal : List.of("INT", "TERM")) {
      Path run = dir.resolve("run-" + signal);
      Result result =
          interrupt(
              signal,
              "parameters",
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
              4,
              "--sample-every",
              0,
              "--steps",
              10_000_000,
              "--out",
              run);
      assertEquals(signal.equals("INT") ? 130 : 143, result.exitCode, result.said);
      assertTrue(result.said.contains("ddpm train --resume --out " + run), result.said);
      try (Stream<Path> checkpoints = Files.list(run.resolve("checkpoints"))) {
        assertEquals(1, checkpoints.count());
      }
    }
  }

  @Test
  void interruptedEvaluationKeepsTheImagesThatAreFinished() throws Exception {
    Path model = TestModels.unet(dir.resolve("model.onnx"), 3, List.of());
    Path out = dir.resolve("evaluation");
    Result result =
        interrupt(
            "INT",
            "1000 images of shapes",
            "evaluate",
            model,
            "--data",
            "shapes",
            "--bits-per-dim",
            "-n",
            "all",
            "--batch-size",
            1,
            "--threads",
            1,
            "--out",
            out);
    assertEquals(130, result.exitCode, result.said);
    Matcher kept = Pattern.compile("interrupted after (\\d+) of 1000 images").matcher(result.said);
    assertTrue(kept.find(), result.said);
    assertTrue(result.said.contains("total"), result.said);
    String state = Files.readString(out.resolve("bits-per-dim.state.json"));
    assertTrue(state.contains("\"images\": " + kept.group(1) + ","), result.said);
  }

  private record Result(int exitCode, String said) {}

  /** Starts the command line, sends the signal soon after a line with that text, and waits. */
  private Result interrupt(String signal, String after, Object... args) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-Djava.awt.headless=true", "-cp"));
    command.add(
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")));
    command.add(Main.class.getName());
    Stream.of(args).map(Object::toString).forEach(command::add);
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    StringBuilder said = new StringBuilder();
    try (BufferedReader reader = process.inputReader()) {
      readUntil(reader, after, said);
      TimeUnit.MILLISECONDS.sleep(500);
      new ProcessBuilder("kill", "-" + signal, "" + process.pid()).start().waitFor();
      readUntil(reader, null, said);
      assertTrue(process.waitFor(30, TimeUnit.SECONDS), "ends after the signal");
    } finally {
      process.destroyForcibly();
    }
    return new Result(process.exitValue(), said.toString());
  }

  private static void readUntil(BufferedReader reader, String text, StringBuilder said)
      throws IOException {
    String line;
    while ((line = reader.readLine()) != null) {
      said.append(line).append('\n');
      if (text != null && line.contains(text)) {
        return;
      }
    }
  }
}
