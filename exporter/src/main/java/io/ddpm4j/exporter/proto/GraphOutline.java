package io.ddpm4j.exporter.proto;

import io.ddpm4j.exporter.graph.Shape;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * The main graph of an ONNX file as who draws or describes it needs it: any operators of any
 * domain, names as in the file. Immutable.
 *
 * @param inputs what is fed; constants that older formats list among the inputs are not
 * @param outputs what comes out
 * @param nodes in the file's order, which is topological
 * @param constants the number of elements of each initializer by name
 * @param shapes of values by name, as far as the file tells or inference finds them
 */
public record GraphOutline(
    List<ModelSummary.Port> inputs,
    List<ModelSummary.Port> outputs,
    List<Operator> nodes,
    Map<String, Long> constants,
    Map<String, Shape> shapes) {

  /** Copies everything. */
  public GraphOutline {
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
    nodes = List.copyOf(nodes);
    constants = Collections.unmodifiableMap(new LinkedHashMap<>(constants));
    shapes = Collections.unmodifiableMap(new LinkedHashMap<>(shapes));
  }

  /** What moves numbers, or scales them: their signs stay. */
  private static final Set<String> MOVING =
      Set.of(
          "Cast",
          "Concat",
          "Div",
          "Expand",
          "Flatten",
          "Identity",
          "Mul",
          "Reshape",
          "Slice",
          "Squeeze",
          "Tile",
          "Transpose",
          "Unsqueeze");

  /**
   * The inputs of which the network takes the logarithm, such as the timestep of a Fourier
   * embedding: they must be above 0.
   */
  public Set<String> loggedInputs() {
    Map<String, Set<String>> origins = new HashMap<>(); // of values, the inputs they are made of
    inputs.forEach(port -> origins.put(port.name(), Set.of(port.name())));
    Set<String> logged = new TreeSet<>();
    for (Operator node : nodes) {
      Set<String> from = new TreeSet<>();
      node.inputs().forEach(input -> from.addAll(origins.getOrDefault(input, Set.of())));
      if (node.op().equals("Log")) {
        logged.addAll(from);
      } else if (MOVING.contains(node.op()) && !from.isEmpty()) {
        node.outputs().forEach(output -> origins.put(output, from));
      }
    }
    return logged;
  }

  /**
   * One node.
   *
   * @param name in the file, which exporters fill with the module it belongs to: {@code
   *     down_blocks.0.resnets.0/Conv_37} or {@code /down_blocks.0/resnets.0/conv1/Conv}
   * @param op the operator, with its domain unless that is ONNX's own
   * @param inputs names of values, without those left out; what subgraphs use of this graph too
   * @param outputs names of values, without those left out
   */
  public record Operator(String name, String op, List<String> inputs, List<String> outputs) {
    /** Copies both lists. */
    public Operator {
      inputs = List.copyOf(inputs);
      outputs = List.copyOf(outputs);
    }
  }
}
