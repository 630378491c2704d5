package io.ddpm4j.exporter.graph;

import java.util.stream.Collectors;

/** Prints graphs for people: one line a node. */
public final class GraphPrinter {
  private GraphPrinter() {}

  /** Inputs, nodes and outputs, one a line; constants only where they are used. */
  public static String print(Graph graph) {
    StringBuilder text = new StringBuilder("graph ").append(graph.name()).append('\n');
    graph.inputs().forEach(v -> text.append("  input ").append(v).append('\n'));
    graph.nodes().forEach(n -> text.append("  ").append(print(n)).append('\n'));
    graph
        .outputs()
        .forEach(
            (name, v) ->
                text.append("  output ").append(name).append(" = ").append(v).append('\n'));
    return text.toString();
  }

  static String print(Node node) {
    String outputs = node.outputs().stream().map(Value::toString).collect(Collectors.joining(", "));
    String inputs =
        node.inputs().stream()
            .map(v -> v == null ? "-" : v.name())
            .collect(Collectors.joining(", ", "(", ")"));
    String attributes =
        node.attributes().isEmpty()
            ? ""
            : node.attributes().entrySet().stream()
                .map(e -> e.getKey() + "=" + text(e.getValue()))
                .collect(Collectors.joining(", ", " {", "}"));
    return outputs + " = " + node.op() + inputs + attributes;
  }

  private static String text(Attribute attribute) {
    if (attribute instanceof Attribute.Int a) {
      return Long.toString(a.value());
    } else if (attribute instanceof Attribute.Float a) {
      return Float.toString(a.value());
    } else if (attribute instanceof Attribute.Text a) {
      return a.value();
    } else if (attribute instanceof Attribute.Ints a) {
      return a.values().toString();
    } else if (attribute instanceof Attribute.Body a) {
      return "graph " + a.graph().name();
    }
    return attribute.toString();
  }
}
