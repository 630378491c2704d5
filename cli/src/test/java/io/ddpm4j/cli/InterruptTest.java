package io.ddpm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.OpSet;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.Value;
import io.ddpm4j.exporter.proto.OnnxModel;
import io.ddpm4j.exporter.proto.OnnxWriter;
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

  @Test
  void interruptedMeasuringOfSamplesKeepsTheRowsThatAreFinished() throws Exception {
    Path model = TestModels.unet(dir.resolve("model.onnx"), 3, List.of());
    Path features = TestModels.features(dir.resolve("features.onnx"), 3, List.of("any"));
    Path out = Files.createDirectory(dir.resolve("quality"));
    List<Object> args =
        List.of(
            "evaluate",
            model,
            "--data",
            "shapes",
            "--sample-quality",
            "--features",
            features,
            "--reference-images",
            16,
            "-n",
            300,
            "--neighbours",
            0,
            "--batch-size",
            1,
            "--threads",
            1,
            "--out",
            out,
            "--sampler",
            "ddim",
            "--steps");
    Result result =
        interrupt(
            "INT",
            (reader, said) -> awaitFile(out, "quality.state.json"),
            Stream.concat(args.stream(), Stream.of("1,15,16,17,18,19,20")).toArray());
    assertEquals(130, result.exitCode, result.said);
    assertTrue(result.said.contains("the same command goes on"), result.said);
    List<String> table = Files.readAllLines(out.resolve("quality.csv"));
    assertEquals(3, table.size(), result.said);
    assertTrue(table.get(2).startsWith("ddim,1,300,"), table.get(2));
    CommandRun.of(Stream.concat(args.stream(), Stream.of(1)).toArray())
        .succeeds()
        .prints("going on after 1 row");
    assertEquals(table, Files.readAllLines(out.resolve("quality.csv")), "and its time as it was");
  }

  /** The file is there, under another name, and is being tried out, which never ends. */
  @Test
  void interruptedExportLeavesWhatWasThere() throws Exception {
    Path model = endless(dir.resolve("endless.onnx"));
    for (String signal : List.of("INT", "TERM")) {
      Path out = Files.createDirectory(dir.resolve("out-" + signal));
      Path file = Files.writeString(out.resolve("model.onnx"), "of before");
      Result result =
          interrupt(
              signal,
              (reader, said) -> awaitFile(out, ".ddpm-.*"),
              "export",
              model,
              "--external-data",
              "-o",
              file);
      assertEquals(signal.equals("INT") ? 130 : 143, result.exitCode, result.said);
      assertEquals("ddpm: interrupted, nothing was written\n", result.said);
      assertEquals("of before", Files.readString(file));
      try (Stream<Path> files = Files.list(out)) {
        assertEquals(List.of(file), files.toList());
      }
    }
  }

  /** A model with weights that takes as many steps as int64 has numbers. */
  private static Path endless(Path file) throws IOException {
    Graph graph = new Graph("endless", OpSet.onnx(OpSet.DEFAULT_VERSION));
    Value x = graph.input("x", DataType.FLOAT, Shape.of(64, 64));
    Graph body = graph.subgraph("body");
    body.input("step", DataType.INT64, Shape.SCALAR);
    Value goOn = body.input("go_on", DataType.BOOL, Shape.SCALAR);
    Value y = body.input("y", DataType.FLOAT, x.shape());
    Value weight = graph.constant("weight", TensorData.ofFloats(new float[64 * 64], 64, 64));
    body.output("go_on_next", goOn);
    body.output("y_next", new Ops(body).matMul(y, weight));
    Ops ops = new Ops(graph);
    Value steps = ops.constant(TensorData.scalar(Long.MAX_VALUE));
    Value always = ops.constant(TensorData.ofBools(new boolean[] {true}));
    graph.output("z", ops.loop(steps, always, List.of(x), body).get(0));
    OnnxWriter.write(OnnxModel.of(graph), file);
    return file;
  }

  private static void awaitFile(Path folder, String name) throws Exception {
    for (int tries = 0; tries < 600; tries++) {
      try (Stream<Path> files = Files.list(folder)) {
        if (files.anyMatch(file -> file.getFileName().toString().matches(name))) {
          return;
        }
      }
      TimeUnit.MILLISECONDS.sleep(100);
    }
    throw new AssertionError("no file " + name + " in " + folder);
  }

  private record Result(int exitCode, String said) {}

  /** Waits until a process is where the signal is to meet it. */
  @FunctionalInterface
  private interface Moment {
    void await(BufferedReader reader, StringBuilder said) throws Exception;
  }

  /** Starts the command line, sends the signal soon after a line with that text, and waits. */
  private Result interrupt(String signal, String after, Object... args) throws Exception {
    return interrupt(signal, (reader, said) -> readUntil(reader, after, said), args);
  }

  /** The same, soon after that moment. */
  private Result interrupt(String signal, Moment moment, Object... args) throws Exception {
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
      moment.await(reader, said);
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
