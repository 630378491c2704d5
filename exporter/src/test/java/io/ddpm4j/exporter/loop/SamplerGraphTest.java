package io.ddpm4j.exporter.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.Value;
import io.ddpm4j.exporter.testing.GraphRunner;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What ONNX Runtime makes of a loop is what the table says, computed in double. */
class SamplerGraphTest {
  private static final long SEED = 20261126;
  private static final double TOLERANCE = 2e-5;
  private static final int NONE = 4;
  private static final List<X0Bound> BOUNDS =
      List.of(
          new X0Bound.None(),
          new X0Bound.Range(0.3),
          new X0Bound.Threshold(0.9, 1.5),
          new X0Bound.Threshold(1, 1.2),
          new X0Bound.Threshold(0, 0.25));

  private static LoopImages floats() {
    return new LoopImages(TinyNetwork.CHANNELS, -1, 1, LoopImages.Format.FLOAT);
  }

  private static SamplerSpec spec(SamplerTable table, TinyNetwork network, LoopImages images) {
    return new SamplerSpec(
        table,
        NetworkRoles.standard(network.labels()),
        network.labels() ? OptionalLong.of(NONE) : OptionalLong.empty(),
        images,
        false);
  }

  /** Inputs of a loop for so many images. */
  static Map<String, TensorData> inputs(
      SamplerTable table, int images, double scale, Random random) {
    Map<String, TensorData> inputs = new LinkedHashMap<>();
    long[] image = {images, TinyNetwork.CHANNELS, TinyNetwork.HEIGHT, TinyNetwork.WIDTH};
    inputs.put("noise", TensorData.ofFloats(gaussian(images, random), image));
    int steps = table.steps().size();
    inputs.put(
        "step_noise",
        TensorData.ofFloats(
            gaussian(steps * images, random), steps, images, image[1], image[2], image[3]));
    long[] labels = new long[images];
    Arrays.setAll(labels, k -> k % NONE);
    inputs.put("class_labels", TensorData.longs(labels));
    inputs.put("guidance", TensorData.scalar((float) scale));
    return inputs;
  }

  private static float[] gaussian(int images, Random random) {
    float[] numbers = new float[images * TinyNetwork.ELEMENTS];
    for (int k = 0; k < numbers.length; k++) {
      numbers[k] = (float) random.nextGaussian();
    }
    return numbers;
  }

  /** Every image as the plain loop makes it. */
  private static double[] expected(
      SamplerTable table, TinyNetwork network, Map<String, TensorData> inputs) {
    float[] noise = inputs.get("noise").floats();
    float[] stepNoise = inputs.get("step_noise").floats();
    float scale = inputs.get("guidance").floats()[0];
    int n = TinyNetwork.ELEMENTS;
    int images = noise.length / n;
    double[] all = new double[noise.length];
    for (int k = 0; k < images; k++) {
      double[][] ofSteps = new double[table.steps().size()][];
      for (int step = 0; step < ofSteps.length; step++) {
        ofSteps[step] = part(stepNoise, (step * images + k) * n);
      }
      PlainLoop.Guide guide =
          network.labels()
              ? new PlainLoop.Guide(k % NONE, scale, NONE)
              : new PlainLoop.Guide(0, 1, 0);
      double[] image = new PlainLoop(table, guide).run(part(noise, k * n), ofSteps);
      System.arraycopy(image, 0, all, k * n, n);
    }
    return all;
  }

  private static double[] part(float[] from, int at) {
    double[] numbers = new double[TinyNetwork.ELEMENTS];
    Arrays.setAll(numbers, k -> from[at + k]);
    return numbers;
  }

  private static void assertClose(double[] expected, float[] found, String what) {
    assertEquals(expected.length, found.length, what);
    for (int k = 0; k < expected.length; k++) {
      double error = Math.abs(expected[k] - found[k]);
      assertTrue(
          error <= TOLERANCE * Math.max(1, Math.abs(expected[k])),
          what + ": element " + k + ": expected " + expected[k] + ", found " + found[k]);
    }
  }

  @ParameterizedTest
  @EnumSource(NoiseUse.class)
  void aLoopFollowsItsTable(NoiseUse noise) {
    Random random = new Random(SEED + noise.ordinal());
    for (X0Bound bound : BOUNDS) {
      for (boolean labels : new boolean[] {false, true}) {
        for (int batch : new int[] {0, 4}) {
          SamplerTable table = RandomTables.table(random, bound, noise);
          TinyNetwork network =
              new TinyNetwork(
                  labels,
                  noise.isLearned(),
                  batch,
                  random.nextBoolean() ? DataType.INT64 : DataType.FLOAT);
          Graph loop = SamplerGraph.of(network.graph(17), spec(table, network, floats()));
          int images = batch == 0 ? 3 : labels ? 2 : 4;
          Map<String, TensorData> inputs = inputs(table, images, labels ? 2.5 : 1, random);
          float[] found = GraphRunner.run(loop, inputs).get("images").floats();
          String what = "seed " + SEED + ", " + network + ", " + table;
          assertClose(expected(table, network, inputs), found, what);
        }
      }
    }
  }

  @Test
  void aScaleOfOneIsNoGuidance() {
    Random random = new Random(SEED);
    SamplerTable table = RandomTables.table(random, new X0Bound.None(), NoiseUse.AFTER);
    TinyNetwork network = new TinyNetwork(true, false, 0, DataType.INT64);
    Graph loop = SamplerGraph.of(network.graph(17), spec(table, network, floats()));
    Map<String, TensorData> inputs = inputs(table, 5, 1, random);
    float[] found = GraphRunner.run(loop, inputs).get("images").floats();
    assertClose(expected(table, network, inputs), found, "seed " + SEED);
  }

  @Test
  void everyOperatorSetHasTheLoop() {
    Random random = new Random(SEED);
    SamplerTable table =
        RandomTables.table(random, new X0Bound.Threshold(0.9, 2), NoiseUse.LEARNED_RANGE);
    TinyNetwork network = new TinyNetwork(true, true, 0, DataType.INT64);
    for (int opset = 13; opset <= 21; opset++) {
      Graph loop = SamplerGraph.of(network.graph(opset), spec(table, network, floats()));
      assertEquals(opset, loop.opSet().version());
      Map<String, TensorData> inputs = inputs(table, 2, 3, random);
      float[] found = GraphRunner.run(loop, inputs).get("images").floats();
      assertClose(expected(table, network, inputs), found, "operator set " + opset);
    }
  }

  @Test
  void imagesLeaveAsBytesWithTheirChannelsLast() {
    SamplerTable table = keep(1);
    TinyNetwork network = TinyNetwork.plain();
    LoopImages bytes = new LoopImages(TinyNetwork.CHANNELS, 0, 2, LoopImages.Format.UINT8);
    Graph loop = SamplerGraph.of(network.graph(17), spec(table, network, bytes));
    float[] values = new float[TinyNetwork.ELEMENTS];
    for (int k = 0; k < values.length; k++) {
      values[k] = -0.2f + 0.11f * k; // below black to above white
    }
    TensorData noise =
        TensorData.ofFloats(values, 1, TinyNetwork.CHANNELS, TinyNetwork.HEIGHT, TinyNetwork.WIDTH);
    TensorData found = GraphRunner.run(loop, Map.of("noise", noise)).get("images");
    assertEquals(DataType.UINT8, found.dataType());
    assertEquals("[1, 3, 4, 2]", Arrays.toString(found.shape().sizes()));
    ByteBuffer pixels = found.bytes();
    for (int y = 0; y < TinyNetwork.HEIGHT; y++) {
      for (int x = 0; x < TinyNetwork.WIDTH; x++) {
        for (int c = 0; c < TinyNetwork.CHANNELS; c++) {
          float value = values[(c * TinyNetwork.HEIGHT + y) * TinyNetwork.WIDTH + x];
          long level = Math.round(Math.max(0, Math.min(1, value / 2)) * 255.0);
          assertEquals(level, pixels.get() & 0xFF, "pixel " + y + ", " + x + ", " + c);
        }
      }
    }
    LoopImages signed = new LoopImages(TinyNetwork.CHANNELS, 0, 2, LoopImages.Format.FLOAT);
    Graph floats = SamplerGraph.of(network.graph(17), spec(table, network, signed));
    float[] moved = GraphRunner.run(floats, Map.of("noise", noise)).get("images").floats();
    for (int k = 0; k < moved.length; k++) {
      assertEquals(values[k] - 1, moved[k], 1e-6);
    }
  }

  /** A method whose one step leaves x as it is, times a factor. */
  private static SamplerTable keep(double factor) {
    StepMix nothing = new StepMix(0, 0, 0);
    SamplerStep step =
        new SamplerStep(
            1,
            1,
            nothing,
            nothing,
            new StepMix(factor, 0, 0),
            List.of(),
            new SamplerStep.Noise(0, 0));
    return new SamplerTable(1, new X0Bound.None(), NoiseUse.NONE, List.of(step));
  }

  @Test
  void inputsAreThoseThatTheLoopReads() {
    TinyNetwork network = TinyNetwork.plain();
    Graph loop = SamplerGraph.of(network.graph(17), spec(keep(1), network, floats()));
    assertEquals(List.of("noise"), loop.inputs().stream().map(Value::name).toList());
    assertEquals("[batch, 2, 3, 4]", loop.outputs().get("images").shape().toString());
  }

  @Test
  void whatDoesNotFitIsRefused() {
    SamplerTable table = keep(1);
    TinyNetwork odd = new TinyNetwork(true, false, 3, DataType.INT64);
    assertRefused(odd, table, floats(), "guidance: expected a network of an even number");
    SamplerTable learned = new SamplerTable(1, new X0Bound.None(), NoiseUse.LEARNED, table.steps());
    assertRefused(TinyNetwork.plain(), learned, floats(), "variance: expected a network that");
    LoopImages grey = new LoopImages(1, -1, 1, LoopImages.Format.FLOAT);
    assertRefused(TinyNetwork.plain(), table, grey, "expected");
    assertThrows(IllegalArgumentException.class, () -> keep(1e39));
    assertThrows(IllegalArgumentException.class, () -> keep(Double.NaN));
  }

  private static void assertRefused(
      TinyNetwork network, SamplerTable table, LoopImages images, String words) {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> SamplerGraph.of(network.graph(17), spec(table, network, images)));
    assertTrue(e.getMessage().contains(words), e.getMessage());
  }
}
