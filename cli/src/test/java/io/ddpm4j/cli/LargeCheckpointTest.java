package io.ddpm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.proto.OnnxReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Checkpoints that are larger than Java's heap are converted, tried out and all. */
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
    Path torch = dir.resolve("diffusion_pytorch_model.bin");
    checkpoint.writeTorch(torch);
    converts(torch, checkpoint);
  }

  /** In a process of its own, since this one has more memory. */
  private void converts(Path source, LargeCheckpoint checkpoint) throws Exception {
    assertTrue(Files.size(source) >= LEAST, source + ": " + Files.size(source));
    Path out = dir.resolve("out.onnx");
    Path said = dir.resolve("said.txt");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                HEAP,
                "-Djava.awt.headless=true",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName(),
                "convert",
                source.toString(),
                "-o",
                out.toString())
            .redirectErrorStream(true)
            .redirectOutput(said.toFile())
            .start();
    try {
      assertTrue(process.waitFor(5, TimeUnit.MINUTES), "ends");
      assertEquals(0, process.exitValue(), Files.readString(said, StandardCharsets.UTF_8));
    } finally {
      process.destroyForcibly();
    }
    requireWeights(checkpoint, out);
    Files.delete(out);
  }

  private static void requireWeights(LargeCheckpoint checkpoint, Path model) throws IOException {
    Map<String, TensorData> found = OnnxReader.read(model).initializers();
    List<String> missing =
        checkpoint.tensors().entrySet().stream()
            .filter(tensor -> !tensor.getValue().equals(found.get(tensor.getKey())))
            .map(Map.Entry::getKey)
            .toList();
    assertEquals(List.of(), missing);
  }
}
