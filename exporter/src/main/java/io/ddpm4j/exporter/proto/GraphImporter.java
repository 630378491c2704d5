package io.ddpm4j.exporter.proto;

import io.ddpm4j.exporter.graph.Attribute;
import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Dim;
import io.ddpm4j.exporter.graph.Functions;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.OpSet;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.TensorType;
import io.ddpm4j.exporter.graph.Value;
import io.ddpm4j.exporter.proto.onnx.AttributeProto;
import io.ddpm4j.exporter.proto.onnx.GraphProto;
import io.ddpm4j.exporter.proto.onnx.ModelProto;
import io.ddpm4j.exporter.proto.onnx.NodeProto;
import io.ddpm4j.exporter.proto.onnx.OperatorSetIdProto;
import io.ddpm4j.exporter.proto.onnx.TensorProto;
import io.ddpm4j.exporter.proto.onnx.TensorShapeProto;
import io.ddpm4j.exporter.proto.onnx.TypeProto;
import io.ddpm4j.exporter.proto.onnx.ValueInfoProto;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Rebuilds a file's graph through {@link Graph#add}, which checks it and infers all shapes anew.
 * {@code Constant} nodes become constants, so that shape rules see them; node names of the form
 * {@code /mid_block/conv/Conv} become scopes.
 */
final class GraphImporter {
  private final OnnxFile file;
  private final TensorDecoder tensors;
  private final Map<GraphProto, Map<String, Value>> bodies = new IdentityHashMap<>();

  GraphImporter(OnnxFile file) {
    this.file = file;
    this.tensors = file.tensors();
  }

  OnnxModel model() throws IOException {
    ModelProto proto = file.proto();
    return new OnnxModel(
        graph(new HashMap<>()),
        file.metadata(),
        proto.getProducerName(),
        proto.getProducerVersion(),
        proto.getDocString());
  }

  /** The shapes of the main graph's values, by their names in the file. */
  Map<String, Shape> shapes() throws IOException {
    Map<String, Value> known = new LinkedHashMap<>();
    graph(known);
    return shapes(known);
  }

  /**
   * The shapes of the values that a subgraph sees, by their names in the file.
   *
   * @param body of the file's message
   */
  Map<String, Shape> shapes(GraphProto body) throws IOException {
    graph(new HashMap<>());
    return shapes(bodies.getOrDefault(body, Map.of()));
  }

  private static Map<String, Shape> shapes(Map<String, Value> values) {
    Map<String, Shape> shapes = new LinkedHashMap<>();
    values.forEach((name, value) -> shapes.put(name, value.shape()));
    return shapes;
  }

  /**
   * @param known receives the main graph's values by their names in the file
   */
  private Graph graph(Map<String, Value> known) throws IOException {
    ModelProto proto = file.proto();
    String name = proto.getGraph().getName();
    try {
      OpSet opSet = OpSet.onnx(version(proto)).with(Functions.all());
      Graph graph = new Graph(name.isEmpty() ? "graph" : name, opSet);
      fill(graph, proto.getGraph(), known, List.of());
      return graph;
    } catch (IllegalArgumentException e) { // a ShapeException, or a value of no use
      throw new OnnxFormatException(file.source() + ": " + e.getMessage(), e);
    }
  }

  private int version(ModelProto proto) throws OnnxFormatException {
    for (OperatorSetIdProto opset : proto.getOpsetImportList()) {
      if (opset.getDomain().isEmpty() || opset.getDomain().equals("ai.onnx")) {
        if (opset.getVersion() != (int) opset.getVersion()) {
          throw fail("operator set version", "an int", Long.toString(opset.getVersion()));
        }
        return (int) opset.getVersion();
      }
    }
    return OpSet.DEFAULT_VERSION; // no operator of ONNX's own is used
  }

  /**
   * @param known the values around; this graph's are added, and hide those of the same name
   * @param inputTypes what the inputs are where the file does not say
   */
  private void fill(
      Graph graph, GraphProto proto, Map<String, Value> known, List<TensorType> inputTypes)
      throws IOException {
    Set<String> own = new HashSet<>(); // in single-assignment form every name is given once
    Set<String> constants = new HashSet<>();
    for (TensorProto tensor : proto.getInitializerList()) {
      constants.add(tensor.getName());
    }
    if (proto.getSparseInitializerCount() > 0) {
      throw fail("graph " + graph.name(), "dense constants", "sparse ones");
    }
    for (int k = 0; k < proto.getInputCount(); k++) {
      ValueInfoProto input = proto.getInput(k);
      if (!constants.contains(input.getName())) {
        TensorType type = type(input, k < inputTypes.size() ? inputTypes.get(k) : null);
        claim(own, input.getName(), "input");
        known.put(
            input.getName(),
            graph.input(free(graph, input.getName()), type.dataType(), type.shape()));
      }
    }
    for (TensorProto tensor : proto.getInitializerList()) {
      claim(own, tensor.getName(), "constant");
      known.put(
          tensor.getName(), graph.constant(free(graph, tensor.getName()), tensors.decode(tensor)));
    }
    for (NodeProto node : proto.getNodeList()) {
      List<Value> outputs = add(graph, node, known);
      for (int k = 0; k < outputs.size(); k++) {
        if (!node.getOutput(k).isEmpty()) { // else nobody wants it
          claim(own, node.getOutput(k), where(node));
          known.put(node.getOutput(k), outputs.get(k));
        }
      }
    }
    for (ValueInfoProto output : proto.getOutputList()) {
      graph.output(output.getName(), find(known, output.getName(), "output"));
    }
  }

  /** The values that the node computes, one for each name in its list of outputs. */
  private List<Value> add(Graph graph, NodeProto node, Map<String, Value> known)
      throws IOException {
    String where = where(node);
    String domain = node.getDomain().equals("ai.onnx") ? "" : node.getDomain();
    List<Value> inputs = new ArrayList<>();
    for (String input : node.getInputList()) {
      inputs.add(input.isEmpty() ? null : find(known, input, where));
    }
    Map<String, Attribute> attributes = new LinkedHashMap<>();
    for (AttributeProto attribute : node.getAttributeList()) {
      Attribute value = attribute(graph, node, attribute, inputs, known);
      if (attributes.put(attribute.getName(), value) != null) {
        throw fail(where, "each attribute once", attribute.getName() + " twice");
      }
    }
    TensorData constant = domain.isEmpty() ? constant(node, attributes) : null;
    if (constant != null && inputs.isEmpty() && node.getOutputCount() == 1) {
      return List.of(graph.constant(constant));
    }
    try {
      return graph.inScope(
          scope(node.getName()),
          () ->
              graph
                  .add(domain, node.getOpType(), inputs, attributes, node.getOutputCount())
                  .outputs());
    } catch (IllegalArgumentException e) { // a ShapeException, or an element type of no use
      throw new OnnxFormatException(file.source() + ": " + where + ": " + e.getMessage(), e);
    }
  }

  /** The value of a {@code Constant} node; null for another node, or a value of another kind. */
  private static TensorData constant(NodeProto node, Map<String, Attribute> attributes) {
    if (!node.getOpType().equals("Constant") || attributes.size() != 1) {
      return null;
    }
    Attribute value = attributes.values().iterator().next();
    if (value instanceof Attribute.Tensor a) {
      return a.value();
    } else if (value instanceof Attribute.Int a) {
      return TensorData.scalar(a.value());
    } else if (value instanceof Attribute.Float a) {
      return TensorData.scalar(a.value());
    } else if (value instanceof Attribute.Ints a) {
      return TensorData.longs(a.toArray());
    } else if (value instanceof Attribute.Floats a) {
      float[] floats = new float[a.values().size()];
      for (int k = 0; k < floats.length; k++) {
        floats[k] = a.values().get(k);
      }
      return TensorData.ofFloats(floats, floats.length);
    }
    return null;
  }

  private Attribute attribute(
      Graph graph,
      NodeProto node,
      AttributeProto proto,
      List<Value> nodeInputs,
      Map<String, Value> known)
      throws IOException {
    String where = where(node);
    if (proto.hasRefAttrName() && !proto.getRefAttrName().isEmpty()) {
      throw fail(where, "attribute values", "a reference to one of a function");
    }
    return switch (proto.getType()) {
      case INT -> Attribute.of(proto.getI());
      case FLOAT -> Attribute.of(proto.getF());
      case STRING -> Attribute.of(proto.getS().toString(StandardCharsets.UTF_8));
      case INTS -> new Attribute.Ints(proto.getIntsList());
      case FLOATS -> new Attribute.Floats(proto.getFloatsList());
      case STRINGS ->
          new Attribute.Texts(
              proto.getStringsList().stream()
                  .map(s -> s.toString(StandardCharsets.UTF_8))
                  .toList());
      case TENSOR -> Attribute.of(tensors.decode(proto.getT()));
      case GRAPH -> {
        Graph body = graph.subgraph(proto.getG().getName());
        Map<String, Value> seen = new HashMap<>(known);
        fill(body, proto.getG(), seen, bodyTypes(node, nodeInputs));
        bodies.put(proto.getG(), seen);
        yield Attribute.of(body);
      }
      default ->
          throw fail(
              where,
              "attributes of numbers, text, a tensor or a graph",
              proto.getName() + " of type " + proto.getType());
    };
  }

  /** The inputs of a loop's body have the types of what the loop starts with. */
  private static List<TensorType> bodyTypes(NodeProto node, List<Value> inputs) {
    List<TensorType> types = new ArrayList<>();
    if (node.getOpType().equals("Loop")) {
      types.add(new TensorType(DataType.INT64, Shape.SCALAR));
      types.add(new TensorType(DataType.BOOL, Shape.SCALAR));
      inputs.stream().skip(2).forEach(v -> types.add(v == null ? null : v.type()));
    }
    return types;
  }

  private TensorType type(ValueInfoProto info, TensorType absent) throws OnnxFormatException {
    String where = "input " + info.getName();
    TypeProto type = info.getType();
    boolean said = type.hasTensorType() && type.getTensorType().hasShape();
    if (!said && absent != null && (!info.hasType() || type.hasTensorType())) {
      return absent;
    }
    if (!said) {
      throw fail(where, "a tensor of known rank", type.getValueCase().toString());
    }
    List<Dim> dims = new ArrayList<>();
    for (TensorShapeProto.Dimension dim : type.getTensorType().getShape().getDimList()) {
      if (dim.hasDimValue() && dim.getDimValue() >= 0) {
        dims.add(Dim.of(dim.getDimValue()));
      } else if (dim.hasDimParam() && !dim.getDimParam().isBlank()) {
        dims.add(Dim.named(dim.getDimParam()));
      } else {
        dims.add(Dim.named(info.getName() + "_dim_" + dims.size()));
      }
    }
    DataType dataType =
        TensorDecoder.dataType(file.source() + ": " + where, type.getTensorType().getElemType());
    return new TensorType(dataType, new Shape(dims));
  }

  private Value find(Map<String, Value> known, String name, String where)
      throws OnnxFormatException {
    Value value = known.get(name);
    if (value == null) {
      throw fail(where, "a value that an earlier node computes", "\"" + name + "\"");
    }
    return value;
  }

  private void claim(Set<String> own, String name, String where) throws OnnxFormatException {
    if (!own.add(name)) {
      throw fail(where, "a name that no other value has", "\"" + name + "\"");
    }
  }

  private static String where(NodeProto node) {
    return "node " + node.getOpType() + " " + node.getName();
  }

  /** Sibling subgraphs of a file may use a name twice, values of our graphs may not. */
  private static String free(Graph graph, String name) {
    String candidate = name;
    for (int k = 1; graph.value(candidate).isPresent(); k++) {
      candidate = name + "_" + k;
    }
    return candidate;
  }

  private static String scope(String nodeName) {
    int end = nodeName.lastIndexOf('/');
    String path = end <= 0 ? "" : nodeName.substring(nodeName.startsWith("/") ? 1 : 0, end);
    return path.replace('/', '.');
  }

  private OnnxFormatException fail(String where, String expected, String found) {
    return new OnnxFormatException(
        file.source() + ": " + where + ": expected " + expected + ", found " + found);
  }
}
