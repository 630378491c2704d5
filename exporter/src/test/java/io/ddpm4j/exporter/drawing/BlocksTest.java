package io.ddpm4j.exporter.drawing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.proto.GraphOutline;
import io.ddpm4j.exporter.proto.GraphOutline.Operator;
import io.ddpm4j.exporter.proto.ModelSummary.Port;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Which nodes become one block. */
class BlocksTest {
  private final List<Operator> nodes = new ArrayList<>();
  private final Map<String, Shape> shapes = new LinkedHashMap<>();
  private final Map<String, Long> constants = new LinkedHashMap<>();

  private void node(String scope, String op, String output, String... inputs) {
    String name = scope.isEmpty() ? op + "_" + output : scope + "/" + op + "_" + output;
    nodes.add(new Operator(name, op, List.of(inputs), List.of(output)));
  }

  /** As many nodes as it takes for modules to count, in a module of their own. */
  private void chain(String scope, String from, String to, int length) {
    String last = from;
    for (int k = 1; k < length; k++) {
      node(scope, "Relu", to + k, last);
      last = to + k;
    }
    node(scope, "Relu", to, last);
  }

  private List<Block> blocks(String output, String... inputs) {
    List<Port> ports =
        List.of(inputs).stream().map(name -> new Port(name, "float", List.of())).toList();
    return Blocks.of(
        new GraphOutline(
            ports, List.of(new Port(output, "float", List.of())), nodes, constants, shapes));
  }

  private static String titles(List<Block> blocks) {
    return blocks.stream().map(Block::title).collect(Collectors.joining(" "));
  }

  @Test
  void fewNodesAreDrawnOneByOne() {
    node("a", "Conv", "h", "x");
    node("a", "Relu", "y", "h");
    List<Block> blocks = blocks("y", "x");
    assertEquals("x Conv Relu y", titles(blocks).replace("a", "").replace("  ", " "));
    assertEquals(List.of(1), blocks.get(2).sources());
    assertEquals(List.of(2), blocks.get(3).sources());
  }

  @Test
  void nodesOfOneModuleAreOneBlock() {
    chain("net.0/down.0.conv", "x", "h", 25);
    chain("net.0/down.1.conv", "h", "y", 25);
    List<Block> blocks = blocks("y", "x");
    assertEquals("x down.0/conv down.1/conv y", titles(blocks));
    assertEquals(Map.of("Relu", 25), blocks.get(1).operators());
  }

  @Test
  void aModuleThatDataComeBackToIsTwoBlocks() {
    chain("a", "x", "h", 25);
    chain("b", "h", "i", 25);
    chain("a", "i", "y", 25);
    assertEquals("x a b a y", titles(blocks("y", "x")));
  }

  @Test
  void aModuleUsedTwiceSideBySideIsOneBlock() {
    chain("a", "x", "h", 25);
    chain("a", "z", "i", 25);
    node("b", "Add", "y", "h", "i");
    assertEquals("x z a b y", titles(blocks("y", "x", "z")));
  }

  @Test
  void whatStandsBetweenModulesJoinsTheOneItServes() {
    chain("a", "x", "h", 25);
    node("", "Concat", "both", "h", "x");
    chain("b", "both", "y", 25);
    List<Block> blocks = blocks("y", "x");
    assertEquals("x a b y", titles(blocks));
    assertEquals(Map.of("Concat", 1, "Relu", 25), blocks.get(2).operators());
    assertEquals(List.of(0, 1), blocks.get(2).sources());
  }

  @Test
  void deepModulesAreClosedWhereTheirBlocksWouldBeTooMany() {
    String last = "x";
    for (int k = 0; k < 300; k++) {
      node("net.0/level." + k / 10 + "/layer." + k, "Relu", "h" + k, last);
      last = "h" + k;
    }
    List<Block> blocks = blocks(last, "x");
    assertEquals(32, blocks.size()); // 30 levels, the input, the output
    assertEquals("level.0", blocks.get(1).title());
  }

  @Test
  void constantsAndShapesAreNoFlowButTheirWeightsCount() {
    constants.put("w", 12L);
    constants.put("axes", 2L);
    node("a", "Reshape", "w2", "w", "axes");
    node("a", "Conv", "h", "x", "w2");
    node("b", "Shape", "size", "x");
    node("b", "Gather", "batch", "size", "axes");
    node("b", "Reshape", "y", "h", "batch");
    List<Block> blocks = blocks("y", "x");
    assertEquals(4, blocks.size(), titles(blocks));
    assertEquals(12, blocks.get(1).parameters()); // the axes are used twice
    assertEquals(List.of(1), blocks.get(2).sources());
  }

  @Test
  void aVectorForManyIsNamedInsteadOfDrawn() {
    shapes.put("time", Shape.of(1, 8));
    node("time", "Gemm", "time", "t");
    String last = "x";
    for (int k = 0; k < 7; k++) {
      chain("block." + k, last, "h" + k, 6);
      node("block." + k, "Add", "y" + k, "h" + k, "time");
      last = "y" + k;
    }
    List<Block> blocks = blocks(last, "x", "t");
    Block second = blocks.get(4);
    assertEquals("block.1", second.title());
    assertEquals(List.of(3), second.sources());
    assertEquals(List.of(2), second.broadcasts());
  }

  @Test
  void aBlockGivesTheShapeOfWhatLeavesIt() {
    shapes.put("h", Shape.of(1, 64, 4, 4));
    shapes.put("y", Shape.of(1, 3, 8, 8));
    shapes.put("inside", Shape.of(1, 512, 8, 8));
    chain("a", "x", "inside", 25);
    node("a", "Conv", "h", "inside");
    chain("b", "h", "y", 25);
    List<Block> blocks = blocks("y", "x");
    assertEquals(Shape.of(1, 64, 4, 4), blocks.get(1).shape());
    assertEquals(64, blocks.get(2).area());
    assertNull(blocks.get(0).shape());
    assertEquals(-1, blocks.get(0).area());
  }

  @Test
  void anInputCanBeAnOutput() {
    List<Block> blocks = blocks("x", "x");
    assertEquals("x x", titles(blocks));
    assertEquals(List.of(0), blocks.get(1).sources());
  }
}
