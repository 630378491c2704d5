package io.ddpm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.proto.OnnxReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Models that are larger than Java's heap are converted and exported, tried out and all. */
@Tag("slow")
class LargeCheckpointTest {
  private static final long LEAST = 500_000_000; // bytes
  private static final String HEAP = "-Xmx300m";

  @TempDir Path dir;

  @Test
  void halfAGigabyteWithinThreeHundredMegabytesOfHeap() throws Exception {
    LargeCheckpoint checkpoint = new LargeCheckpoint(5);
    Files.writeString(dir.resolve("config.json"), checkpoint.config());
    Path safetensors = dir.resolve("diffusion_pytorch_model.safetensors");
    checkpoint.writeSafetensors(safetensors);
    converts(safetensors, checkpoint);
    Files.delete(safetensors);
    Path model = dir.resolve("out.onnx");
    Path schedule = dir.resolve("schedule.json");
    Files.writeString(schedule, "{\"_class_name\": \"DDIMScheduler\"}");
    String loop = "--sampler ddim:2 --scheduler " + schedule;
    for (String form : List.of("--opset 18", "--fp16", "--int8", "--external-data", loop)) {
      List<String> arguments = new ArrayList<>(List.of("export", model.toString()));
      arguments.addAll(List.of(form.split(" ")));
      Path other = dir.resolve("other.onnx");
      arguments.addAll(List.of("-o", other.toString()));
      run(arguments);
      assertTrue(Files.exists(other), form);
    }
    requireLoop(checkpoint, dir.resolve("other.onnx"));
    Files.delete(model);
    Path torch = dir.resolve("diffusion_pytorch_model.bin");
    checkpoint.writeTorch(torch);
    converts(torch, checkpoint);
  }

  private void converts(Path source, LargeCheckpoint checkpoint) throws Exception {
    assertTrue(Files.size(source) >= LEAST, source + ": " + Files.size(source));
    Path out = dir.resolve("out.onnx");
    run(List.of("convert", source.toString(), "-o", out.toString()));
    requireSame(checkpoint, OnnxReader.read(out).constants(), "");
  }

  /** In a process of its own, since this one has more memory. */
  private void run(List<String> arguments) throws Exception {
    Path said = dir.resolve("said.txt");
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                HEAP,
                "-Djava.awt.headless=true",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName()));
    command.addAll(arguments);
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(said.toFile()).start();
    try {
      assertTrue(process.waitFor(5, TimeUnit.MINUTES), "ends");
      assertEquals(0, process.exitValue(), Files.readString(said, StandardCharsets.UTF_8));
    } finally {
      process.destroyForcibly();
    }
  }

  /** The weights in the loop are those of the network, and it takes the same heap to see that. */
  private void requireLoop(LargeCheckpoint checkpoint, Path loop) throws Exception {
    requireSame(checkpoint, OnnxReader.read(loop).constants(), "step/");
    run(List.of("diff", loop.toString(), loop.toString(), "-n", "1"));
  }

  private static void requireSame(
      LargeCheckpoint checkpoint, Map<String, TensorData> found, String scope) {
    List<String> missing =
        checkpoint.tensors().entrySet().stream()
            .filter(tensor -> !tensor.getValue().equals(found.get(scope + tensor.getKey())))
            .map(Map.Entry::getKey)
            .toList();
    assertEquals(List.of(), missing);
  }
}
