package io.ddpm4j.trainer.lowering;

import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.Lowering;
import io.ddpm4j.exporter.graph.Node;
import io.ddpm4j.exporter.graph.OpSet;
import io.ddpm4j.exporter.graph.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A graph in two parts: what depends on some of its inputs alone, the weights, and the rest. The
 * first part is run once a step, the second for each shard of the batch and on each thread, so that
 * they share its results and the memory that these take.
 *
 * @param first has those inputs that it needs, and the results as outputs
 * @param rest the graph's inputs and outputs, with the results of the first part as further inputs
 */
public record Hoisting(Graph first, Graph rest) {
  /**
   * Takes matrix products out, and what they need; cheaper operators stay where they are.
   *
   * @param inputs names of the inputs that stay the same
   */
  public static Hoisting of(Graph graph, Set<String> inputs) {
    OpSet opSet = OpSet.onnx(OpSet.DEFAULT_VERSION);
    Set<Value> constants = new HashSet<>(graph.constants());
    Set<Value> known = new HashSet<>();
    graph.inputs().stream().filter(v -> inputs.contains(v.name())).forEach(known::add);
    Map<Node, String> hoisted = new LinkedHashMap<>();
    for (Node node : graph.nodes()) {
      List<Value> variable = new ArrayList<>(node.presentInputs());
      variable.removeAll(constants);
      if (variable.isEmpty()) {
        constants.addAll(node.outputs());
      } else if (known.containsAll(variable)) {
        known.addAll(node.outputs());
        if (node.op().equals("MatMul")) {
          hoisted.put(node, "prepared " + hoisted.size());
        }
      }
    }
    Lowering.Rule replace =
        (o, node, in) ->
            hoisted.containsKey(node)
                ? List.of(
                    o.graph().input(hoisted.get(node), node.out().dataType(), node.out().shape()))
                : null;
    Graph rest = new Lowering(Map.of("MatMul", replace)).apply(graph, opSet);
    return new Hoisting(
        first(graph, hoisted, opSet),
        new Lowering(Map.of()).apply(rest, opSet)); // leaves out what only the first part needs
  }

  private static Graph first(Graph graph, Map<Node, String> hoisted, OpSet opSet) {
    Set<Value> needed = new HashSet<>();
    List<Node> nodes = new ArrayList<>();
    for (int i = graph.nodes().size() - 1; i >= 0; i--) {
      Node node = graph.nodes().get(i);
      if (hoisted.containsKey(node) || node.outputs().stream().anyMatch(needed::contains)) {
        nodes.add(0, node);
        needed.addAll(node.presentInputs());
      }
    }
    Graph first = new Graph("prepare", opSet);
    Map<Value, Value> copies = new HashMap<>();
    for (Value input : graph.inputs()) {
      if (needed.contains(input)) {
        copies.put(input, first.input(input.name(), input.dataType(), input.shape()));
      }
    }
    for (Value constant : graph.constants()) {
      if (needed.contains(constant)) {
        copies.put(constant, first.constant(constant.data().orElseThrow()));
      }
    }
    for (Node node : nodes) {
      List<Value> inputs = new ArrayList<>();
      node.inputs().forEach(v -> inputs.add(v == null ? null : copies.get(v)));
      Node copy =
          first.add(
              node.schema().domain(), node.op(), inputs, node.attributes(), node.outputs().size());
      for (int i = 0; i < node.outputs().size(); i++) {
        copies.put(node.out(i), copy.out(i));
      }
    }
    hoisted.forEach((node, name) -> first.output(name, copies.get(node.out())));
    return first;
  }
}
