package io.ddpm4j.exporter.graph;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Copies a graph into another, replacing nodes by what a table of rules says: composite functions
 * by ONNX's operators, or operators by the form that a device runs best. Nodes and constants that
 * no output needs are left out.
 */
public final class Lowering {
  private final Map<String, Rule> rules;

  /** What stands for a node. */
  @FunctionalInterface
  public interface Rule {
    /**
     * @param ops adds to the new graph
     * @param node the node of the old graph: its operator, attributes and types
     * @param inputs the node's inputs in the new graph, null where absent
     * @return the values that stand for the node's outputs; null leaves the node as it is
     */
    List<Value> apply(Ops ops, Node node, List<Value> inputs);
  }

  /**
   * @param rules by {@link OpSchema#key}; an operator without one is copied
   */
  public Lowering(Map<String, Rule> rules) {
    this.rules = Map.copyOf(rules);
  }

  /** The functions of {@link Functions} in standard operators that every runtime has. */
  public static Lowering portable() {
    return new Lowering(PortableLowerings.TABLE);
  }

  /**
   * How {@link #portable} writes one function.
   *
   * @param function of {@link Functions}, by {@link OpSchema#key}
   * @throws IllegalArgumentException if there is none of that name
   */
  public static Rule portable(String function) {
    Rule rule = PortableLowerings.TABLE.get(function);
    if (rule == null) {
      throw new IllegalArgumentException(
          "expected one of " + PortableLowerings.TABLE.keySet() + ", found " + function);
    }
    return rule;
  }

  /** A new graph that computes the same outputs, with the operators of {@code opSet}. */
  public Graph apply(Graph graph, OpSet opSet) {
    Graph target = new Graph(graph.name(), opSet);
    copy(graph, target, new HashMap<>()).forEach(target::output);
    return target;
  }

  /**
   * Adds what a graph computes to another one, as a part of it.
   *
   * @param target where it has a value of the name that a constant of {@code source} has as its
   *     own, the constant gets another
   * @param inputs for each input of {@code source}, by name, the value of {@code target} that is
   *     put in its place
   * @return the values that stand for the outputs of {@code source}, by name
   * @throws ShapeException if an input has no value, or one of another type
   */
  public Map<String, Value> inline(Graph source, Graph target, Map<String, Value> inputs) {
    Map<Value, Value> map = new HashMap<>();
    for (Value input : source.inputs()) {
      Value bound = inputs.get(input.name());
      if (bound == null || !fits(input, bound)) {
        throw new ShapeException(
            "input "
                + input.name()
                + " of graph "
                + source.name()
                + ": expected "
                + input.type()
                + ", found "
                + (bound == null ? "none" : bound.type()));
      }
      map.put(input, bound);
    }
    return copy(source, target, map);
  }

  /** The outputs' copies, by name; inputs that {@code map} does not hold become the target's. */
  private Map<String, Value> copy(Graph source, Graph target, Map<Value, Value> map) {
    Set<Object> live = live(source);
    for (Value input : source.inputs()) {
      if (!map.containsKey(input)) {
        map.put(
            input,
            input
                .extent()
                .map(extent -> target.extentInput(input.name(), extent))
                .orElseGet(() -> target.input(input.name(), input.dataType(), input.shape())));
      }
    }
    for (Value constant : source.constants()) {
      if (live.contains(constant)) {
        TensorData data = constant.data().orElseThrow();
        map.put(
            constant,
            source.isShared(constant)
                ? target.constant(data)
                : target.constant(freeName(constant.name(), target), data));
      }
    }
    Ops ops = new Ops(target);
    for (Node node : source.nodes()) {
      if (live.contains(node)) {
        List<Value> outputs = target.inScope(node.scope(), () -> place(ops, node, map));
        for (int i = 0; i < outputs.size(); i++) {
          map.put(node.out(i), outputs.get(i));
        }
      }
    }
    Map<String, Value> outputs = new LinkedHashMap<>();
    source.outputs().forEach((name, value) -> outputs.put(name, map.get(value)));
    return outputs;
  }

  /** The name, with as many primes as it takes. */
  private static String freeName(String wanted, Graph target) {
    String name = wanted;
    while (target.value(name).isPresent()) {
      name += "'";
    }
    return name;
  }

  private List<Value> place(Ops ops, Node node, Map<Value, Value> map) {
    List<Value> inputs = new ArrayList<>();
    node.inputs().forEach(v -> inputs.add(v == null ? null : map.get(v)));
    Rule rule = rules.get(node.schema().key());
    List<Value> replaced = rule == null ? null : rule.apply(ops, node, inputs);
    if (replaced != null) {
      if (replaced.size() != node.outputs().size()) {
        throw new IllegalStateException(
            "the rule of " + node.op() + " gave " + replaced.size() + " values");
      }
      for (int i = 0; i < replaced.size(); i++) {
        check(node, node.out(i), replaced.get(i));
      }
      return replaced;
    }
    Map<String, Attribute> attributes = new LinkedHashMap<>();
    node.attributes()
        .forEach(
            (key, attribute) -> {
              if (attribute instanceof Attribute.Body body) {
                Graph sub = ops.graph().subgraph(body.graph().name());
                copy(body.graph(), sub, new HashMap<>(map)).forEach(sub::output);
                attributes.put(key, Attribute.of(sub));
              } else {
                attributes.put(key, attribute);
              }
            });
    return ops.graph()
        .add(node.schema().domain(), node.op(), inputs, attributes, node.outputs().size())
        .outputs();
  }

  private static void check(Node node, Value before, Value after) {
    if (!fits(before, after)) {
      throw new ShapeException(
          "the rule of " + node.name() + ": expected " + before.type() + ", found " + after.type());
    }
  }

  /** Whether element type, rank and all extents that both know are the same. */
  private static boolean fits(Value before, Value after) {
    boolean same =
        before.dataType() == after.dataType() && before.shape().rank() == after.shape().rank();
    for (int axis = 0; same && axis < before.shape().rank(); axis++) {
      long a = before.shape().dim(axis).sizeOrUnknown();
      long b = after.shape().dim(axis).sizeOrUnknown();
      same = a < 0 || b < 0 || a == b;
    }
    return same;
  }

  /** The nodes and values that an output needs, those inside subgraphs among them. */
  private static Set<Object> live(Graph graph) {
    Set<Object> live = new HashSet<>(graph.outputs().values());
    List<Node> nodes = graph.nodes();
    for (int i = nodes.size() - 1; i >= 0; i--) {
      Node node = nodes.get(i);
      if (node.outputs().stream().anyMatch(live::contains)) {
        live.add(node);
        live.addAll(node.presentInputs());
        for (Attribute attribute : node.attributes().values()) {
          if (attribute instanceof Attribute.Body body) {
            live.addAll(live(body.graph()));
          }
        }
      }
    }
    return live;
  }
}
