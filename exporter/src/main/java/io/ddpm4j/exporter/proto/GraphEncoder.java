package io.ddpm4j.exporter.proto;

import com.google.protobuf.ByteString;
import io.ddpm4j.exporter.graph.Attribute;
import io.ddpm4j.exporter.graph.Dim;
import io.ddpm4j.exporter.graph.Functions;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.Node;
import io.ddpm4j.exporter.graph.OpSchema;
import io.ddpm4j.exporter.graph.TensorType;
import io.ddpm4j.exporter.graph.Value;
import io.ddpm4j.exporter.proto.onnx.AttributeProto;
import io.ddpm4j.exporter.proto.onnx.GraphProto;
import io.ddpm4j.exporter.proto.onnx.NodeProto;
import io.ddpm4j.exporter.proto.onnx.TensorShapeProto;
import io.ddpm4j.exporter.proto.onnx.TypeProto;
import io.ddpm4j.exporter.proto.onnx.ValueInfoProto;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Turns a graph and its subgraphs into their form in the file. For one graph; the same graph always
 * gives the same bytes.
 */
final class GraphEncoder {
  private final TensorEncoder tensors;
  private final boolean valueInfo;
  private final Set<Value> used = new HashSet<>();
  private final Set<String> taken = new HashSet<>();
  private final Map<Value, String> names = new HashMap<>();
  private final Map<String, Integer> domains = new TreeMap<>();

  /**
   * @param valueInfo also write types and shapes of inner values
   */
  GraphEncoder(TensorEncoder tensors, boolean valueInfo) {
    this.tensors = tensors;
    this.valueInfo = valueInfo;
  }

  /** Domains of the nodes that were encoded, with the version of each; {@code ai.onnx} is empty. */
  Map<String, Integer> domains() {
    return domains;
  }

  GraphProto encode(Graph graph) {
    domains.put("", graph.opSet().version());
    survey(graph);
    for (String output : graph.outputs().keySet()) {
      Value same = graph.value(output).orElse(null);
      if (!taken.add(output) && graph.outputs().get(output) != same) {
        throw new IllegalArgumentException(
            "graph "
                + graph.name()
                + ": expected an output name that no input or constant has, found "
                + output);
      }
    }
    return encode(graph, new LinkedHashMap<>(graph.outputs()));
  }

  /** Finds what is used, and reserves the names that must not change. */
  private void survey(Graph graph) {
    used.addAll(graph.outputs().values());
    graph.inputs().forEach(this::keepName);
    graph.constants().forEach(this::keepName);
    for (Node node : graph.nodes()) {
      used.addAll(node.presentInputs());
      subgraphs(node).forEach(this::survey);
    }
  }

  private void keepName(Value value) {
    taken.add(value.name());
    names.put(value, value.name());
  }

  private static List<Graph> subgraphs(Node node) {
    List<Graph> graphs = new ArrayList<>();
    for (Attribute attribute : node.attributes().values()) {
      if (attribute instanceof Attribute.Body body) {
        graphs.add(body.graph());
      }
    }
    return graphs;
  }

  private GraphProto encode(Graph graph, Map<String, Value> outputs) {
    GraphProto.Builder proto = GraphProto.newBuilder().setName(graph.name());
    graph.inputs().forEach(v -> proto.addInput(info(v.name(), v.type())));
    for (Value constant : graph.constants()) {
      if (used.contains(constant) || !graph.isShared(constant)) {
        proto.addInitializer(tensors.encode(constant.name(), constant.data().orElseThrow()));
      }
    }
    // A value that this graph computes takes the output's name; every other output is a copy.
    Map<String, Value> copies = new LinkedHashMap<>();
    outputs.forEach(
        (name, value) -> {
          boolean computedHere = value.graph() == graph && value.producer().isPresent();
          if (computedHere && !names.containsKey(value)) {
            names.put(value, name);
          } else if (!(value.graph() == graph && name.equals(names.get(value)))) {
            copies.put(name, value);
          }
        });
    for (Node node : graph.nodes()) {
      proto.addNode(encode(node));
      if (valueInfo) {
        for (Value value : node.outputs()) {
          if (!outputs.containsKey(nameOf(value))) {
            proto.addValueInfo(info(nameOf(value), value.type()));
          }
        }
      }
    }
    copies.forEach(
        (name, value) ->
            proto.addNode(
                NodeProto.newBuilder()
                    .setName("output/" + name)
                    .setOpType("Identity")
                    .addInput(nameOf(value))
                    .addOutput(name)));
    outputs.forEach((name, value) -> proto.addOutput(info(name, value.type())));
    return proto.build();
  }

  private NodeProto encode(Node node) {
    String domain = node.schema().domain();
    if (domain.equals(Functions.DOMAIN)) {
      throw new IllegalArgumentException(
          "node "
              + node.name()
              + ": expected an operator of ONNX, found the function "
              + node.op()
              + "; lower the graph before it is written (Lowering.portable)");
    }
    if (!domain.isEmpty()) {
      domains.merge(domain, node.schema().sinceVersion(), Math::max);
    }
    NodeProto.Builder proto = NodeProto.newBuilder();
    node.inputs().forEach(v -> proto.addInput(v == null ? "" : nameOf(v)));
    outputNames(node).forEach(proto::addOutput);
    proto.setName(node.name()).setOpType(node.op());
    if (!domain.isEmpty()) {
      proto.setDomain(domain);
    }
    node.attributes().forEach((key, value) -> proto.addAttribute(encode(key, value)));
    return proto.build();
  }

  /** An optional output that nobody uses is left out, so that no runtime computes it. */
  private List<String> outputNames(Node node) {
    boolean fixed = node.schema().maxOutputs() != OpSchema.ANY_NUMBER;
    List<String> list = new ArrayList<>();
    for (Value value : node.outputs()) {
      boolean omit = fixed && value.index() >= node.schema().minOutputs() && !used.contains(value);
      list.add(omit ? "" : nameOf(value));
    }
    while (list.get(list.size() - 1).isEmpty()) {
      list.remove(list.size() - 1);
    }
    return list;
  }

  private AttributeProto encode(String key, Attribute attribute) {
    AttributeProto.Builder proto = AttributeProto.newBuilder().setName(key);
    if (attribute instanceof Attribute.Int a) {
      proto.setType(AttributeProto.AttributeType.INT).setI(a.value());
    } else if (attribute instanceof Attribute.Float a) {
      proto.setType(AttributeProto.AttributeType.FLOAT).setF(a.value());
    } else if (attribute instanceof Attribute.Text a) {
      proto.setType(AttributeProto.AttributeType.STRING).setS(ByteString.copyFromUtf8(a.value()));
    } else if (attribute instanceof Attribute.Ints a) {
      proto.setType(AttributeProto.AttributeType.INTS).addAllInts(a.values());
    } else if (attribute instanceof Attribute.Floats a) {
      proto.setType(AttributeProto.AttributeType.FLOATS).addAllFloats(a.values());
    } else if (attribute instanceof Attribute.Texts a) {
      proto.setType(AttributeProto.AttributeType.STRINGS);
      a.values().forEach(text -> proto.addStrings(ByteString.copyFromUtf8(text)));
    } else if (attribute instanceof Attribute.Tensor a) {
      proto.setType(AttributeProto.AttributeType.TENSOR).setT(tensors.encode("", a.value()));
    } else if (attribute instanceof Attribute.Body a) {
      proto.setType(AttributeProto.AttributeType.GRAPH).setG(subgraph(a.graph()));
    }
    return proto.build();
  }

  /** A subgraph's outputs count by position: their names give way to names around them. */
  private GraphProto subgraph(Graph graph) {
    Map<String, Value> outputs = new LinkedHashMap<>();
    graph.outputs().forEach((name, value) -> outputs.put(unique(name), value));
    return encode(graph, outputs);
  }

  private String nameOf(Value value) {
    String name = names.get(value);
    if (name == null) {
      name = unique(value.name());
      names.put(value, name);
    }
    return name;
  }

  private String unique(String wanted) {
    String name = wanted;
    for (int k = 1; !taken.add(name); k++) {
      name = wanted + "_" + k;
    }
    return name;
  }

  private static ValueInfoProto info(String name, TensorType type) {
    TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
    for (Dim dim : type.shape().dims()) {
      TensorShapeProto.Dimension.Builder one = TensorShapeProto.Dimension.newBuilder();
      if (dim instanceof Dim.Named named) {
        if (!dim.isUnnamed()) {
          one.setDimParam(named.name());
        }
      } else {
        one.setDimValue(dim.sizeOrUnknown());
      }
      shape.addDim(one);
    }
    TypeProto.Tensor tensor =
        TypeProto.Tensor.newBuilder().setElemType(type.dataType().onnx()).setShape(shape).build();
    return ValueInfoProto.newBuilder()
        .setName(name)
        .setType(TypeProto.newBuilder().setTensorType(tensor))
        .build();
  }
}
