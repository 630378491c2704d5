package io.ddpm4j.trainer.lowering;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.exporter.graph.Attribute;
import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.OpSet;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.Value;
import io.ddpm4j.exporter.testing.GraphRunner;
import io.ddpm4j.trainer.autodiff.Autodiff;
import io.ddpm4j.trainer.autodiff.GradientFunctions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Convolutions as they are trained, against sums in double. */
class PlaneConvolutionTest {
  private static final int IMAGES = 2;

  private static TensorData random(SplittableRandom random, double size, long... shape) {
    int elements = (int) Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    float[] values = new float[elements];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (size * random.nextGaussian());
    }
    return TensorData.ofFloats(values, shape);
  }

  /** Root mean square of the difference, over that of what is expected. */
  private static double error(double[] expected, float[] found) {
    assertEquals(expected.length, found.length);
    double difference = 0;
    double size = 0;
    for (int i = 0; i < expected.length; i++) {
      difference += (found[i] - expected[i]) * (found[i] - expected[i]);
      size += expected[i] * expected[i];
    }
    return Math.sqrt(difference / size);
  }

  /**
   * Channels, kernel, size, stride: Winograd's of 4 and of 2 outputs, the plain planes, taps beside
   * few channels on either side, and 1x1. The error of a direct convolution in float is 2e-7 to
   * 4e-7.
   */
  @ParameterizedTest
  @CsvSource({
    "64, 48, 3, 16, 1", "24, 96, 3, 7, 1", "12, 6, 3, 2, 1", "32, 40, 3, 1, 1", "32, 48, 3, 14, 2",
    "96, 80, 5, 9, 1", "3, 32, 3, 11, 1", "1, 8, 3, 8, 2", "32, 3, 3, 10, 1", "20, 1, 3, 6, 2",
    "32, 40, 1, 6, 1", "64, 64, 1, 7, 2"
  })
  void outputAndGradientsAreTheSums(int c, int k, int kernel, int size, int stride) {
    int pad = kernel / 2;
    int outputs = (size + 2 * pad - kernel) / stride + 1;
    SplittableRandom random = new SplittableRandom(c + k);
    TensorData x = random(random, 1, IMAGES, c, size, size);
    TensorData w = random(random, 1 / Math.sqrt(c * kernel * kernel), k, c, kernel, kernel);
    TensorData dy = random(random, 1, IMAGES, k, outputs, outputs);

    float[] xs = x.floats();
    float[] ws = w.floats();
    float[] dys = dy.floats();
    double[] y = new double[IMAGES * k * outputs * outputs];
    double[] dx = new double[xs.length];
    double[] dw = new double[ws.length];
    for (int n = 0; n < IMAGES; n++) {
      for (int o = 0; o < k; o++) {
        for (int i = 0; i < c; i++) {
          for (int p = 0; p < outputs * outputs * kernel * kernel; p++) {
            int tap = p % (kernel * kernel);
            int at = p / (kernel * kernel);
            int row = at / outputs * stride + tap / kernel - pad;
            int column = at % outputs * stride + tap % kernel - pad;
            if (row < 0 || row >= size || column < 0 || column >= size) {
              continue;
            }
            int from = ((n * c + i) * size + row) * size + column;
            int to = (n * k + o) * outputs * outputs + at;
            int weight = (o * c + i) * kernel * kernel + tap;
            y[to] += (double) xs[from] * ws[weight];
            dx[from] += (double) dys[to] * ws[weight];
            dw[weight] += (double) dys[to] * xs[from];
          }
        }
      }
    }

    Graph graph = new Graph("conv", OpSet.standard().with(GradientFunctions.TABLE));
    Ops ops = new Ops(graph);
    Value in = graph.input("x", DataType.FLOAT, x.shape());
    Value weight = graph.input("w", DataType.FLOAT, w.shape());
    Value seed = graph.input("dy", DataType.FLOAT, dy.shape());
    Value out = ops.conv(in, weight, null, stride, pad, pad, pad, pad);
    Map<Value, Value> gradients = Autodiff.gradients(ops, out, seed, List.of(in, weight));
    graph.output("y", out);
    graph.output("dx", gradients.get(in));
    graph.output("dw", gradients.get(weight));
    Graph lowered = TrainLowering.pixelMajor(graph);
    assertTrue(lowered.nodes().stream().noneMatch(n -> n.op().startsWith("Conv")));
    Map<String, TensorData> found = GraphRunner.run(lowered, Map.of("x", x, "w", w, "dy", dy));
    assertEquals(0, error(y, found.get("y").floats()), 1.5e-6, "y");
    assertEquals(0, error(dx, found.get("dx").floats()), 1.5e-6, "dx");
    assertEquals(0, error(dw, found.get("dw").floats()), 1.5e-6, "dw");
  }

  /** The operators that one convolution becomes. */
  private static List<String> operators(Map<String, Attribute> attributes, long filterChannels) {
    Graph graph = new Graph("conv", OpSet.standard());
    Value x = graph.input("x", DataType.FLOAT, Shape.of(1, 32, 8, 8));
    Value w = graph.input("w", DataType.FLOAT, Shape.of(32, filterChannels, 3, 3));
    graph.output("y", graph.add("Conv", List.of(x, w), attributes).out());
    List<String> operators = new ArrayList<>();
    TrainLowering.pixelMajor(graph).nodes().forEach(n -> operators.add(n.op()));
    return operators;
  }

  @Test
  void convolutionsThatPlanesCannotSayStayAsTheyAre() {
    List<String> conv = List.of("Conv");
    assertTrue(operators(Map.of("pads", ints(1, 1, 1, 1)), 32).contains("MatMul"));
    assertEquals(conv, operators(Map.of("group", Attribute.of(2L)), 16));
    assertEquals(conv, operators(Map.of("dilations", ints(2, 2)), 32));
    assertEquals(conv, operators(Map.of("strides", ints(2, 1)), 32));
    assertEquals(conv, operators(Map.of("auto_pad", Attribute.of("SAME_UPPER")), 32));
  }

  /** Whether a 3x3 convolution becomes products. */
  private static boolean becomesProducts(long channels, long size) {
    Graph graph = new Graph("conv", OpSet.standard());
    Value x = graph.input("x", DataType.FLOAT, Shape.of(1, channels, size, size));
    Value w = graph.input("w", DataType.FLOAT, Shape.of(64, channels, 3, 3));
    graph.output("y", new Ops(graph).conv(x, w, null, 1, 1, 1, 1, 1));
    return TrainLowering.pixelMajor(graph).nodes().stream().noneMatch(n -> n.op().equals("Conv"));
  }

  @Test
  void longAxesAreConvolvedDirectly() {
    assertTrue(becomesProducts(32, 32));
    assertTrue(becomesProducts(64, 64));
    assertTrue(becomesProducts(3, 64));
    assertTrue(!becomesProducts(64, 128));
    assertTrue(!becomesProducts(3, 128));
    assertTrue(becomesProducts(512, 128), "the transforms are little beside many channels");
  }

  private static Attribute ints(long... values) {
    return Attribute.of(values);
  }

  private static List<String> behind(
      String op, Map<String, Attribute> attributes, float... scales) {
    Graph graph = new Graph("behind", OpSet.standard());
    Value x = graph.input("x", DataType.FLOAT, Shape.of(1, 32, 8, 8));
    Value w = graph.input("w", DataType.FLOAT, Shape.of(32, 32, 1, 1));
    Value y = graph.add("Conv", List.of(x, w), Map.of()).out();
    List<Value> inputs =
        scales.length == 0
            ? List.of(y)
            : Arrays.asList(y, null, new Ops(graph).constant(TensorData.ofFloats(scales, 4)));
    graph.output("y", graph.add(op, inputs, attributes).out());
    List<String> operators = new ArrayList<>();
    TrainLowering.pixelMajor(graph).nodes().forEach(n -> operators.add(n.op()));
    return operators;
  }

  @Test
  void onlyWindowsThatTileTheImageArePooledAsAProduct() {
    Attribute two = ints(2, 2);
    String pool = "AveragePool";
    assertTrue(!behind(pool, Map.of("kernel_shape", two, "strides", two)).contains(pool));
    assertTrue(behind(pool, Map.of("kernel_shape", two, "strides", ints(1, 1))).contains(pool));
    assertTrue(
        behind(pool, Map.of("kernel_shape", two, "strides", two, "pads", ints(0, 0, 2, 2)))
            .contains(pool));
    Attribute three = ints(3, 3);
    assertTrue(behind(pool, Map.of("kernel_shape", three, "strides", three)).contains(pool));
  }

  @Test
  void onlyWholeEqualFactorsAreEnlargedAsAProduct() {
    Map<String, Attribute> nearest =
        Map.of(
            "mode",
            Attribute.of("nearest"),
            "coordinate_transformation_mode",
            Attribute.of("asymmetric"),
            "nearest_mode",
            Attribute.of("floor"));
    assertTrue(!behind("Resize", nearest, 1, 1, 2, 2).contains("Resize"));
    assertTrue(behind("Resize", nearest, 1, 1, 2, 3).contains("Resize"));
    assertTrue(behind("Resize", nearest, 1, 1, 2.1f, 2.1f).contains("Resize"));
  }
}
