package io.ddpm4j.exporter.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.Node;
import io.ddpm4j.exporter.graph.OpSet;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.Value;
import io.ddpm4j.exporter.nn.UNetConfig.BlockType;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Where dropout is, and that exported networks have none. */
class UNetDropoutTest {

  /** Every kind of block: those that change the size too. */
  private static UNetConfigBuilder network() {
    return UNetConfig.builder()
        .sampleSize(8)
        .blockOutChannels(List.of(4, 8, 8))
        .downBlockTypes(List.of(BlockType.RESNET, BlockType.ATTENTION, BlockType.PLAIN))
        .upBlockTypes(List.of(BlockType.PLAIN, BlockType.ATTENTION, BlockType.RESNET))
        .resnetDownsample(true)
        .layersPerBlock(1)
        .normNumGroups(2);
  }

  private static Map<String, Shape> places(UNetConfig config) {
    Graph graph = new Graph("unet", OpSet.standard());
    Value sample = graph.input("sample", DataType.FLOAT, Shape.of(5, 3, 8, 8));
    Value timestep = graph.input("timestep", DataType.INT64, Shape.of(5));
    Map<String, Shape> places = new LinkedHashMap<>();
    DropoutMasks masks =
        (name, shape) -> {
          places.put(name, shape);
          return graph.input(name, DataType.UINT8, shape);
        };
    UNet.Inputs inputs = new UNet.Inputs(sample, timestep, null, masks);
    UNet.build(new Ops(graph), config, Parameters.asInputs(graph), inputs);
    long nodes = graph.nodes().stream().filter(n -> n.op().equals("Dropout")).count();
    assertEquals(places.size(), nodes);
    return places;
  }

  @Test
  void everyResnetBlockDropsBeforeItsSecondConvolution() {
    UNetConfig config = network().dropout(0.25).build();
    List<String> expected =
        UNet.parameters(config).specs().keySet().stream()
            .filter(name -> name.endsWith(".conv2.weight"))
            .map(name -> name.replace(".conv2.weight", ".dropout"))
            .toList();
    Map<String, Shape> places = places(config);
    assertEquals(expected, List.copyOf(places.keySet()));
    assertTrue(expected.contains("down_blocks.0.downsamplers.0.dropout"));
    assertTrue(expected.contains("up_blocks.2.resnets.1.dropout"));
    assertEquals(Shape.of(5, 4, 4, 4), places.get("down_blocks.0.downsamplers.0.dropout"));
    assertEquals(Shape.of(5, 8, 2, 2), places.get("mid_block.resnets.1.dropout"));
    assertEquals(Shape.of(5, 4, 8, 8), places.get("up_blocks.2.resnets.1.dropout"));
  }

  @Test
  void withoutDropoutNoMaskIsAskedFor() {
    assertEquals(Map.of(), places(network().build()));
  }

  @Test
  void theExportedNetworkHasNone() {
    UNetConfig with = network().dropout(0.25).build();
    UNetConfig without = network().build();
    var weights = UNet.parameters(with).initialize(1);
    Graph graph = UNet.portable(with, weights);
    assertEquals(UNet.parameters(without).initialize(1).keySet(), weights.keySet());
    assertEquals(
        UNet.portable(without, weights).nodes().stream().map(Node::toString).toList(),
        graph.nodes().stream().map(Node::toString).toList());
    assertEquals(3, graph.inputs().size() + graph.outputs().size());
  }
}
