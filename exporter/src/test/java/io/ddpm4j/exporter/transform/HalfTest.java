package io.ddpm4j.exporter.transform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.Lowering;
import io.ddpm4j.exporter.graph.Node;
import io.ddpm4j.exporter.graph.OpSet;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.Value;
import io.ddpm4j.exporter.testing.GraphRunner;
import io.ddpm4j.exporter.testing.Numbers;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Networks in half precision, run in ONNX Runtime. */
class HalfTest {

  /** Rounding as ONNX Runtime's Cast does it: random bits, every half and what lies between two. */
  @Test
  void floatsAreRoundedAsByOnnxRuntime() {
    float[] values = new float[200_000];
    Random random = new Random(11);
    for (int k = 0; k < 65536; k++) {
      float half = (float) Numbers.of(half((short) k))[0];
      float next = (float) Numbers.of(half((short) (k + 1)))[0];
      values[k] = Float.isNaN(half) ? 0 : half;
      values[65536 + k] = Float.isFinite(half) && Float.isFinite(next) ? (half + next) / 2 : 65520;
    }
    for (int k = 2 * 65536; k < values.length; k++) {
      float any = Float.intBitsToFloat(random.nextInt());
      values[k] = Float.isNaN(any) ? -65519.996f : any;
    }
    Graph graph = new Graph("cast", OpSet.onnx(17));
    Value x = graph.input("x", DataType.FLOAT, Shape.of(values.length));
    graph.output("y", new Ops(graph).cast(x, DataType.FLOAT16));
    TensorData expected =
        GraphRunner.run(graph, Map.of("x", TensorData.ofFloats(values, values.length))).get("y");
    for (int k = 0; k < values.length; k++) {
      assertEquals(expected.bytes().getShort(2 * k), Float16.of(values[k]), "element " + values[k]);
    }
    assertEquals(0x7e00, Float16.of(Float.NaN));
  }

  private static TensorData half(short bits) {
    return TensorData.ofBytes(
        DataType.FLOAT16, Shape.SCALAR, new byte[] {(byte) bits, (byte) (bits >> 8)});
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void networksComputeAlmostTheSame(boolean halfInputs) throws Exception {
    assertAlmostTheSame(TransformNetworks.all(), halfInputs);
  }

  @Tag("slow")
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void storedNetworksComputeAlmostTheSame(boolean halfInputs) throws Exception {
    assertAlmostTheSame(TransformNetworks.stored(), halfInputs);
  }

  private static void assertAlmostTheSame(
      List<TransformNetworks.Network> networks, boolean halfInputs) {
    for (TransformNetworks.Network network : networks) {
      Graph graph = Half.of(network.graph(), halfInputs);
      DataType type = halfInputs ? DataType.FLOAT16 : DataType.FLOAT;
      assertEquals(type, graph.value("sample").orElseThrow().dataType());
      assertEquals(type, graph.outputs().get(network.output()).dataType());
      Map<String, TensorData> inputs = new LinkedHashMap<>(network.inputs());
      if (halfInputs) {
        inputs.put("sample", Float16.of("sample", inputs.get("sample")));
      }
      TensorData found = GraphRunner.run(graph, inputs).get(network.output());
      double mean = meanDifference(network.expected(), found);
      assertTrue(mean < 2e-3, network + ": mean difference " + mean);
      assertTrue(mean > 0, network + " was not rounded");
    }
  }

  @Test
  void weightsAreHalfAndSensitiveOperatorsAreNot() throws Exception {
    for (TransformNetworks.Network network : TransformNetworks.all()) {
      Graph graph = Half.of(network.graph(), false);
      int half = 0;
      for (Node node : graph.nodes()) {
        Value first = node.in(0);
        if (HalfRules.FLOAT32.containsKey(node.op())) {
          assertEquals(DataType.FLOAT, first.dataType(), node.toString());
        } else if (Set.of("Conv", "Gemm", "MatMul").contains(node.op())) {
          assertEquals(DataType.FLOAT16, first.dataType(), node.toString());
          half++;
        }
      }
      assertTrue(half > 10, network.toString());
      for (Value constant : network.graph().constants()) {
        if (constant.name().endsWith(".weight") || constant.name().endsWith(".bias")) {
          String name = constant.name();
          DataType type = graph.value(name).map(Value::dataType).orElseThrow();
          boolean norm = name.matches(".*norm(\\d|_out)?\\.(weight|bias)");
          assertEquals(norm ? DataType.FLOAT : DataType.FLOAT16, type, network + ": " + name);
        }
      }
    }
  }

  /** The scale and shift of a norm are not rounded, nor is what they are applied to. */
  @Test
  void normsAreFloatToTheirEnd() {
    Graph graph = new Graph("norm", OpSet.standard());
    Ops ops = new Ops(graph);
    Value x = graph.input("x", DataType.FLOAT, Shape.of(1, 4, 2, 2));
    float[] scales = {1 + 0x1p-12f, 1 - 0x1p-13f, 1000.3f, 0.3f}; // none of them a half
    float[] shifts = {0, 0.1f, -1000, 3};
    Value scale = graph.constant("norm.weight", TensorData.ofFloats(scales, 4));
    Value shift = graph.constant("norm.bias", TensorData.ofFloats(shifts, 4));
    graph.output("y", ops.groupNorm(x, scale, shift, 2, 1e-5));
    Graph portable = Lowering.portable().apply(graph, OpSet.onnx(17));
    Graph half = Half.of(portable, false);
    float[] numbers = new float[16];
    Random random = new Random(3);
    for (int k = 0; k < numbers.length; k++) {
      numbers[k] = (float) random.nextGaussian();
    }
    Map<String, TensorData> inputs = Map.of("x", TensorData.ofFloats(numbers, 1, 4, 2, 2));
    double[] expected = Numbers.of(GraphRunner.run(portable, inputs).get("y"));
    double[] found = Numbers.of(GraphRunner.run(half, inputs).get("y"));
    for (int k = 0; k < expected.length; k++) {
      assertEquals(expected[k], found[k], 1e-6 * (1 + Math.abs(expected[k])), "element " + k);
    }
  }

  /** No value is cast twice, and no cast is undone by the next. */
  @Test
  void castsAreShared() throws Exception {
    for (TransformNetworks.Network network : TransformNetworks.all()) {
      Graph graph = Half.of(network.graph(), false);
      Set<Value> cast = new HashSet<>();
      for (Node node : graph.nodes()) {
        if (node.op().equals("Cast") && node.in(0).dataType().isFloatingPoint()) {
          assertTrue(cast.add(node.in(0)), "twice: " + node);
          Node before = node.in(0).producer().orElse(null);
          boolean undone =
              before != null
                  && before.op().equals("Cast")
                  && before.in(0).dataType() == node.out().dataType();
          assertFalse(undone, "back and forth: " + node);
        }
      }
    }
  }

  @Test
  void whatLeadsToSinesStaysFloat() {
    Graph graph = new Graph("sines", OpSet.onnx(17));
    Ops ops = new Ops(graph);
    Value t = graph.input("t", DataType.FLOAT, Shape.of(3));
    graph.output("y", ops.sin(ops.mul(t, ops.scalar(0.37))));
    Graph half = Half.of(graph, true);
    assertEquals(DataType.FLOAT, half.value("t").orElseThrow().dataType());
    TensorData times = TensorData.ofFloats(new float[] {0, 500.25f, 999}, 3);
    double[] found = Numbers.of(GraphRunner.run(half, Map.of("t", times)).get("y"));
    for (int k = 0; k < 3; k++) {
      assertEquals(Math.sin(0.37 * times.floats()[k]), found[k], 1e-3);
    }
  }

  @Test
  void numbersThatHalfDoesNotHoldKeepTheirNodeFloat() {
    Graph graph = new Graph("epsilon", OpSet.onnx(17));
    Ops ops = new Ops(graph);
    Value x = graph.input("x", DataType.FLOAT, Shape.of(2));
    graph.output("y", ops.div(ops.scalar(1e-8), ops.add(x, 1e-8)));
    Map<String, TensorData> zeros = Map.of("x", TensorData.ofFloats(new float[2], 2));
    double[] found = Numbers.of(GraphRunner.run(Half.of(graph, false), zeros).get("y"));
    assertEquals(1, found[0], 1e-6);
  }

  @Test
  void weightsThatOverflowAreRefusedByName() {
    Graph graph = new Graph("large", OpSet.onnx(17));
    Value x = graph.input("x", DataType.FLOAT, Shape.of(2));
    Value weight = graph.constant("layer.weight", TensorData.ofFloats(new float[] {1, -70000}, 2));
    graph.output("y", new Ops(graph).mul(x, weight));
    TransformException e = assertThrows(TransformException.class, () -> Half.of(graph, false));
    assertEquals(
        "layer.weight: expected numbers up to 65504, as float16 holds them, found -70000.0 at"
            + " element 1",
        e.getMessage());
  }

  private static double meanDifference(TensorData a, TensorData b) {
    double[] x = Numbers.of(a);
    double[] y = Numbers.of(b);
    double sum = 0;
    for (int k = 0; k < x.length; k++) {
      sum += Math.abs(x[k] - y[k]);
    }
    return sum / x.length;
  }
}
