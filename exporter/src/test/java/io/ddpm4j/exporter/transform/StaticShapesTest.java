package io.ddpm4j.exporter.transform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.exporter.graph.Attribute;
import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Dim;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.Node;
import io.ddpm4j.exporter.graph.OpSet;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.Value;
import io.ddpm4j.exporter.testing.GraphRunner;
import io.ddpm4j.exporter.testing.Numbers;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Graphs of one size, run in ONNX Runtime. */
class StaticShapesTest {

  @Test
  void networksOfOneBatchComputeTheSame() throws Exception {
    assertFixed(TransformNetworks.all());
  }

  @Test
  void storedNetworksOfOneBatchComputeTheSame() throws Exception {
    assertFixed(TransformNetworks.stored());
  }

  private static void assertFixed(List<TransformNetworks.Network> networks) {
    for (TransformNetworks.Network network : networks) {
      Graph graph = StaticShapes.fixBatch(network.graph(), network.batch());
      graph.inputs().forEach(v -> assertTrue(v.shape().isStatic(), v.toString()));
      for (Node node : graph.nodes()) {
        node.outputs().forEach(v -> assertTrue(v.shape().isStatic(), network + ": " + v));
      }
      TensorData found = GraphRunner.run(graph, network.inputs()).get(network.output());
      Numbers.assertClose(network.expected(), found, 1e-5, 1e-5, network.toString());
    }
  }

  /** As PyTorch's exporter reshapes: Shape, Gather, arithmetic, Concat. */
  private static Graph computedShapes() {
    Graph graph = new Graph("open", OpSet.onnx(17));
    Ops o = new Ops(graph);
    List<Dim> dims = List.of(Dim.named("n"), Dim.of(2), Dim.named("h"), Dim.named("w"));
    Value x = graph.input("x", DataType.FLOAT, new Shape(dims));
    Value shape = o.shape(x);
    Value n = o.gather(shape, o.longs(0), 0);
    Value h = o.gather(shape, o.longs(2), 0);
    Value w = o.gather(shape, o.longs(3), 0);
    Value flat = o.concat(0, n, o.longs(2), o.mul(h, w));
    Value y = graph.add("Reshape", List.of(x, flat), Map.of()).out();
    Value size = o.concat(0, n, o.longs(2), o.mul(h, 2), w);
    Value large =
        graph
            .add(
                "Resize",
                Arrays.asList(x, null, null, size),
                Map.of("mode", Attribute.of("nearest")))
            .out();
    graph.output("y", y);
    graph.output("large", large);
    return graph;
  }

  @Test
  void computedShapesBecomeConstants() {
    Graph open = computedShapes();
    Graph fixed = StaticShapes.fixSize(StaticShapes.fixBatch(open, 3), 4, 5);
    Set<String> left = TransformNetworks.operators(fixed).keySet();
    assertEquals(Set.of("Reshape", "Resize"), left);
    assertEquals(Shape.of(3, 2, 20), fixed.outputs().get("y").shape());
    assertEquals(Shape.of(3, 2, 8, 5), fixed.outputs().get("large").shape());
    float[] numbers = new float[3 * 2 * 4 * 5];
    for (int k = 0; k < numbers.length; k++) {
      numbers[k] = k;
    }
    Map<String, TensorData> inputs = Map.of("x", TensorData.ofFloats(numbers, 3, 2, 4, 5));
    Map<String, TensorData> expected = GraphRunner.run(open, inputs);
    Map<String, TensorData> found = GraphRunner.run(fixed, inputs);
    assertEquals(expected, found);
  }

  @Test
  void batchesStayOpenWhereOnlyTheSizeIsFixed() {
    Graph fixed = StaticShapes.fixSize(computedShapes(), 4, 5);
    assertEquals(
        new Shape(List.of(Dim.named("n"), Dim.of(2), Dim.of(20))),
        fixed.outputs().get("y").shape());
    assertFalse(fixed.nodes().isEmpty());
  }

  @Test
  void whatDoesNotFitIsRefused() {
    Graph fixed = StaticShapes.fixBatch(computedShapes(), 3);
    assertEquals(
        "x: expected 4 or an open extent at axis 0, found [3, 2, h, w]",
        assertThrows(TransformException.class, () -> StaticShapes.fixBatch(fixed, 4)).getMessage());
    assertEquals(fixed.toString(), StaticShapes.fixBatch(fixed, 3).toString());
    assertEquals(
        "h: expected a size of 1 or more, found 0",
        assertThrows(TransformException.class, () -> StaticShapes.fixSize(fixed, 0, 1))
            .getMessage());
    TransformException unknown =
        assertThrows(TransformException.class, () -> StaticShapes.fix(fixed, Map.of("z", 1L)));
    assertTrue(unknown.getMessage().startsWith("z: expected the name of an open extent, found"));
  }
}
