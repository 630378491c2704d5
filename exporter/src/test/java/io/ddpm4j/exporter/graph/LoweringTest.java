package io.ddpm4j.exporter.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.exporter.proto.OnnxModel;
import io.ddpm4j.exporter.proto.OnnxWriter;
import io.ddpm4j.exporter.testing.Numbers;
import io.ddpm4j.exporter.testing.Ort;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The portable forms of the functions agree with plain Java in double. */
class LoweringTest {
  private static final long SEED = 20260101;

  private final Graph graph = new Graph("g", OpSet.standard());
  private final Ops ops = new Ops(graph);

  private static TensorData random(long seed, long... sizes) {
    Random random = new Random(seed);
    float[] values = new float[(int) Shape.of(sizes).elements()];
    for (int k = 0; k < values.length; k++) {
      values[k] = (float) random.nextGaussian();
    }
    return TensorData.ofFloats(values, sizes);
  }

  private TensorData run(Map<String, TensorData> inputs) throws Exception {
    Graph lowered = Lowering.portable().apply(graph, OpSet.standard());
    assertTrue(lowered.nodes().stream().allMatch(n -> n.schema().domain().isEmpty()));
    assertEquals(
        graph.outputs().get("y").shape(), lowered.outputs().get("y").shape(), "names survive");
    return Ort.run(OnnxWriter.toBytes(OnnxModel.of(lowered)), inputs).get("y");
  }

  @Test
  void siluIsXTimesSigmoid() throws Exception {
    TensorData x = random(SEED, 4, 5);
    graph.output("y", ops.silu(graph.input("x", DataType.FLOAT, Shape.named("batch", 5))));
    double[] expected = Numbers.of(x);
    double[] found = Numbers.of(run(Map.of("x", x)));
    for (int k = 0; k < found.length; k++) {
      assertEquals(expected[k] / (1 + Math.exp(-expected[k])), found[k], 1e-6);
    }
  }

  @Test
  void dropoutKeepsWhatTheMaskSaysAndScalesIt() throws Exception {
    TensorData x = random(SEED, 4, 5);
    byte[] mask = new byte[20];
    new Random(SEED).ints(10, 0, 20).forEach(k -> mask[k] = 1);
    Value input = graph.input("x", DataType.FLOAT, Shape.of(4, 5));
    Value kept = graph.input("mask", DataType.UINT8, Shape.of(4, 5));
    graph.output("y", ops.dropout(input, kept, 0.3));
    TensorData masks = TensorData.ofBytes(DataType.UINT8, Shape.of(4, 5), mask);
    float[] found = run(Map.of("x", x, "mask", masks)).floats();
    for (int k = 0; k < found.length; k++) {
      assertEquals(x.floats()[k] * mask[k] / 0.7, found[k], 1e-6);
    }
  }

  @Test
  void withoutAMaskDropoutIsNothing() {
    Value x = graph.input("x", DataType.FLOAT, Shape.of(2));
    graph.output("y", ops.exp(ops.dropout(ops.neg(x), null, 0.3)));
    Graph lowered = Lowering.portable().apply(graph, OpSet.standard());
    assertEquals(List.of("Neg", "Exp"), lowered.nodes().stream().map(Node::op).toList());
  }

  @Test
  void aMaskHasTheShapeOfWhatItMasks() {
    Value x = graph.input("x", DataType.FLOAT, Shape.of(2, 3));
    Value mask = graph.input("mask", DataType.UINT8, Shape.of(2, 1));
    ShapeException e = assertThrows(ShapeException.class, () -> ops.dropout(x, mask, 0.1));
    assertTrue(e.getMessage().contains("expected a mask of shape [2, 3]"), e.getMessage());
    assertTrue(e.getMessage().contains("found [2, 1]"), e.getMessage());
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 6})
  void groupNormNormalisesEachGroup(int groups) throws Exception {
    int n = 2;
    int c = 6;
    int pixels = 12;
    double epsilon = 1e-5;
    TensorData x = random(SEED, n, c, 3, 4);
    TensorData scale = random(SEED + 1, c);
    TensorData bias = random(SEED + 2, c);
    Value input = graph.input("x", DataType.FLOAT, Shape.named("batch", c, 3, 4));
    Value scaleInput = graph.input("scale", DataType.FLOAT, Shape.of(c));
    Value biasInput = graph.input("bias", DataType.FLOAT, Shape.of(c));
    graph.output("y", ops.groupNorm(input, scaleInput, biasInput, groups, epsilon));
    double[] found = Numbers.of(run(Map.of("x", x, "scale", scale, "bias", bias)));
    double[] values = Numbers.of(x);
    int size = c / groups * pixels;
    for (int k = 0; k < found.length; k++) {
      int from = k / size * size;
      double mean = 0;
      double square = 0;
      for (int j = from; j < from + size; j++) {
        mean += values[j] / size;
        square += values[j] * values[j] / size;
      }
      int channel = k / pixels % c;
      double normed = (values[k] - mean) / Math.sqrt(square - mean * mean + epsilon);
      double expected = normed * scale.floats()[channel] + bias.floats()[channel];
      assertEquals(expected, found[k], 1e-5, "element " + k);
    }
  }

  @Test
  void attentionIsSoftmaxOfScaledProducts() throws Exception {
    int heads = 3;
    int queries = 4;
    int keys = 5;
    int depth = 2;
    double scale = 1 / Math.sqrt(depth);
    TensorData q = random(SEED, 1, heads, queries, depth);
    TensorData k = random(SEED + 1, 1, heads, keys, depth);
    TensorData v = random(SEED + 2, 1, heads, keys, depth);
    graph.output(
        "y",
        ops.attention(
            graph.input("q", DataType.FLOAT, Shape.named("batch", heads, queries, depth)),
            graph.input("k", DataType.FLOAT, Shape.named("batch", heads, keys, depth)),
            graph.input("v", DataType.FLOAT, Shape.named("batch", heads, keys, depth)),
            scale));
    float[] found = run(Map.of("q", q, "k", k, "v", v)).floats();
    for (int row = 0; row < heads * queries; row++) {
      int head = row / queries;
      double[] weights = new double[keys];
      double total = 0;
      for (int j = 0; j < keys; j++) {
        double dot = 0;
        for (int d = 0; d < depth; d++) {
          dot += q.floats()[row * depth + d] * k.floats()[(head * keys + j) * depth + d];
        }
        weights[j] = Math.exp(dot * scale);
        total += weights[j];
      }
      for (int d = 0; d < depth; d++) {
        double expected = 0;
        for (int j = 0; j < keys; j++) {
          expected += weights[j] / total * v.floats()[(head * keys + j) * depth + d];
        }
        assertEquals(expected, found[row * depth + d], 1e-5);
      }
    }
  }

  @Test
  void everyFunctionHasAPortableForm() {
    for (OpSchema function : Functions.all()) {
      assertTrue(
          PortableLowerings.TABLE.containsKey(function.key()),
          function.name() + " cannot be written to a file");
    }
    assertEquals(Functions.all().size(), PortableLowerings.TABLE.size());
  }

  @Test
  void whatNoOutputNeedsIsLeftOut() {
    Value x = graph.input("x", DataType.FLOAT, Shape.of(2));
    graph.constant("unused", TensorData.ofFloats(new float[2], 2));
    ops.exp(x);
    graph.output("y", ops.silu(x));
    Graph lowered = Lowering.portable().apply(graph, OpSet.standard());
    assertEquals(List.of("Sigmoid", "Mul"), lowered.nodes().stream().map(Node::op).toList());
    assertEquals(List.of(), lowered.constants());
  }

  @Test
  void functionsInsideSubgraphsAreLowered() throws Exception {
    Value x = graph.input("x", DataType.FLOAT, Shape.of(2));
    Value positive = ops.greater(ops.reduceSum(x, false), ops.scalar(0));
    Graph then = graph.subgraph("then");
    then.output("t", new Ops(then).silu(x));
    Graph otherwise = graph.subgraph("else");
    otherwise.output("e", new Ops(otherwise).neg(x));
    graph.output("y", ops.ifThenElse(positive, then, otherwise).get(0));
    float[] up = run(Map.of("x", TensorData.ofFloats(new float[] {0, 1}, 2))).floats();
    assertEquals(1 / (1 + Math.exp(-1)), up[1], 1e-6);
    float[] down = run(Map.of("x", TensorData.ofFloats(new float[] {0, -1}, 2))).floats();
    assertEquals(1, down[1]);
  }

  @Test
  void aRuleMustKeepTheType() {
    Value x = graph.input("x", DataType.FLOAT, Shape.of(2));
    graph.output("y", ops.silu(x));
    Lowering wrong =
        new Lowering(Map.of("ddpm4j:Silu", (o, n, in) -> List.of(o.reduceSum(in.get(0), true))));
    ShapeException e =
        assertThrows(ShapeException.class, () -> wrong.apply(graph, OpSet.standard()));
    assertEquals("the rule of Silu_0: expected FLOAT[2], found FLOAT[1]", e.getMessage());
  }
}
