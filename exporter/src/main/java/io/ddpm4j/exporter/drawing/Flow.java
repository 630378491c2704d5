package io.ddpm4j.exporter.drawing;

import io.ddpm4j.exporter.proto.GraphOutline;
import io.ddpm4j.exporter.proto.GraphOutline.Operator;
import io.ddpm4j.exporter.proto.ModelSummary;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * The flow of data between the nodes of a graph. Nodes that compute with constants or with shapes
 * only are no part of it: what they do is settled before data come.
 */
final class Flow {
  private static final Set<String> ASK_FOR_A_SHAPE = Set.of("Shape", "Size");

  private final GraphOutline outline;
  private final Set<String> data = new HashSet<>(); // values that depend on what an input holds
  private final Map<String, Integer> producers = new HashMap<>(); // node by value
  private final List<Integer> nodes = new ArrayList<>(); // those that are part of the flow
  private final List<Set<Integer>> before = new ArrayList<>(); // by node: whose values it uses
  private final List<Set<Integer>> after = new ArrayList<>();

  Flow(GraphOutline outline) {
    this.outline = outline;
    for (ModelSummary.Port input : outline.inputs()) {
      data.add(input.name());
    }
    for (int node = 0; node < outline.nodes().size(); node++) {
      before.add(new TreeSet<>());
      after.add(new TreeSet<>());
      Operator operator = outline.nodes().get(node);
      for (String output : operator.outputs()) {
        producers.put(output, node);
      }
      boolean drawsRandomly = operator.op().startsWith("Random");
      if (ASK_FOR_A_SHAPE.contains(operator.op())
          || !drawsRandomly && operator.inputs().stream().noneMatch(data::contains)) {
        continue;
      }
      nodes.add(node);
      data.addAll(operator.outputs());
      for (String input : operator.inputs()) {
        Integer producer = data.contains(input) ? producers.get(input) : null;
        if (producer != null) {
          before.get(node).add(producer);
          after.get(producer).add(node);
        }
      }
    }
  }

  /** The nodes of the flow, in topological order. */
  List<Integer> nodes() {
    return nodes;
  }

  Set<Integer> before(int node) {
    return before.get(node);
  }

  Set<Integer> after(int node) {
    return after.get(node);
  }

  boolean isData(String value) {
    return data.contains(value);
  }

  /** The node that computes a value; null for an input. */
  Integer producer(String value) {
    return producers.get(value);
  }

  /** The constants that a node uses, directly or through nodes that only see constants. */
  Set<String> constants(int node) {
    Set<String> found = new HashSet<>();
    List<Integer> open = new ArrayList<>(List.of(node));
    Set<Integer> seen = new HashSet<>(open);
    while (!open.isEmpty()) {
      for (String input : outline.nodes().get(open.remove(open.size() - 1)).inputs()) {
        Integer producer = producers.get(input);
        if (outline.constants().containsKey(input)) {
          found.add(input);
        } else if (producer != null && !data.contains(input) && seen.add(producer)) {
          open.add(producer);
        }
      }
    }
    return found;
  }
}
