package io.ddpm4j.exporter.transform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.exporter.graph.Attribute;
import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Dim;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.OpSet;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.TensorType;
import io.ddpm4j.exporter.graph.Value;
import io.ddpm4j.exporter.testing.GraphRunner;
import io.ddpm4j.exporter.testing.Numbers;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The rules of operators whose form differs between versions, one by one. */
class OpsetRulesTest {

  /** What ONNX's cases do not show: a node in one version, computed again in every other. */
  static Stream<Arguments> more() {
    TensorType image = new TensorType(DataType.FLOAT, Shape.of(2, 4, 3, 5));
    TensorType open = new TensorType(DataType.FLOAT, Shape.named("n", 4, 3, 5));
    Attribute epsilon = Attribute.of(1e-3f);
    return Stream.of(
        Arguments.of(
            "GroupNormalization per group",
            18,
            open,
            node(
                "GroupNormalization",
                Map.of("num_groups", Attribute.of(2), "epsilon", epsilon),
                floats(2, 2f, -1f),
                floats(2, 0.5f, 3f))),
        Arguments.of(
            "GroupNormalization per channel",
            21,
            open,
            node(
                "GroupNormalization",
                Map.of("num_groups", Attribute.of(2), "epsilon", epsilon),
                floats(4, 2f, -1f, 0.3f, 7f),
                floats(4, 0.5f, 3f, 1f, -2f))),
        Arguments.of(
            "LayerNormalization",
            17,
            image,
            node(
                "LayerNormalization",
                Map.of("axis", Attribute.of(-2), "epsilon", epsilon),
                floats(5, 1f, 2f, 3f, 4f, 5f),
                floats(5, 0f, -1f, 1f, 0.5f, 2f))),
        Arguments.of(
            "LayerNormalization without bias",
            17,
            image,
            node("LayerNormalization", Map.of(), floats(5, 1f, 2f, 3f, 4f, 5f))),
        Arguments.of("Gelu", 20, open, node("Gelu", Map.of())),
        Arguments.of(
            "Gelu by tanh", 20, open, node("Gelu", Map.of("approximate", Attribute.of("tanh")))),
        Arguments.of("Mish", 18, open, node("Mish", Map.of())),
        Arguments.of(
            "Pad of axes",
            18,
            open,
            node(
                "Pad",
                Map.of(),
                TensorData.longs(1, 0, 2, 1),
                TensorData.scalar(7f),
                TensorData.longs(-1, 2))),
        Arguments.of(
            "Resize of axes by scales",
            18,
            open,
            node(
                "Resize",
                Map.of("axes", Attribute.of(new long[] {3, -2})),
                null,
                floats(2, 2f, 3f))),
        Arguments.of(
            "Resize of axes by sizes",
            18,
            image,
            node(
                "Resize",
                Map.of("axes", Attribute.of(new long[] {3, 2})),
                null,
                null,
                TensorData.longs(10, 6))),
        Arguments.of(
            "Resize with empty scales",
            11,
            image,
            node("Resize", Map.of(), floats(0), floats(0), TensorData.longs(2, 4, 6, 10))),
        Arguments.of(
            "ReduceMean over no axes",
            18,
            image,
            node("ReduceMean", Map.of("noop_with_empty_axes", Attribute.of(1)))),
        Arguments.of("ReduceMax over all", 18, image, node("ReduceMax", Map.of())),
        Arguments.of(
            "ReduceL2 by attribute",
            13,
            image,
            node("ReduceL2", Map.of("axes", Attribute.of(new long[] {1, -1})))),
        Arguments.of(
            "ReduceSum by attribute",
            11,
            image,
            node("ReduceSum", Map.of("axes", Attribute.of(new long[] {1})))),
        Arguments.of(
            "Squeeze by attribute",
            11,
            new TensorType(DataType.FLOAT, Shape.of(3, 1)),
            node("Squeeze", Map.of("axes", Attribute.of(new long[] {1})))),
        Arguments.of(
            "Unsqueeze by attribute",
            11,
            open,
            node("Unsqueeze", Map.of("axes", Attribute.of(new long[] {0, 5})))),
        Arguments.of(
            "Reshape with allowzero",
            14,
            image,
            node("Reshape", Map.of("allowzero", Attribute.of(1)), TensorData.longs(2, 60))),
        Arguments.of(
            "BatchNormalization",
            9,
            open,
            node(
                "BatchNormalization",
                Map.of(),
                floats(4, 1f, 2f, 3f, 4f),
                floats(4, 1f, 0f, 0f, 2f),
                floats(4, 0f, 1f, 2f, 3f),
                floats(4, 1f, 2f, 1f, 4f))));
  }

  private static Step node(String op, Map<String, Attribute> attributes, TensorData... constants) {
    return (graph, x) -> {
      List<Value> inputs = new ArrayList<>(List.of(x));
      Arrays.stream(constants).forEach(c -> inputs.add(c == null ? null : graph.constant(c)));
      return graph.add(op, inputs, attributes).out();
    };
  }

  private interface Step {
    Value apply(Graph graph, Value x);
  }

  private static TensorData floats(int size, float... values) {
    return TensorData.ofFloats(values, size);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("more")
  void aNodeComputesTheSameInEveryVersion(String name, int version, TensorType type, Step step) {
    Graph graph = new Graph("g", OpSet.onnx(version));
    graph.output("y", step.apply(graph, graph.input("x", type.dataType(), type.shape())));
    Shape real = type.shape().isStatic() ? type.shape() : type.shape().with(0, Dim.of(2));
    float[] values = new float[(int) real.elements()];
    for (int k = 0; k < values.length; k++) {
      values[k] = (float) Math.sin(1.7 * k) * 3;
    }
    Map<String, TensorData> feeds = Map.of("x", TensorData.ofFloats(values, real.sizes()));
    TensorData expected = GraphRunner.run(graph, feeds).get("y");
    for (int other = OpsetConversion.OLDEST; other <= OpsetConversion.NEWEST; other++) {
      Graph converted = OpsetConversion.convert(graph, other);
      assertEquals(other, converted.opSet().version());
      assertEquals(
          graph.outputs().get("y").shape(), converted.outputs().get("y").shape(), "in " + other);
      TensorData found = GraphRunner.run(converted, feeds).get("y");
      Numbers.assertClose(expected, found, 2e-6, 2e-6, name + " in version " + other);
    }
  }

  /** Before version 18, parts without sizes are equal. */
  @Test
  void unevenPartsAreGivenBySizes() {
    Graph graph = new Graph("g", OpSet.onnx(18));
    Value x = graph.input("x", DataType.FLOAT, Shape.of(7));
    List<Value> parts =
        graph.add("", "Split", List.of(x), Map.of("num_outputs", Attribute.of(3)), 3).outputs();
    graph.output("y", parts.get(2));
    Graph converted = OpsetConversion.convert(graph, 13);
    TensorData found =
        GraphRunner.run(converted, Map.of("x", floats(7, 0, 1, 2, 3, 4, 5, 6))).get("y");
    assertEquals(floats(1, 6), found);
    Value sizes = converted.nodes().get(0).in(1);
    assertEquals(TensorData.longs(3, 3, 1), sizes.data().orElseThrow());
  }

  @Test
  void whatAVersionDoesNotHaveIsRefusedByName() {
    assertRefusal(
        "Pad: expected the modes constant, edge and reflect, found wrap",
        19,
        17,
        (g, x) -> {
          Value pads = g.constant(TensorData.longs(1, 1));
          return g.add("Pad", List.of(x, pads), Map.of("mode", Attribute.of("wrap"))).out();
        });
    assertRefusal(
        "Trilu",
        14,
        13,
        (g, x) -> g.add("Trilu", List.of(new Ops(g).reshape(x, 2, 2)), Map.of()).out());
    assertRefusal(
        "ReduceSumSquare: expected a constant axes, found one that the graph computes",
        18,
        17,
        (g, x) -> {
          Value axes = g.input("axes", DataType.INT64, Shape.of(1));
          return g.add("ReduceSumSquare", List.of(x, axes), Map.of()).out();
        });
    assertRefusal(
        "Reshape: expected no size of 0 under allowzero = 1, found [3, 0]",
        14,
        13,
        (g, x) -> {
          Value none = g.constant(TensorData.ofFloats(new float[0], 0, 3));
          Value sizes = g.constant(TensorData.longs(3, 0));
          Map<String, Attribute> zero = Map.of("allowzero", Attribute.of(1));
          Value empty = g.add("Reshape", List.of(none, sizes), zero).out();
          return g.add("Size", List.of(empty), Map.of()).out();
        });
    assertRefusal(
        "AveragePool: expected no attribute dilations, which came later, found dilations = [2, 1]",
        19,
        18,
        (g, x) ->
            g.add(
                    "AveragePool",
                    List.of(new Ops(g).reshape(x, 1, 1, 4, 1)),
                    Map.of(
                        "kernel_shape",
                        Attribute.of(new long[] {2, 1}),
                        "dilations",
                        Attribute.of(new long[] {2, 1})))
                .out());
  }

  private static void assertRefusal(String message, int from, int to, Step step) {
    Graph graph = new Graph("g", OpSet.onnx(from));
    graph.output("y", step.apply(graph, graph.input("x", DataType.FLOAT, Shape.of(4))));
    TransformException e =
        assertThrows(TransformException.class, () -> OpsetConversion.convert(graph, to));
    assertTrue(e.getMessage().contains(message), e.getMessage());
    assertTrue(e.getMessage().startsWith("operator set " + from + " to " + to), e.getMessage());
  }

  @Test
  void aSubgraphGoesAlong() {
    Graph graph = new Graph("g", OpSet.onnx(13));
    Ops ops = new Ops(graph);
    Value x = graph.input("x", DataType.FLOAT, Shape.of(2, 3));
    Graph body = graph.subgraph("body");
    body.input("i", DataType.INT64, Shape.SCALAR);
    Value goOn = body.input("go_on", DataType.BOOL, Shape.SCALAR);
    Value state = body.input("state", DataType.FLOAT, Shape.of(2, 3));
    body.output("go_on_out", goOn);
    Ops inner = new Ops(body);
    body.output("next", inner.sub(1, inner.add(state, inner.reduceMean(x, true, 1))));
    graph.output("y", ops.loop(ops.constant(TensorData.scalar(3L)), null, List.of(x), body).get(0));
    Map<String, TensorData> feeds =
        Map.of("x", TensorData.ofFloats(new float[] {1, 2, 3, 5, 7, 9}, 2, 3));
    TensorData expected = GraphRunner.run(graph, feeds).get("y");
    Graph converted = OpsetConversion.convert(graph, 21);
    assertEquals(expected, GraphRunner.run(converted, feeds).get("y"));
  }
}
