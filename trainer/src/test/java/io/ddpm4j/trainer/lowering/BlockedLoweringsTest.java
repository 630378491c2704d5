package io.ddpm4j.trainer.lowering;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.exporter.graph.Attribute;
import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.Node;
import io.ddpm4j.exporter.graph.OpSet;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.Value;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class BlockedLoweringsTest {
  private static final int BLOCK = 16;

  /** The domains of the convolutions that one convolution becomes. */
  private static List<String> domains(long filterChannels, Map<String, Attribute> attributes) {
    Graph graph = new Graph("conv", OpSet.standard());
    Value x = graph.input("x", DataType.FLOAT, Shape.of(1, 32, 8, 8));
    Value w = graph.input("w", DataType.FLOAT, Shape.of(32, filterChannels, 3, 3));
    graph.output("y", graph.add("Conv", List.of(x, w), attributes).out());
    return TrainLowering.blocked(graph, BLOCK).nodes().stream()
        .filter(n -> n.op().equals("Conv"))
        .map((Node n) -> n.schema().domain())
        .toList();
  }

  private static Attribute ints(long... values) {
    return Attribute.of(values);
  }

  /** Whether an operator behind a blocked convolution, (1, 32, 8, 8), stays as it is. */
  private static boolean stays(String op, Map<String, Attribute> attributes, TensorData scales) {
    Graph graph = new Graph("behind", OpSet.standard());
    Value x = graph.input("x", DataType.FLOAT, Shape.of(1, 32, 8, 8));
    Value w = graph.input("w", DataType.FLOAT, Shape.of(32, 32, 1, 1));
    Value blocked = graph.add("Conv", List.of(x, w), Map.of()).out();
    List<Value> inputs =
        scales == null
            ? List.of(blocked)
            : Arrays.asList(blocked, null, new Ops(graph).constant(scales));
    graph.output("y", graph.add(op, inputs, attributes).out());
    return TrainLowering.blocked(graph, BLOCK).nodes().stream()
        .anyMatch(n -> n.op().equals(op) && n.schema().domain().isEmpty());
  }

  private static Map<String, Attribute> pool(long height, long width, String name, long... value) {
    return Map.of(
        "kernel_shape",
        ints(height, width),
        "strides",
        name.equals("strides") ? ints(value) : ints(height, width),
        name.equals("strides") ? "count_include_pad" : name,
        name.equals("strides") ? Attribute.of(0L) : ints(value));
  }

  @Test
  void onlyWindowsThatTileTheImageArePooledBlocked() {
    assertFalse(stays("AveragePool", pool(2, 2, "pads", 0, 0, 0, 0), null));
    assertTrue(stays("AveragePool", pool(2, 2, "pads", 0, 0, 2, 2), null));
    assertTrue(stays("AveragePool", pool(2, 2, "strides", 1, 1), null));
    assertTrue(stays("AveragePool", pool(2, 4, "pads", 0, 0, 0, 0), null));
    assertTrue(stays("AveragePool", pool(3, 3, "pads", 0, 0, 0, 0), null), "a rest of 2 pixels");
  }

  @Test
  void onlyWholeEqualFactorsAreUpsampledBlocked() {
    Map<String, Attribute> nearest =
        Map.of(
            "mode",
            Attribute.of("nearest"),
            "coordinate_transformation_mode",
            Attribute.of("asymmetric"),
            "nearest_mode",
            Attribute.of("floor"));
    assertFalse(stays("Resize", nearest, TensorData.ofFloats(new float[] {1, 1, 2, 2}, 4)));
    assertTrue(stays("Resize", nearest, TensorData.ofFloats(new float[] {1, 1, 2, 3}, 4)));
    assertTrue(stays("Resize", nearest, TensorData.ofFloats(new float[] {1, 1, 2.1f, 2.1f}, 4)));
  }

  @Test
  void convolutionsThatTheBlockedOneCannotSayStayAsTheyAre() {
    assertEquals(List.of(Nchwc.DOMAIN), domains(32, Map.of("pads", ints(1, 1, 1, 1))));
    assertEquals(List.of(Nchwc.DOMAIN), domains(32, Map.of("strides", ints(2, 2))));
    assertEquals(List.of(""), domains(16, Map.of("group", Attribute.of(2L))));
    assertEquals(List.of(""), domains(32, Map.of("dilations", ints(2, 2))));
    assertEquals(List.of(""), domains(32, Map.of("strides", ints(2, 1))));
    assertEquals(List.of(""), domains(32, Map.of("auto_pad", Attribute.of("SAME_UPPER"))));
  }
}
