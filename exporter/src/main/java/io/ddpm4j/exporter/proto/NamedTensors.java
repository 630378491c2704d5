package io.ddpm4j.exporter.proto;

import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.proto.onnx.AttributeProto;
import io.ddpm4j.exporter.proto.onnx.GraphProto;
import io.ddpm4j.exporter.proto.onnx.NodeProto;
import io.ddpm4j.exporter.proto.onnx.TensorProto;
import java.io.IOException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** Collects the constants of a file by name, those of subgraphs too. */
final class NamedTensors {
  private final TensorDecoder decoder;
  private final Map<String, TensorData> tensors = new LinkedHashMap<>();

  private NamedTensors(TensorDecoder decoder) {
    this.decoder = decoder;
  }

  static Map<String, TensorData> of(OnnxFile file) throws IOException {
    NamedTensors found = new NamedTensors(file.tensors());
    found.collect("", file.proto().getGraph());
    return Collections.unmodifiableMap(found.tensors);
  }

  private void collect(String scope, GraphProto graph) throws IOException {
    for (TensorProto tensor : graph.getInitializerList()) {
      put(scope + tensor.getName(), decoder.decode(tensor));
    }
    for (NodeProto node : graph.getNodeList()) {
      Optional<TensorData> constant = Constants.of(node, decoder);
      if (constant.isPresent()) {
        put(scope + node.getOutput(0), constant.get());
      }
      for (AttributeProto attribute : node.getAttributeList()) {
        if (attribute.hasG()) {
          collect(inner(scope, attribute, attribute.getG()), attribute.getG());
        }
        for (GraphProto one : attribute.getGraphsList()) {
          collect(inner(scope, attribute, one), one);
        }
      }
    }
  }

  private static String inner(String scope, AttributeProto attribute, GraphProto graph) {
    return scope + (graph.getName().isEmpty() ? attribute.getName() : graph.getName()) + "/";
  }

  /** Sibling subgraphs may have one name. */
  private void put(String name, TensorData data) {
    String free = name;
    for (int k = 2; tensors.containsKey(free); k++) {
      free = name + "#" + k;
    }
    tensors.put(free, data);
  }
}
