package io.ddpm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.ddpm4j.runtime.DiffusionPipeline;
import io.ddpm4j.runtime.image.NumpyArray;
import io.ddpm4j.runtime.sampling.Samplers;
import io.ddpm4j.testing.NpyFile;
import io.ddpm4j.testing.SharedData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Stored networks that predict a variance, as loops: the images of the Java loop. */
class LearnedVarianceLoopTest {
  private static final double ROUNDING = 3e-5; // of the largest number in a run
  private static final int STEPS = 6;

  /** What images with and without the learned variance differ by at least. */
  private static final double OTHER = 1e-2;

  @TempDir Path dir;

  /** Those whose output has twice the channels of their input. */
  static List<Path> networks() throws IOException {
    List<Path> found = new ArrayList<>();
    if (SharedData.exists("golden/unets")) {
      try (Stream<Path> folders = Files.list(SharedData.path("golden/unets"))) {
        for (Path folder : folders.sorted().toList()) {
          if (Files.exists(folder.resolve("output.npy"))
              && shape(folder, "output.npy")[1] == 2 * shape(folder, "sample.npy")[1]) {
            found.add(folder);
          }
        }
      }
    }
    return found.isEmpty() ? List.of(Path.of("none")) : found;
  }

  private static int[] shape(Path folder, String array) throws IOException {
    return NpyFile.read(folder.resolve(array)).shape();
  }

  private Path model(Path folder) throws IOException {
    Path scheduler = dir.resolve("scheduler.json");
    Files.writeString(
        scheduler,
        """
        {"_class_name": "DDPMScheduler", "num_train_timesteps": 1000,
         "variance_type": "learned_range"}
        """);
    Path model = dir.resolve("model.onnx");
    List<Object> command = new ArrayList<>(List.of("convert"));
    JsonObject info =
        JsonParser.parseString(Files.readString(folder.resolve("info.json"))).getAsJsonObject();
    if (info.has("args")) {
      int[] shape = shape(folder, "sample.npy");
      Path config = Files.writeString(dir.resolve("args.json"), info.get("args").toString());
      command.add(folder.resolve("model.pt"));
      command.addAll(List.of("--config", config, "--size", shape[2] + "x" + shape[3]));
    } else {
      command.add(folder);
    }
    command.addAll(List.of("--scheduler", scheduler, "-o", model));
    CommandRun.of(command.toArray()).succeeds();
    return model;
  }

  @ParameterizedTest
  @MethodSource("networks")
  void aLearnedVarianceIsThatOfTheJavaLoop(Path folder) throws IOException {
    SharedData.path("golden/unets");
    assumeTrue(Files.exists(folder), "skipped: no stored network predicts a variance");
    Path network = model(folder);
    Path file = dir.resolve("loop.onnx");
    CommandRun.of("export", network, "--sampler", "ddpm:" + STEPS, "--pixels", "float", "-o", file)
        .succeeds();
    boolean labels = Files.exists(folder.resolve("class_labels.npy"));
    LoopRun run = new LoopRun(2, labels ? new int[] {1, 0} : new int[0], 1);
    try (DiffusionPipeline pipeline = pipeline(network, "learned_range");
        DiffusionPipeline fixed = pipeline(network, "fixed_large")) {
      assertEquals("learned_range", pipeline.schedulerConfig().varianceType().label());
      float[] largest = {1};
      float[] expected = run.java(pipeline, largest);
      NumpyArray found = run.loop(file, pipeline);
      double difference = LoopRun.difference(expected, found);
      assertTrue(difference <= ROUNDING * largest[0], "differs by " + difference);
      double other = LoopRun.difference(run.java(fixed, new float[1]), found);
      assertTrue(other >= OTHER, "a fixed variance differs by " + other);
    }
  }

  private static DiffusionPipeline pipeline(Path network, String variance) throws IOException {
    return DiffusionPipeline.open(network)
        .sampler(
            Samplers.changed(
                model -> Samplers.configuration("ddpm", model).with("variance_type", variance)))
        .steps(STEPS)
        .threads(1)
        .build();
  }
}
