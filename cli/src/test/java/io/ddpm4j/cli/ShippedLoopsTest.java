package io.ddpm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.runtime.DiffusionPipeline;
import io.ddpm4j.runtime.image.NumpyArray;
import io.ddpm4j.runtime.sampling.Samplers;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Stream;
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

  /** In grey values from 0 to 255: of the size that docs/exporting.md says of the networks. */
  @ParameterizedTest
  @CsvSource({
    "fashion-mnist,--fp16,20,1",
    "fashion-mnist,--int8,50,4",
    "emoji,--fp16,6,0.4",
    "emoji,--int8,20,2"
  })
  void aFormOfALoopCostsWhatThatOfTheNetworkDoes(
      String name, String form, double largest, double rms) throws IOException {
    Path network = Path.of(System.getProperty("ddpm4j.root", ".."), "models", name, "model.onnx");
    Path plain = dir.resolve("plain.onnx");
    Path formed = dir.resolve("formed.onnx");
    Object[] loop = {"export", network, "--sampler", "ddim:20", "--pixels", "float"};
    CommandRun.of(with(loop, "-o", plain)).succeeds();
    CommandRun.of(with(loop, form, "-o", formed)).succeeds();
    try (DiffusionPipeline pipeline =
        DiffusionPipeline.open(network).sampler(Samplers.ddim()).steps(20).build()) {
      LoopRun run = new LoopRun(4, new int[] {0, 1, 2, 3}, 1);
      NumpyArray expected = run.loop(plain, pipeline);
      NumpyArray found = run.loop(formed, pipeline);
      double most = 0;
      double squares = 0;
      for (int k = 0; k < found.size(); k++) {
        double difference = Math.abs(grey(expected.doubleAt(k)) - grey(found.doubleAt(k)));
        most = Math.max(most, difference);
        squares += difference * difference;
      }
      double root = Math.sqrt(squares / found.size());
      assertTrue(most <= largest && root <= rms, most + " and " + root);
      assertTrue(root > 0, "the form is another one");
    }
  }

  private static Object[] with(Object[] command, Object... more) {
    return Stream.concat(Arrays.stream(command), Arrays.stream(more)).toArray();
  }

  /** 0 to 255, not rounded. */
  private static double grey(double value) {
    return 127.5 * Math.min(Math.max(value + 1, 0), 2);
  }

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
      NumpyArray found = run.loop(file, pipeline);
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
