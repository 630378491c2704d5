package io.ddpm4j.trainer.lowering;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ddpm4j.exporter.graph.Attribute;
import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.Node;
import io.ddpm4j.exporter.graph.OpSet;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.Value;
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
