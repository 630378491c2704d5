package io.ddpm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.runtime.DiffusionPipeline;
import io.ddpm4j.runtime.image.NumpyArray;
import io.ddpm4j.runtime.sampling.Samplers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Loops of the models that ship give the pictures of the Java loop, with guidance. */
@Tag("slow")
class ShippedLoopsTest {
  private static final double TOLERANCE = 1e-4; // 2e-6 is seen

  /** Pictures, not one colour. */
  private static final int LEVELS = 50;

  @TempDir Path dir;

  @ParameterizedTest
  @CsvSource({
    "fashion-mnist,ddim,10",
    "fashion-mnist,dpmpp_2m,10",
    "fashion-mnist,ddpm,20",
    "emoji,ddim,10",
    "emoji,dpmpp_2m,10",
    "emoji,ddpm,20"
  })
  void aShippedModelAsALoop(String name, String method, int steps) throws IOException {
    Path network = Path.of(System.getProperty("ddpm4j.root", ".."), "models", name, "model.onnx");
    Path file = dir.resolve("loop.onnx");
    CommandRun.of(
            "export", network, "--sampler", method + ":" + steps, "--pixels", "float", "-o", file)
        .succeeds();
    try (DiffusionPipeline pipeline =
        DiffusionPipeline.open(network)
            .sampler(Samplers.named(method))
            .steps(steps)
            .threads(1)
            .build()) {
      LoopRun run = LoopRun.ofClasses(pipeline.metadata().classNames(), 2, 2);
      float[] expected = run.java(pipeline, new float[1]);
      NumpyArray found = run.loop(Files.readAllBytes(file), pipeline);
      assertEquals(expected.length, found.size());
      Set<Long> levels = new HashSet<>();
      for (int k = 0; k < found.size(); k++) {
        levels.add(Math.round(found.doubleAt(k) * 127));
      }
      assertTrue(levels.size() > LEVELS, "found " + levels.size() + " levels");
      double difference = LoopRun.difference(expected, found);
      assertTrue(difference <= TOLERANCE, method + ": differs by " + difference);
    }
  }
}
