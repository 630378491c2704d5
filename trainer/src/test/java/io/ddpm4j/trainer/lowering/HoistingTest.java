package io.ddpm4j.trainer.lowering;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.OpSet;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.Value;
import io.ddpm4j.exporter.testing.GraphRunner;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class HoistingTest {
  private static final TensorData W = TensorData.ofFloats(new float[] {1, 2, 3, 4}, 2, 2);
  private static final TensorData X = TensorData.ofFloats(new float[] {5, -6, 7, 8}, 2, 2);

  /** y = x·(w·M)ᵀ + x·(K·M): a product of weights, and one of constants. */
  private static Graph graph() {
    Graph graph = new Graph("both", OpSet.onnx(OpSet.DEFAULT_VERSION));
    Ops o = new Ops(graph);
    Value x = graph.input("x", DataType.FLOAT, Shape.of(2, 2));
    Value w = graph.input("w", DataType.FLOAT, Shape.of(2, 2));
    Value m = o.constant(TensorData.ofFloats(new float[] {1, -1, 2, 0}, 2, 2));
    Value k = o.constant(TensorData.ofFloats(new float[] {3, 1, 0, 1}, 2, 2));
    Value product = o.matMul(o.transpose(w, 1, 0), m);
    graph.output("y", o.add(o.matMul(x, o.transpose(product, 1, 0)), o.matMul(x, o.matMul(k, m))));
    return graph;
  }

  private static Set<String> names(List<Value> values) {
    return values.stream().map(Value::name).collect(Collectors.toSet());
  }

  @Test
  void bothPartsTogetherAreTheGraph() {
    Hoisting parts = Hoisting.of(graph(), Set.of("w"));
    assertEquals(Set.of("w"), names(parts.first().inputs()));
    assertEquals(1, parts.first().outputs().size(), "constants' product is not the weights'");
    Map<String, TensorData> feeds = new HashMap<>(Map.of("x", X, "w", W));
    feeds.putAll(GraphRunner.run(parts.first(), Map.of("w", W)));
    assertEquals(feeds.keySet(), names(parts.rest().inputs()));
    assertArrayEquals(
        GraphRunner.run(graph(), Map.of("x", X, "w", W)).get("y").floats(),
        GraphRunner.run(parts.rest(), feeds).get("y").floats());
    assertEquals(3, parts.rest().nodes().stream().filter(n -> n.op().equals("MatMul")).count());
  }

  @Test
  void whereNothingStaysTheSameNothingIsTakenOut() {
    Hoisting parts = Hoisting.of(graph(), Set.of());
    assertEquals(0, parts.first().nodes().size());
    assertEquals(graph().nodes().size(), parts.rest().nodes().size());
  }
}
