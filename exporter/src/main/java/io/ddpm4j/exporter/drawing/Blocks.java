package io.ddpm4j.exporter.drawing;

import io.ddpm4j.exporter.graph.Dim;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.proto.GraphOutline;
import io.ddpm4j.exporter.proto.ModelSummary;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;

/** Turns the nodes of a graph into the blocks of a drawing. */
final class Blocks {
  /** A graph of no more nodes is drawn node by node. */
  private static final int FEW = 40;

  /** Modules are opened as far as there are no more blocks than that. */
  private static final int MANY = 100;

  /** A vector that more blocks than that use is no line, but named where it arrives. */
  private static final int BROADCAST = 5;

  private final GraphOutline outline;
  private final Flow flow;
  private final Grouping grouping;
  private final Map<String, Integer> inputs = new HashMap<>(); // block by name
  private final Map<Integer, Integer> blockOfGroup = new HashMap<>();
  private final List<Set<String>> taken = new ArrayList<>(); // by block: values of others
  private final Map<Integer, Shape> shapes = new HashMap<>(); // by block

  private Blocks(GraphOutline outline) {
    this.outline = outline;
    this.flow = new Flow(outline);
    Scopes scopes = new Scopes(outline.nodes());
    int depth = flow.nodes().size() <= FEW ? 0 : Math.max(1, scopes.deepest());
    Grouping fits = new Grouping(outline, flow, scopes, depth);
    while (depth > 1 && fits.size() > MANY) {
      fits = new Grouping(outline, flow, scopes, --depth);
    }
    this.grouping = fits;
  }

  /** Inputs first, then the nodes' blocks in topological order, then outputs. */
  static List<Block> of(GraphOutline outline) {
    return new Blocks(outline).build();
  }

  private List<Block> build() {
    for (ModelSummary.Port input : outline.inputs()) {
      inputs.put(input.name(), inputs.size());
      taken.add(new TreeSet<>());
      shapes.put(inputs.size() - 1, outline.shapes().get(input.name()));
    }
    Map<Integer, List<Integer>> members = members();
    members.forEach((block, nodes) -> connect(block, nodes));
    List<Integer> ends = new ArrayList<>();
    for (ModelSummary.Port output : outline.outputs()) {
      if (flow.isData(output.name())) {
        ends.add(taken.size());
        shapes.put(taken.size(), outline.shapes().get(output.name()));
        taken.add(new TreeSet<>(Set.of(output.name())));
      }
    }
    Set<String> broadcasts = broadcasts();
    List<Block> blocks = new ArrayList<>();
    Map<String, Integer> users = users(members);
    for (int block = 0; block < taken.size(); block++) {
      List<Integer> near = givers(block, value -> !broadcasts.contains(value));
      List<Integer> far = givers(block, broadcasts::contains);
      far.removeAll(near);
      if (block < inputs.size()) {
        String name = outline.inputs().get(block).name();
        blocks.add(
            new Block(
                Block.Kind.INPUT, name, Map.of(), 0, shapes.get(block), List.of(), List.of()));
      } else if (members.containsKey(block)) {
        List<Integer> nodes = members.get(block);
        blocks.add(
            new Block(
                Block.Kind.NODES,
                grouping.title(grouping.of(nodes.get(0))),
                operators(nodes),
                parameters(nodes, users),
                shapes.get(block),
                near,
                far));
      } else {
        String name = outputName(block - ends.get(0));
        blocks.add(new Block(Block.Kind.OUTPUT, name, Map.of(), 0, shapes.get(block), near, far));
      }
    }
    return blocks;
  }

  private String outputName(int index) {
    return outline.outputs().stream()
        .map(ModelSummary.Port::name)
        .filter(flow::isData)
        .skip(index)
        .findFirst()
        .orElseThrow();
  }

  /** The nodes of each block, by block. */
  private Map<Integer, List<Integer>> members() {
    Map<Integer, List<Integer>> members = new TreeMap<>();
    for (int node : flow.nodes()) {
      Integer block = blockOfGroup.get(grouping.of(node));
      if (block == null) {
        block = taken.size();
        blockOfGroup.put(grouping.of(node), block);
        taken.add(new TreeSet<>());
      }
      members.computeIfAbsent(block, b -> new ArrayList<>()).add(node);
    }
    return members;
  }

  private int blockOf(String value) {
    Integer producer = flow.producer(value);
    return producer == null ? inputs.get(value) : blockOfGroup.get(grouping.of(producer));
  }

  private void connect(int block, List<Integer> nodes) {
    for (int node : nodes) {
      for (String input : outline.nodes().get(node).inputs()) {
        if (flow.isData(input) && blockOf(input) != block) {
          taken.get(block).add(input);
        }
      }
    }
    shapes.put(block, leaving(block, nodes));
  }

  /** The shape of the largest value that other blocks use, or that comes out. */
  private Shape leaving(int block, List<Integer> nodes) {
    Set<String> results = new HashSet<>();
    outline.outputs().forEach(output -> results.add(output.name()));
    Shape largest = null;
    for (int node : nodes) {
      boolean used = flow.after(node).stream().anyMatch(n -> !within(n, block));
      for (String output : outline.nodes().get(node).outputs()) {
        Shape shape = outline.shapes().get(output);
        if (shape != null && (used || results.contains(output)) && size(shape) >= size(largest)) {
          largest = shape;
        }
      }
    }
    return largest;
  }

  private boolean within(int node, int block) {
    return blockOfGroup.get(grouping.of(node)) == block;
  }

  /** The number of elements, where what is not known counts as one. */
  private static double size(Shape shape) {
    double size = shape == null ? -1 : 1;
    for (Dim dim : shape == null ? List.<Dim>of() : shape.dims()) {
      size *= Math.max(1, dim.sizeOrUnknown());
    }
    return size;
  }

  /** The blocks that a block takes such values from. */
  private List<Integer> givers(int block, Predicate<String> which) {
    Set<Integer> givers = new TreeSet<>();
    taken.get(block).stream().filter(which).forEach(value -> givers.add(blockOf(value)));
    return new ArrayList<>(givers);
  }

  /** Vectors, such as the time embedding, that many blocks use. */
  private Set<String> broadcasts() {
    Map<String, Integer> users = new HashMap<>();
    taken.forEach(values -> values.forEach(value -> users.merge(value, 1, Integer::sum)));
    Set<String> found = new HashSet<>();
    users.forEach(
        (value, count) -> {
          Shape shape = outline.shapes().get(value);
          if (count > BROADCAST && shape != null && shape.rank() < 3) {
            found.add(value);
          }
        });
    return found;
  }

  private Map<String, Integer> operators(List<Integer> nodes) {
    Map<String, Integer> counts = new TreeMap<>();
    nodes.forEach(node -> counts.merge(outline.nodes().get(node).op(), 1, Integer::sum));
    Map<String, Integer> byCount = new LinkedHashMap<>();
    counts.entrySet().stream()
        .sorted(Map.Entry.comparingByValue(Comparator.reverseOrder()))
        .forEach(entry -> byCount.put(entry.getKey(), entry.getValue()));
    return byCount;
  }

  /** How many blocks use a constant, by its name. */
  private Map<String, Integer> users(Map<Integer, List<Integer>> members) {
    Map<String, Integer> users = new HashMap<>();
    for (List<Integer> nodes : members.values()) {
      constants(nodes).forEach(constant -> users.merge(constant, 1, Integer::sum));
    }
    return users;
  }

  private Set<String> constants(List<Integer> nodes) {
    Set<String> constants = new LinkedHashSet<>();
    nodes.forEach(node -> constants.addAll(flow.constants(node)));
    return constants;
  }

  /** Shared ones are shape vectors and the like, not weights. */
  private long parameters(List<Integer> nodes, Map<String, Integer> users) {
    return constants(nodes).stream()
        .filter(constant -> users.get(constant) == 1)
        .mapToLong(outline.constants()::get)
        .sum();
  }
}
