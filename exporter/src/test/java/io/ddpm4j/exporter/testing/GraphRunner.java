package io.ddpm4j.exporter.testing;

import ai.onnxruntime.OrtException;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.proto.OnnxModel;
import io.ddpm4j.exporter.proto.OnnxWriter;
import java.util.Map;

/** Runs a graph once in ONNX Runtime: for tests. */
public final class GraphRunner {
  private GraphRunner() {}

  /** The outputs of a graph by name. */
  public static Map<String, TensorData> run(Graph graph, Map<String, TensorData> inputs) {
    return run(OnnxWriter.toBytes(OnnxModel.of(graph)), inputs);
  }

  /** The outputs of a model by name. */
  public static Map<String, TensorData> run(byte[] model, Map<String, TensorData> inputs) {
    try {
      return Ort.run(model, inputs);
    } catch (OrtException e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
  }
}
