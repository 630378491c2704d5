package io.ddpm4j.trainer.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.proto.OnnxFile;
import io.ddpm4j.exporter.proto.OnnxReader;
import io.ddpm4j.runtime.DiffusionPipeline;
import io.ddpm4j.runtime.model.ModelMetadata;
import io.ddpm4j.runtime.sampling.Cancellation;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import io.ddpm4j.runtime.schedule.VarianceType;
import io.ddpm4j.trainer.checkpoint.Checkpoint;
import io.ddpm4j.trainer.checkpoint.CheckpointException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whole runs for each objective. */
class ObjectiveRunsTest {
  private static final TrainListener SILENT = new TrainListener() {};

  @TempDir Path folder;

  private static TrainConfig with(TrainConfig config, DiffusionConfig diffusion) {
    return new TrainConfig(
        config.data(), config.network(), diffusion, config.optimizer(), config.run());
  }

  /** Four timesteps, so that each has its losses after a few steps. */
  private static TrainConfig config(long steps, ObjectiveConfig objective) {
    DiffusionConfig diffusion = new DiffusionConfig(4, "linear", 0.05, 0.8, "epsilon");
    return with(TrainerTest.config(steps, 0, 1e-3, true), diffusion.withObjective(objective));
  }

  private static final ObjectiveConfig HYBRID = new ObjectiveConfig("hybrid", null, 0, null, 0);
  private static final ObjectiveConfig IMPORTANCE =
      new ObjectiveConfig("hybrid", null, 0, "loss-second-moment", 0.1);

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

  private List<Double> losses(String name) throws IOException {
    List<String> lines = Files.readAllLines(folder.resolve(name).resolve("metrics.csv"));
    int column = List.of(lines.get(0).split(",")).indexOf("loss");
    return lines.stream().skip(1).map(line -> Double.parseDouble(line.split(",")[column])).toList();
  }

  private static double mean(List<Double> values) {
    return values.stream().mapToDouble(v -> v).average().orElseThrow();
  }

  /** To less than a share of that of the first steps; of a bound more is left by its nature. */
  @ParameterizedTest
  @CsvSource({
    "sample, simple, fixed_small, 0, uniform, 0, 0.5",
    "v_prediction, simple, fixed_large, 5, uniform, 0, 0.7",
    "epsilon, simple, fixed_small, 5, loss-second-moment, 0.1, 0.5",
    "epsilon, vlb, fixed_small, 0, uniform, 0, 0.8",
    "epsilon, vlb, fixed_large, 0, loss-second-moment, 0, 0.8",
    "sample, vlb, learned_range, 0, uniform, 0, 0.5",
    "v_prediction, hybrid, learned_range, 0, uniform, 0, 0.7",
    "epsilon, hybrid, learned_range, 5, loss-second-moment, 0, 0.5"
  })
  void theLossFalls(
      String prediction,
      String loss,
      String variance,
      double minSnr,
      String timesteps,
      double offset,
      double share)
      throws IOException {
    TrainConfig config = TrainerTest.config(150, 0, 3e-3, true);
    OptimizerConfig o = config.optimizer();
    OptimizerConfig wide =
        new OptimizerConfig(8, 3e-3, 10, o.beta1(), o.beta2(), o.epsilon(), 0, o.emaDecay());
    DiffusionConfig diffusion =
        new DiffusionConfig(
            10,
            "linear",
            0.01,
            0.5,
            prediction,
            null,
            new ObjectiveConfig(loss, variance, minSnr, timesteps, offset));
    train("run", with(config, diffusion).withOptimizer(wide));
    List<Double> losses = losses("run");
    double first = mean(losses.subList(0, 20));
    double last = mean(losses.subList(losses.size() - 50, losses.size()));
    assertTrue(last < share * first, first + " to " + last);
  }

  @Test
  void importanceSamplingGoesOnBitForBit() throws IOException {
    train("whole", config(40, IMPORTANCE));
    for (int stopped : new int[] {3, 30}) { // before and after every timestep has its losses
      String name = "parts" + stopped;
      train(name, config(stopped, IMPORTANCE));
      resume(name, 40);
      assertEquals(last("whole").tensors(), last(name).tensors(), "stopped after " + stopped);
      assertEquals(losses("whole"), losses(name));
    }
    Map<String, TensorData> kept = last("whole").state(Checkpoint.TIMESTEPS);
    assertEquals(List.of(10L, 10L, 10L, 10L), boxed(kept.get("counts").longs()));
    train("uniform", config(40, new ObjectiveConfig("hybrid", null, 0, "uniform", 0.1)));
    assertNotEquals(last("whole").state("weights"), last("uniform").state("weights"));
    assertTrue(last("uniform").state(Checkpoint.TIMESTEPS).isEmpty());
    // Until then they are the same.
    assertEquals(losses("uniform").subList(0, 9), losses("whole").subList(0, 9));
  }

  private static List<Long> boxed(long[] values) {
    return Arrays.stream(values).boxed().toList();
  }

  @Test
  void importanceSamplingNeedsTheLossesThatWereSeen() throws IOException {
    train("run", config(5, HYBRID));
    Path file = new RunFolder(folder.resolve("run")).config();
    String json = Files.readString(file);
    String changed = json.replace("\"uniform\"", "\"loss-second-moment\"");
    assertNotEquals(json, changed);
    Files.writeString(file, changed);
    Exception e = assertThrows(CheckpointException.class, () -> resume("run", 6));
    assertTrue(
        e.getMessage().endsWith("losses of timesteps: expected shape [4, 10], found none"),
        e.getMessage());
  }

  @Test
  void offsetNoiseIsInTheRun() throws IOException {
    train("without", config(3, HYBRID));
    train("with", config(3, new ObjectiveConfig("hybrid", null, 0, null, 0.1)));
    assertNotEquals(losses("without").get(0), losses("with").get(0));
  }

  @Test
  void aLearnedVarianceIsExportedAndSampledWith() throws IOException {
    TrainConfig config = config(4, HYBRID);
    RunConfig run = config.run();
    TrainConfig drawing = config.withRun(new RunConfig(4, run.seed(), 2, 2, 2, 4, 3, 1));
    train("run", drawing);
    assertTrue(Files.exists(folder.resolve("run/samples/step-00000002.png")));
    Path file = folder.resolve("model.onnx");
    RunExporter.export(folder.resolve("run"), file);
    OnnxFile model = OnnxReader.read(file);
    ModelMetadata metadata = ModelMetadata.parse("model", model.metadata());
    SchedulerConfig scheduler = metadata.scheduler().orElseThrow();
    assertEquals(VarianceType.LEARNED_RANGE, scheduler.varianceType());
    assertTrue(model.metadata().get("ddpm4j.unet").contains("\"out_channels\":6"));
    try (DiffusionPipeline pipeline = DiffusionPipeline.open(file).build()) {
      assertEquals(3, pipeline.generate(2, 1L).channels());
    }
    // A run that begins with it trains its variance on.
    InitialModel initial = InitialModel.read(file);
    assertEquals("hybrid", initial.diffusion().orElseThrow().objective().loss());
    TrainConfig onwards = with(config, initial.diffusion().orElseThrow()).withInit(initial.init());
    train("onwards", onwards);
    Exception e =
        assertThrows(
            IllegalArgumentException.class,
            () -> train("refused", config(1, ObjectiveConfig.SIMPLE).withInit(initial.init())));
    assertTrue(
        e.getMessage().endsWith("out_channels: expected the run's 3, found 6"), e.getMessage());
  }

  @Test
  void betasOfOnesOwnAreTrainedAndExported() throws IOException {
    List<Double> betas = List.of(0.05, 0.2, 0.5);
    DiffusionConfig diffusion =
        new DiffusionConfig(3, "linear", 1e-4, 0.02, "epsilon", betas, ObjectiveConfig.SIMPLE);
    TrainConfig config = with(TrainerTest.config(2, 0, 1e-3, true), diffusion);
    assertEquals(config, TrainConfig.fromJson(config.toJson()));
    train("run", config);
    Path file = folder.resolve("model.onnx");
    RunExporter.export(folder.resolve("run"), file);
    try (DiffusionPipeline pipeline = DiffusionPipeline.open(file).build()) {
      assertEquals(3, pipeline.schedule().trainTimesteps());
      assertEquals(0.2, pipeline.schedule().beta(1));
    }
    assertEquals(betas, InitialModel.read(file).diffusion().orElseThrow().trainedBetas());
    Exception e =
        assertThrows(
            IllegalArgumentException.class,
            () -> new DiffusionConfig(4, "linear", 1e-4, 0.02, "epsilon", betas, null));
    assertEquals(
        "--train-timesteps: expected 3, as many as there are betas, found 4", e.getMessage());
  }
}
