package io.ddpm4j.exporter.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class GraphTest {
  private final Graph graph = new Graph("g", OpSet.standard());
  private final Ops ops = new Ops(graph);
  private final Value x = graph.input("x", DataType.FLOAT, Shape.named("batch", 3, 8, 8));
  private final Value weight = graph.input("w", DataType.FLOAT, Shape.of(16, 3, 3, 3));
  private final Value index = graph.input("i", DataType.INT64, Shape.named("batch"));

  private static void refuses(String message, Executable body) {
    assertEquals(message, assertThrows(ShapeException.class, body).getMessage());
  }

  @Test
  void aMistakeIsRefusedWhereItIsMadeWithOperatorScopeExpectedAndFound() {
    refuses(
        "Relu: expected inputs Relu(X), found 2", () -> graph.add("Relu", List.of(x, x), Map.of()));
    refuses(
        "Gather: expected inputs Gather(data, indices), found 1",
        () -> graph.add("Gather", Arrays.asList(x, null), Map.of()));
    refuses(
        "Where: input 0 (condition): expected a value, found none",
        () -> graph.add("Where", Arrays.asList(null, x, x), Map.of()));
    refuses(
        "Add in mid.attn: input 1 (B): expected FLOAT as the inputs before it, found INT64[batch]",
        () -> graph.inScope("mid", () -> graph.inScope("attn", () -> ops.add(x, index))));
    refuses(
        "Not: input 0 (X): expected one of [BOOL], found FLOAT[batch, 3, 8, 8]", () -> ops.not(x));
    refuses(
        "Softmax: expected attributes [axis], found axes",
        () -> graph.add("Softmax", List.of(x), Map.of("axes", Attribute.of(1))));
    refuses(
        "Softmax: attribute axis: expected INT, found float",
        () -> graph.add("Softmax", List.of(x), Map.of("axis", Attribute.of(1f))));
    refuses("Concat: attribute axis is missing", () -> graph.add("Concat", List.of(x), Map.of()));
    refuses(
        "operator Gelu is not known in operator set 17 of ai.onnx",
        () -> graph.add("Gelu", List.of(x), Map.of()));
    refuses(
        "operator com.microsoft:Gelu is not known in operator set 17",
        () -> graph.add("com.microsoft", "Gelu", List.of(x), Map.of(), 1));
    refuses(
        "Split: expected 2 outputs, found 1",
        () -> graph.add("Split", List.of(x, ops.longs(1, 2)), Map.of("axis", Attribute.of(1))));
    Value other = new Graph("other", OpSet.standard()).input("o", DataType.FLOAT, x.shape());
    refuses(
        "Add: input 1 (B): expected a value of graph g, found one of other",
        () -> ops.add(x, other));
  }

  @Test
  void shapesThatDoNotFitAreRefused() {
    Value b = graph.input("b", DataType.FLOAT, Shape.of(5));
    refuses(
        "Add: expected shapes that broadcast, found [batch, 3, 8, 8] and [5]", () -> ops.add(x, b));
    refuses(
        "Conv: expected 16 input channels in the weights, found [16, 3, 3, 3]",
        () -> ops.conv(ops.conv(x, weight, null, 1, 1, 1, 1, 1), weight, null, 1, 1, 1, 1, 1));
    refuses(
        "MatMul: expected equal inner sizes, found [batch, 3, 8, 8] and [5]",
        () -> ops.matMul(x, b));
    refuses(
        "Reshape: expected a shape of the same size as [5], found [2, -1]",
        () -> ops.reshape(b, 2, -1));
    refuses(
        "Transpose: expected a permutation of the axes of [5], found [1, 0]",
        () -> ops.transpose(b, 1, 0));
    refuses("Softmax: expected an axis from -4 to 3, found 4", () -> ops.softmax(x, 4));
    refuses(
        "Concat: expected equal sizes but on axis 1, found [batch, 3, 8, 8] and [16, 3, 3, 3]",
        () -> ops.concat(1, x, weight));
    refuses(
        "Squeeze: expected axes, because a named size may turn out to be 1, found [batch]",
        () -> graph.add("Squeeze", List.of(index), Map.of()));
    refuses(
        "GroupNorm: expected channels that 2 groups divide, found [batch, 3, 8, 8]",
        () -> ops.groupNorm(x, b, b, 2, 1e-5));
    refuses(
        "Cast: expected an element type from 1 to 16, found 99",
        () -> graph.add("Cast", List.of(x), Map.of("to", Attribute.of(99))));
    ShapeException tooFew =
        assertThrows(
            ShapeException.class,
            () -> graph.add("Slice", List.of(b, ops.longs(0, 0), ops.longs(1)), Map.of()));
    assertTrue(tooFew.getMessage().startsWith("Slice: "), tooFew.getMessage());
  }

  @Test
  void namesAreUnique() {
    refuses("graph g: the name x is taken", () -> graph.input("x", DataType.FLOAT, Shape.SCALAR));
    graph.output("y", x);
    refuses("output y is declared twice in graph g", () -> graph.output("y", x));
  }

  @Test
  void aNamedDimensionKeepsItsName() {
    Value y = ops.conv(x, weight, null, 2, 1, 1, 1, 1);
    assertEquals("[batch, 16, 4, 4]", y.shape().toString());
    assertEquals("[batch, 256]", ops.reshape(y, 0, -1).shape().toString());
    assertEquals("[batch, 256]", ops.reshape(y, -1, 256).shape().toString());
    assertEquals("[batch, 16, 1, 1]", ops.reduceMean(y, true, 2, 3).shape().toString());
    // The way exporters write it: the sizes are computed by operators.
    Value batch = ops.gather(ops.shape(x), graph.constant(TensorData.scalar(0L)), 0);
    Value sizes = ops.concat(0, ops.unsqueeze(batch, 0), ops.longs(-1));
    Value flat = graph.add("Reshape", List.of(y, sizes), Map.of()).out();
    assertEquals("[batch, 256]", flat.shape().toString());
    Value grid = ops.expand(ops.scalar(1), ops.concat(0, ops.unsqueeze(batch, 0), ops.longs(2)));
    assertEquals("[batch, 2]", grid.shape().toString());
  }

  @Test
  void equalNodesAndConstantsAreShared() {
    assertSame(ops.exp(x), ops.exp(x));
    assertSame(ops.scalar(2), ops.scalar(2));
    assertNotSame(ops.scalar(2), ops.longs(2));
    assertNotSame(ops.exp(x), ops.log(x));
    assertNotSame(ops.softmax(x, 1), ops.softmax(x, 2));
    assertSame(ops.mul(x, 2), ops.mul(x, 2));
    int nodes = graph.nodes().size();
    ops.mul(x, 2);
    assertEquals(nodes, graph.nodes().size());
  }

  @Test
  void aSubgraphSharesWhatTheGraphAroundHas() {
    Value outside = ops.exp(x);
    Graph sub = graph.subgraph("sub");
    assertSame(outside, new Ops(sub).exp(x));
    assertSame(ops.scalar(4), new Ops(sub).scalar(4));
    Value inside = new Ops(sub).log(x);
    assertNotSame(inside, ops.log(x), "a graph must not use a value of its subgraph");
  }

  @Test
  void randomNodesAndNamedConstantsAreNotShared() {
    Map<String, Attribute> shape = Map.of("shape", Attribute.of(new long[] {2}));
    assertNotSame(
        graph.add("RandomNormal", List.of(), shape).out(),
        graph.add("RandomNormal", List.of(), shape).out());
    TensorData zeros = TensorData.ofFloats(new float[2], 2);
    assertNotSame(graph.constant("a.bias", zeros), graph.constant("b.bias", zeros));
  }

  @Test
  void theFormOfAnOperatorFollowsTheVersion() {
    Graph newer = new Graph("newer", OpSet.onnx(18));
    Value y = newer.input("y", DataType.FLOAT, Shape.of(2, 3));
    assertEquals(Shape.of(2, 1), new Ops(newer).reduceMean(y, true, 1).shape());
    assertEquals(2, new Ops(newer).reduceMean(y, true, 1).producer().orElseThrow().inputs().size());
    assertEquals(1, ops.reduceMean(x, true, 1).producer().orElseThrow().inputs().size());
    assertEquals(
        "operator set version: expected 9 or more, found 8",
        assertThrows(IllegalArgumentException.class, () -> OpSet.onnx(8)).getMessage());
  }
}
