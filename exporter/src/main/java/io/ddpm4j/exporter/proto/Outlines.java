package io.ddpm4j.exporter.proto;

import io.ddpm4j.exporter.graph.Dim;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.proto.onnx.AttributeProto;
import io.ddpm4j.exporter.proto.onnx.GraphProto;
import io.ddpm4j.exporter.proto.onnx.NodeProto;
import io.ddpm4j.exporter.proto.onnx.TensorProto;
import io.ddpm4j.exporter.proto.onnx.TensorShapeProto;
import io.ddpm4j.exporter.proto.onnx.ValueInfoProto;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Collects a {@link GraphOutline}. */
final class Outlines {
  private Outlines() {}

  static GraphOutline of(OnnxFile file) throws IOException {
    GraphProto graph = file.proto().getGraph();
    ModelSummary summary = file.summary();
    return new GraphOutline(
        summary.inputs(),
        summary.outputs(),
        graph.getNodeList().stream().map(Outlines::operator).toList(),
        constants(file, graph),
        shapes(file));
  }

  /** The number of elements by name. */
  private static Map<String, Long> constants(OnnxFile file, GraphProto graph) throws IOException {
    Map<String, Long> constants = new LinkedHashMap<>();
    for (TensorProto tensor : graph.getInitializerList()) {
      TensorDecoder.byteSize(file.source(), tensor); // checks the dims
      constants.put(tensor.getName(), tensor.getDimsList().stream().reduce(1L, (a, b) -> a * b));
    }
    return constants;
  }

  static Optional<GraphOutline> loopBody(OnnxFile file) throws IOException {
    GraphProto graph = file.proto().getGraph();
    Map<String, Long> around = constants(file, graph);
    long most = sum(around);
    GraphProto largest = null;
    for (NodeProto node : graph.getNodeList()) {
      GraphProto body = node.getOpType().equals("Loop") ? body(node) : null;
      long size = body == null ? 0 : sum(constants(file, body));
      if (size > most) {
        most = size;
        largest = body;
      }
    }
    return largest == null ? Optional.empty() : Optional.of(body(file, largest, around));
  }

  private static long sum(Map<String, Long> sizes) {
    return sizes.values().stream().mapToLong(Long::longValue).sum();
  }

  /** The body of a loop as the format wants it; null for another. */
  private static GraphProto body(NodeProto node) {
    for (AttributeProto attribute : node.getAttributeList()) {
      if (attribute.getName().equals("body") && attribute.hasG()) {
        GraphProto body = attribute.getG();
        return body.getInputCount() >= 2 && body.getOutputCount() >= 1 ? body : null;
      }
    }
    return null;
  }

  /** Without the condition to go on, which is no data. */
  private static GraphOutline body(OnnxFile file, GraphProto body, Map<String, Long> around)
      throws IOException {
    Map<String, Long> constants = new LinkedHashMap<>(around);
    constants.putAll(constants(file, body));
    List<ModelSummary.Port> inputs = new ArrayList<>();
    for (int k = 0; k < body.getInputCount(); k++) {
      if (k != 1 && !constants.containsKey(body.getInput(k).getName())) {
        inputs.add(Summaries.port(body.getInput(k)));
      }
    }
    for (String name : captured(body)) {
      if (!constants.containsKey(name)) {
        inputs.add(new ModelSummary.Port(name, "", null));
      }
    }
    List<ValueInfoProto> outputs = body.getOutputList().subList(1, body.getOutputCount());
    Map<String, Shape> shapes;
    try {
      shapes = new GraphImporter(file).shapes(body);
    } catch (IOException e) { // as in shapes(file)
      shapes = said(body);
    }
    return new GraphOutline(
        inputs,
        outputs.stream().map(Summaries::port).toList(),
        body.getNodeList().stream().map(Outlines::operator).toList(),
        constants,
        shapes);
  }

  private static GraphOutline.Operator operator(NodeProto node) {
    boolean own = node.getDomain().isEmpty() || node.getDomain().equals("ai.onnx");
    Set<String> inputs = new LinkedHashSet<>(given(node.getInputList()));
    inputs.addAll(captured(node));
    return new GraphOutline.Operator(
        node.getName(),
        (own ? "" : node.getDomain() + ":") + node.getOpType(),
        List.copyOf(inputs),
        given(node.getOutputList()));
  }

  private static List<String> given(List<String> names) {
    return names.stream().filter(name -> !name.isEmpty()).toList();
  }

  /** What the node's subgraphs use of the graph around them. */
  private static Set<String> captured(NodeProto node) {
    Set<String> names = new LinkedHashSet<>();
    for (AttributeProto attribute : node.getAttributeList()) {
      if (attribute.hasG()) {
        names.addAll(captured(attribute.getG()));
      }
      attribute.getGraphsList().forEach(graph -> names.addAll(captured(graph)));
    }
    return names;
  }

  private static Set<String> captured(GraphProto graph) {
    Set<String> names = new LinkedHashSet<>();
    graph.getOutputList().forEach(output -> names.add(output.getName()));
    for (NodeProto node : graph.getNodeList()) {
      names.addAll(given(node.getInputList()));
      names.addAll(captured(node));
    }
    graph.getNodeList().forEach(node -> node.getOutputList().forEach(names::remove));
    graph.getInputList().forEach(input -> names.remove(input.getName()));
    graph.getInitializerList().forEach(tensor -> names.remove(tensor.getName()));
    return names;
  }

  /** Inferred anew; where that is impossible, what the file says. */
  private static Map<String, Shape> shapes(OnnxFile file) {
    try {
      return new GraphImporter(file).shapes();
    } catch (IOException e) { // an operator that only its runtime knows, or data that are missing
      return said(file.proto().getGraph());
    }
  }

  private static Map<String, Shape> said(GraphProto graph) {
    Map<String, Shape> said = new LinkedHashMap<>();
    List<ValueInfoProto> infos = new ArrayList<>(graph.getInputList());
    infos.addAll(graph.getValueInfoList());
    infos.addAll(graph.getOutputList());
    for (ValueInfoProto info : infos) {
      if (info.getType().hasTensorType() && info.getType().getTensorType().hasShape()) {
        said.put(info.getName(), shape(info.getType().getTensorType().getShape()));
      }
    }
    return said;
  }

  private static Shape shape(TensorShapeProto proto) {
    List<Dim> dims = new ArrayList<>();
    for (TensorShapeProto.Dimension dim : proto.getDimList()) {
      boolean fixed = dim.hasDimValue() && dim.getDimValue() >= 0;
      String name = dim.getDimParam().isBlank() ? "?" : dim.getDimParam();
      dims.add(fixed ? Dim.of(dim.getDimValue()) : Dim.named(name));
    }
    return new Shape(dims);
  }
}
