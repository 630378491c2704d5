package io.ddpm4j.exporter.proto;

import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.proto.onnx.AttributeProto;
import io.ddpm4j.exporter.proto.onnx.FunctionProto;
import io.ddpm4j.exporter.proto.onnx.GraphProto;
import io.ddpm4j.exporter.proto.onnx.NodeProto;
import io.ddpm4j.exporter.proto.onnx.OperatorSetIdProto;
import io.ddpm4j.exporter.proto.onnx.TensorProto;
import io.ddpm4j.exporter.proto.onnx.ValueInfoProto;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a file computes, a line for each operator in the file's order: operator, attributes, and
 * what it takes. Values are numbered, since their names mean nothing; constants stand for
 * themselves, by type and a hash of their numbers.
 */
final class Program {
  private final OnnxFile file;
  private final List<String> lines = new ArrayList<>();
  private int values;

  private Program(OnnxFile file) {
    this.file = file;
  }

  static List<String> of(OnnxFile file) throws IOException {
    Program program = new Program(file);
    for (OperatorSetIdProto opset : file.proto().getOpsetImportList()) {
      boolean own = opset.getDomain().isEmpty() || opset.getDomain().equals("ai.onnx");
      program.lines.add("opset " + (own ? "" : opset.getDomain() + " ") + opset.getVersion());
    }
    program.lines.sort(Comparator.naturalOrder());
    for (FunctionProto function : file.proto().getFunctionsList()) {
      program.add(function);
    }
    program.add("", file.proto().getGraph(), new HashMap<>());
    return program.lines;
  }

  private void add(FunctionProto function) throws IOException {
    lines.add("function " + function.getDomain() + ":" + function.getName());
    Map<String, String> known = new HashMap<>();
    function.getInputList().forEach(input -> known.put(input, "%" + values++));
    for (NodeProto node : function.getNodeList()) {
      add("  ", node, known);
    }
    function.getOutputList().forEach(output -> lines.add("  gives " + known.get(output)));
  }

  /**
   * @param known values around by name; this graph's are added
   */
  private void add(String indent, GraphProto graph, Map<String, String> known) throws IOException {
    Map<String, String> constants = new HashMap<>();
    for (TensorProto tensor : graph.getInitializerList()) {
      constants.put(tensor.getName(), text(file.tensors().decode(tensor)));
    }
    for (ValueInfoProto input : graph.getInputList()) {
      if (!constants.containsKey(input.getName())) {
        known.put(input.getName(), "%" + values++);
        lines.add(
            indent + "takes " + (indent.isEmpty() ? port(input) : known.get(input.getName())));
      }
    }
    known.putAll(constants);
    for (NodeProto node : graph.getNodeList()) {
      add(indent, node, known);
    }
    for (ValueInfoProto output : graph.getOutputList()) {
      String name = indent.isEmpty() ? port(output) + " = " : "";
      lines.add(indent + "gives " + name + known.get(output.getName()));
    }
  }

  private static String port(ValueInfoProto port) {
    return Summaries.port(port).toString();
  }

  private void add(String indent, NodeProto node, Map<String, String> known) throws IOException {
    Optional<TensorData> constant = Constants.of(node, file.tensors());
    if (constant.isPresent()) {
      known.put(node.getOutput(0), text(constant.get()));
      return;
    }
    List<String> inputs = new ArrayList<>();
    node.getInputList().forEach(input -> inputs.add(known.getOrDefault(input, "")));
    List<AttributeProto> attributes = new ArrayList<>(node.getAttributeList());
    attributes.sort(Comparator.comparing(AttributeProto::getName));
    StringBuilder line = new StringBuilder(indent);
    line.append(node.getDomain().isEmpty() ? "" : node.getDomain() + ":").append(node.getOpType());
    line.append('(').append(String.join(", ", inputs)).append(')');
    for (AttributeProto attribute : attributes) {
      if (!attribute.hasG() && attribute.getGraphsCount() == 0) {
        line.append(' ').append(attribute.getName()).append('=').append(text(attribute));
      }
    }
    lines.add(line.toString());
    for (AttributeProto attribute : attributes) {
      List<GraphProto> bodies = new ArrayList<>(attribute.getGraphsList());
      if (attribute.hasG()) {
        bodies.add(attribute.getG());
      }
      for (GraphProto body : bodies) {
        lines.add(indent + "  " + attribute.getName());
        add(indent + "  ", body, new HashMap<>(known));
      }
    }
    node.getOutputList().forEach(output -> known.put(output, "%" + values++));
  }

  private static String text(TensorData data) {
    return "%s#%08x".formatted(data, data.hashCode());
  }

  /** As Protobuf writes it, but for what the name says anyway. */
  private static String text(AttributeProto attribute) {
    return attribute.toBuilder()
        .clearName()
        .clearType()
        .clearDocString()
        .build()
        .toString()
        .replaceAll("\\s+", " ")
        .strip();
  }
}
