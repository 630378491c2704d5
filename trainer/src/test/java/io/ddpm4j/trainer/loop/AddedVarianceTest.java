package io.ddpm4j.trainer.loop;

import static io.ddpm4j.trainer.loop.TrainerTest.SILENT;
import static io.ddpm4j.trainer.loop.TrainerTest.fails;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.exporter.convert.Safetensors;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.nn.UNetConfig;
import io.ddpm4j.runtime.sampling.Cancellation;
import io.ddpm4j.trainer.checkpoint.CheckpointStore;
import io.ddpm4j.trainer.data.ShapesDataset;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs that learn a variance, begun with the weights of a model that has a fixed one. */
class AddedVarianceTest {
  private static final List<String> OUTPUT = List.of("conv_out.weight", "conv_out.bias");
  private static final double STILL = 1e-30; // so low a learning rate moves no weight

  @TempDir static Path shared;
  private static Path model;
  private static Map<String, TensorData> average; // what the model holds

  @TempDir Path folder;

  @BeforeAll
  static void trainTheModel() throws IOException {
    Path run = shared.resolve("run");
    Trainer.create(run, TrainerTest.config(8, 0, 1e-2, true), w -> {})
        .run(SILENT, new Cancellation());
    model = run.resolve("model.onnx");
    RunExporter.export(run, model);
    average = state(run, "ema");
  }

  private static Map<String, TensorData> state(Path run, String vector) throws IOException {
    CheckpointStore checkpoints = new RunFolder(run).checkpoints();
    return checkpoints.read(checkpoints.latest().orElseThrow()).state(vector);
  }

  /** One step from the model, without clipping. */
  private static TrainConfig onwards(String loss, double rate) throws IOException {
    TrainConfig config = TrainerTest.config(1, 0, rate, true);
    OptimizerConfig o = config.optimizer();
    return new TrainConfig(
        config.data(),
        config.network(),
        config.diffusion().withObjective(objective(loss)),
        new OptimizerConfig(4, rate, 10, o.beta1(), o.beta2(), o.epsilon(), 0, o.emaDecay()),
        config.run(),
        InitialModel.read(model).init(),
        null);
  }

  private static ObjectiveConfig objective(String loss) {
    return new ObjectiveConfig(loss, loss.equals("simple") ? null : "learned_range", 0, null, 0);
  }

  private Path train(String name, TrainConfig config) throws IOException {
    Path run = folder.resolve(name);
    Trainer.create(run, config, w -> {}).run(SILENT, new Cancellation());
    return run;
  }

  /** The model's weights in the first rows of the output, zeros in as many after them. */
  private static void assertWidened(Map<String, TensorData> found, float tolerance) {
    assertEquals(average.keySet(), found.keySet());
    for (Map.Entry<String, TensorData> each : average.entrySet()) {
      float[] expected = each.getValue().floats();
      float[] values = found.get(each.getKey()).floats();
      int more = OUTPUT.contains(each.getKey()) ? 2 : 1;
      assertArrayEquals(
          Arrays.copyOf(expected, more * expected.length), values, tolerance, each.getKey());
    }
    assertEquals(6, found.get("conv_out.weight").shape().size(0));
  }

  @ParameterizedTest
  @ValueSource(strings = {"hybrid", "vlb"})
  void thePredictionIsTheModelsAndTheVarianceBeginsAtZero(String loss) throws IOException {
    Path run = train("next", onwards(loss, STILL));
    assertWidened(state(run, "weights"), 1e-28f); // a step of that rate is less
    assertWidened(state(run, "ema"), 1e-6f);
  }

  /**
   * No gradient passes a row of zeros, so that all the network first gets is that of L_simple, and
   * the new rows that of the bound.
   */
  @Test
  void theFirstGradientIsThatOfTheSimpleLoss() throws IOException {
    Map<String, TensorData> simple =
        state(train("simple", onwards("simple", 1e-3)), "first_moment");
    Map<String, TensorData> hybrid =
        state(train("hybrid", onwards("hybrid", 1e-3)), "first_moment");
    double most = 0;
    for (Map.Entry<String, TensorData> each : simple.entrySet()) {
      float[] expected = each.getValue().floats();
      float[] found = hybrid.get(each.getKey()).floats();
      double largest = 0;
      for (float value : expected) {
        largest = Math.max(largest, Math.abs(value));
      }
      float[] known = Arrays.copyOf(found, expected.length);
      assertArrayEquals(expected, known, (float) (1e-5 * largest + 1e-9), each.getKey());
      for (int i = expected.length; i < found.length; i++) {
        assertTrue(found[i] != 0, each.getKey() + " " + i);
      }
      most = Math.max(most, largest);
    }
    assertTrue(most > 1e-4, "there were gradients: " + most);
  }

  @Test
  void weightsAloneAreWidenedToo() throws IOException {
    Path file = folder.resolve("weights.safetensors");
    try (OutputStream out = Files.newOutputStream(file)) {
      new Safetensors(average, Map.of()).write(out);
    }
    UNetConfig run = onwards("hybrid", STILL).unet(new ShapesDataset(9, 8, 0));
    assertEquals(6, run.outChannels());
    InitialModel weights = InitialModel.read(file);
    assertWidened(weights.weights(run, false), 0);
    assertEquals(average, weights.weights(run.withOutChannels(3), false));
  }

  @Test
  void aLearnedVarianceIsNotDroppedSilently() throws IOException {
    Path run = train("learned", onwards("hybrid", STILL));
    Path learned = folder.resolve("learned.onnx");
    RunExporter.export(run, learned);
    TrainConfig simple = onwards("simple", STILL).withInit(InitialModel.read(learned).init());
    fails(
        IllegalArgumentException.class,
        () -> Trainer.create(folder.resolve("refused"), simple, w -> {}),
        learned + ": out_channels: expected the run's 3, found 6");
  }
}
