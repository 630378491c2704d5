package io.ddpm4j.exporter.testing;

import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.proto.OnnxReader;
import io.ddpm4j.exporter.proto.onnx.GraphProto;
import io.ddpm4j.exporter.proto.onnx.ModelProto;
import io.ddpm4j.exporter.proto.onnx.NodeProto;
import io.ddpm4j.exporter.proto.onnx.TensorProto;
import io.ddpm4j.testing.SharedData;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * One of ONNX's own cases of single operators, from the reference data.
 *
 * @param files the files of its folder by name
 */
public record OnnxNodeCase(String name, Map<String, byte[]> files) {
  /** Shapes, axes and the like, which a graph holds as constants. */
  private static final Set<String> WITH_SHAPE_INPUTS =
      Set.of("Pad", "ReduceMean", "ReduceSum", "Reshape", "Resize", "Slice", "Split");

  /**
   * A model with the inputs that are shapes as constants.
   *
   * @param inputs the other inputs, where they are tensors
   */
  public record Filled(byte[] model, Map<String, TensorData> inputs) {}

  /** All cases, by name. */
  public static List<OnnxNodeCase> all() throws IOException {
    Map<String, Map<String, byte[]>> folders = new TreeMap<>();
    Tar.read(SharedData.path("onnx-node-tests/cases.tar.gz"))
        .forEach(
            (path, bytes) -> {
              String[] parts = path.split("/");
              int up = path.contains("/test_data_set_0/") ? 3 : 2;
              folders
                  .computeIfAbsent(parts[parts.length - up], k -> new TreeMap<>())
                  .put(parts[parts.length - 1], bytes);
            });
    return folders.entrySet().stream()
        .map(e -> new OnnxNodeCase(e.getKey(), e.getValue()))
        .toList();
  }

  @Override
  public String toString() {
    return name;
  }

  /** The model file: one node, no constants. */
  public byte[] model() {
    return files.get("model.onnx");
  }

  /** The node's operator. */
  public String operator() throws IOException {
    return ModelProto.parseFrom(model()).getGraph().getNode(0).getOpType();
  }

  /** The stored inputs, in the order of the model's. */
  public List<TensorData> inputs() throws IOException {
    return tensors("input_");
  }

  /** The stored results, in the order of the model's outputs. */
  public List<TensorData> outputs() throws IOException {
    return tensors("output_");
  }

  private List<TensorData> tensors(String prefix) throws IOException {
    List<TensorData> tensors = new ArrayList<>();
    for (int k = 0; files.containsKey(prefix + k + ".pb"); k++) {
      tensors.add(decode(files.get(prefix + k + ".pb")));
    }
    return tensors;
  }

  private TensorData decode(byte[] bytes) throws IOException {
    GraphProto.Builder graph = GraphProto.newBuilder();
    graph.addInitializer(TensorProto.parseFrom(bytes).toBuilder().setName("t"));
    ModelProto holder = ModelProto.parseFrom(model()).toBuilder().setGraph(graph).build();
    return OnnxReader.read(holder.toByteArray(), name).initializers().get("t");
  }

  /** The model and its inputs as a graph takes them. */
  public Filled filled() throws IOException {
    ModelProto proto = ModelProto.parseFrom(model());
    GraphProto.Builder graph = proto.getGraph().toBuilder();
    NodeProto node = graph.getNode(0);
    boolean shapes = WITH_SHAPE_INPUTS.contains(node.getOpType());
    Map<String, TensorData> inputs = new LinkedHashMap<>();
    for (int k = graph.getInputCount() - 1; k >= 0; k--) {
      String input = graph.getInput(k).getName();
      byte[] bytes = files.get("input_" + k + ".pb");
      if (shapes && !input.equals(node.getInput(0))) {
        graph.addInitializer(TensorProto.parseFrom(bytes).toBuilder().setName(input));
        graph.removeInput(k);
      } else if (graph.getInput(k).getType().hasTensorType()) {
        inputs.put(input, decode(bytes));
      }
    }
    return new Filled(proto.toBuilder().setGraph(graph).build().toByteArray(), inputs);
  }
}
