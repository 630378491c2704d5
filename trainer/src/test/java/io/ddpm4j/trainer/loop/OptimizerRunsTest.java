package io.ddpm4j.trainer.loop;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.nn.UNet;
import io.ddpm4j.exporter.nn.UNetConfig;
import io.ddpm4j.exporter.proto.OnnxFile;
import io.ddpm4j.exporter.proto.OnnxReader;
import io.ddpm4j.runtime.model.ModelMetadata;
import io.ddpm4j.runtime.sampling.Cancellation;
import io.ddpm4j.trainer.checkpoint.Checkpoint;
import io.ddpm4j.trainer.data.ShapesDataset;
import io.ddpm4j.trainer.report.Column;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whole runs with what the optimizer can do beside Adam, and with dropout. */
class OptimizerRunsTest {
  private static final TrainListener SILENT = new TrainListener() {};
  private static final double RATE = 1e-3;

  @TempDir Path folder;

  private static TrainConfig config(long steps, UnaryOperator<OptimizerConfig> change) {
    TrainConfig config = TrainerTest.config(steps, 0, RATE, true);
    return config.withOptimizer(change.apply(config.optimizer()));
  }

  /** Batches of that size, several to a step, and a weight decay. */
  private static OptimizerConfig with(
      OptimizerConfig o, int batchSize, int accumulate, double weightDecay) {
    return new OptimizerConfig(
        batchSize,
        o.learningRate(),
        o.warmupSteps(),
        o.beta1(),
        o.beta2(),
        o.epsilon(),
        o.maxGradientNorm(),
        o.emaDecay(),
        accumulate,
        o.lrSchedule(),
        o.minLearningRate(),
        weightDecay,
        o.furtherEmaDecays());
  }

  private static TrainConfig dropping(long steps, double share) {
    TrainConfig config = TrainerTest.config(steps, 0, RATE, true);
    return new TrainConfig(
        config.data(),
        config.network().withDropout(share),
        config.diffusion(),
        config.optimizer(),
        config.run());
  }

  private void train(String name, TrainConfig config) throws IOException {
    Trainer.create(folder.resolve(name), config, w -> {}).run(SILENT, new Cancellation());
  }

  private void resume(String name, long steps) throws IOException {
    Trainer.resume(folder.resolve(name), Optional.of(steps), w -> {})
        .run(SILENT, new Cancellation());
  }

  private Checkpoint last(String name) throws IOException {
    RunFolder run = new RunFolder(folder.resolve(name));
    return run.checkpoints().read(run.checkpoints().latest().orElseThrow());
  }

  /** The learning rates of {@code metrics.csv}. */
  private List<Double> rates(String name) throws IOException {
    return Files.readAllLines(folder.resolve(name).resolve("metrics.csv")).stream()
        .skip(1)
        .map(line -> Double.parseDouble(line.split(",")[Column.LEARNING_RATE.ordinal()]))
        .toList();
  }

  // --- learning rate ---------------------------------------------------------------------------

  @Test
  void theRateRisesAndFallsOverTheStepsOfTheRun() throws IOException {
    train("run", config(30, o -> o.withLrSchedule("linear", 1e-4)));
    List<Double> rates = rates("run");
    for (int step = 1; step <= 30; step++) {
      double expected = step <= 10 ? RATE * step / 10 : 1e-4 + (RATE - 1e-4) * (31 - step) / 20;
      assertEquals(expected, rates.get(step - 1), 1e-5 * expected, "step " + step);
    }
  }

  @Test
  void aRunInTwoPartsFallsAlike() throws IOException {
    TrainConfig whole = config(24, o -> o.withLrSchedule("cosine", 0));
    train("whole", whole);
    Cancellation cancellation = new Cancellation();
    TrainListener stop =
        new TrainListener() {
          @Override
          public void onStep(TrainStep step) {
            if (step.step() == 13) {
              cancellation.cancel();
            }
          }
        };
    Trainer.create(folder.resolve("parts"), whole, w -> {}).run(stop, cancellation);
    resume("parts", 24);
    assertEquals(rates("whole"), rates("parts"));
    assertEquals(last("whole").tensors(), last("parts").tensors());
  }

  @Test
  void anotherRateTakesTheLeastOneAlong() throws IOException {
    train("run", config(11, o -> o.withLrSchedule("linear", RATE / 4)));
    Trainer.resume(folder.resolve("run"), Optional.of(12L), OptionalDouble.of(RATE / 10), w -> {})
        .run(SILENT, new Cancellation());
    OptimizerConfig kept = new RunFolder(folder.resolve("run")).readConfig().optimizer();
    assertEquals(RATE / 10, kept.learningRate());
    assertEquals(RATE / 40, kept.minLearningRate(), 1e-18);
    assertEquals("linear", kept.lrSchedule());
  }

  // --- batches ---------------------------------------------------------------------------------

  @ParameterizedTest
  @CsvSource({"4, 3", "1, 12", "6, 2", "5, 1"})
  void accumulatedBatchesAreOneLargeOne(int batchSize, int accumulate) throws IOException {
    train("parts", config(12, o -> with(o, batchSize, accumulate, 0)));
    train("whole", config(12, o -> with(o, batchSize * accumulate, 1, 0)));
    Checkpoint parts = last("parts");
    Checkpoint whole = last("whole");
    assertEquals(whole.images(), parts.images());
    assertEquals(12L * batchSize * accumulate, parts.images());
    assertEquals(whole.position(), parts.position());
    assertEquals(whole.smoothedLoss(), parts.smoothedLoss(), 1e-5);
    for (Map.Entry<String, TensorData> each : whole.state("weights").entrySet()) {
      float[] found = parts.state("weights").get(each.getKey()).floats();
      assertArrayEquals(each.getValue().floats(), found, 2e-4f, each.getKey());
    }
  }

  // --- weight decay ----------------------------------------------------------------------------

  @Test
  void weightDecayShrinksWhatAdamAloneWouldLeave() throws IOException {
    train("adam", config(1, o -> with(o, 4, 1, 0)));
    train("decayed", config(1, o -> with(o, 4, 1, 100)));
    double rate = RATE / 10; // the first of ten steps of warm-up
    TrainConfig config = new RunFolder(folder.resolve("adam")).readConfig();
    UNetConfig unet = config.network().unet(new ShapesDataset(1, 8, 0));
    Map<String, TensorData> begin = UNet.parameters(unet).initialize(config.run().seed());
    for (Map.Entry<String, TensorData> each : last("adam").state("weights").entrySet()) {
      float[] before = begin.get(each.getKey()).floats();
      float[] adam = each.getValue().floats();
      float[] decayed = last("decayed").state("weights").get(each.getKey()).floats();
      for (int i = 0; i < adam.length; i++) {
        assertEquals(adam[i] - rate * 100 * before[i], decayed[i], 1e-6, each.getKey());
      }
    }
  }

  // --- averages --------------------------------------------------------------------------------

  @Test
  void everyAverageIsKeptResumedAndExported() throws IOException {
    TrainConfig config = config(20, o -> o.withEmaDecays(List.of(0.99, 0.5, 0.25)));
    train("whole", config);
    train("parts", config.withRun(config.run().withSteps(9)));
    resume("parts", 20);
    assertEquals(last("whole").tensors(), last("parts").tensors(), "bit for bit");
    Path run = folder.resolve("whole");
    Map<Double, String> vectors = Map.of(0.99, "ema", 0.5, "ema_0.5", 0.25, "ema_0.25");
    for (Map.Entry<Double, String> each : vectors.entrySet()) {
      Path file = folder.resolve(each.getValue() + ".onnx");
      RunExporter.export(run, file, OptionalDouble.of(each.getKey()));
      OnnxFile model = OnnxReader.read(file);
      Map<String, TensorData> average = last("whole").state(each.getValue());
      assertTrue(!average.isEmpty());
      Map<String, TensorData> exported = model.initializers();
      average.forEach((name, tensor) -> assertEquals(tensor, exported.get(name), name));
      ModelMetadata metadata = ModelMetadata.parse("model", model.metadata());
      assertEquals(each.getKey().toString(), metadata.provenance().get("ema_decay"));
    }
    RunExporter.export(run, folder.resolve("default.onnx"));
    assertEquals(
        -1,
        Files.mismatch(folder.resolve("ema.onnx"), folder.resolve("default.onnx")),
        "the first");
    assertNotEquals(last("whole").state("ema"), last("whole").state("ema_0.5"));
  }

  @Test
  void anAverageThatTheRunHasNotIsRefused() throws IOException {
    train("one", config(1, o -> o));
    train("two", config(1, o -> o.withEmaDecays(List.of(0.99, 0.9999))));
    refuses("one", "--ema: expected 0.99, the run's EMA decay, found 0.9");
    refuses("two", "--ema: expected one of the run's EMA decays, 0.99, 0.9999, found 0.9");
  }

  private void refuses(String run, String message) {
    Path file = folder.resolve("model.onnx");
    Exception e =
        assertThrows(
            IllegalArgumentException.class,
            () -> RunExporter.export(folder.resolve(run), file, OptionalDouble.of(0.9)));
    assertEquals(message, e.getMessage());
    assertTrue(!Files.exists(file));
  }

  // --- dropout ---------------------------------------------------------------------------------

  @Test
  void whatIsDroppedIsTheSameAfterAResume() throws IOException {
    train("whole", dropping(20, 0.3));
    train("parts", dropping(7, 0.3));
    resume("parts", 20);
    assertEquals(last("whole").tensors(), last("parts").tensors(), "bit for bit");
    train("none", dropping(20, 0));
    assertNotEquals(last("whole").tensors(), last("none").tensors());
  }

  @Test
  void theExportedModelSaysAndDropsNothing() throws IOException {
    train("run", dropping(2, 0.3));
    Path file = folder.resolve("model.onnx");
    RunExporter.export(folder.resolve("run"), file);
    OnnxFile model = OnnxReader.read(file);
    Graph graph = model.toModel().graph();
    assertTrue(model.metadata().get("ddpm4j.unet").contains("\"dropout\":0.3"));
    assertEquals(
        List.of("sample", "timestep", "class_labels"),
        graph.inputs().stream().map(value -> value.name()).toList());
    assertTrue(graph.nodes().stream().noneMatch(n -> n.op().equals("Dropout")));
  }

  @Test
  void aRunGoesOnFromAModelWithItsDropoutOrAnother() throws IOException {
    train("run", dropping(2, 0.3));
    Path file = folder.resolve("model.onnx");
    RunExporter.export(folder.resolve("run"), file);
    InitialModel model = InitialModel.read(file);
    assertEquals(0.3, model.network().orElseThrow().dropout());
    train("next", dropping(1, 0).withInit(model.init()));
    train("more", dropping(1, 0.5).withInit(model.init()));
    assertNotEquals(last("next").tensors(), last("more").tensors());
  }
}
