package io.ddpm4j.exporter.testing;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxTensorLike;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.proto.OnnxModel;
import io.ddpm4j.exporter.proto.OnnxWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.LinkedHashMap;
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
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    Map<String, OnnxTensorLike> feeds = new LinkedHashMap<>();
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(1);
      try (OrtSession session = environment.createSession(model, options)) {
        for (Map.Entry<String, TensorData> input : inputs.entrySet()) {
          if (session.getInputNames().contains(input.getKey())) {
            feeds.put(input.getKey(), tensor(environment, input.getValue()));
          }
        }
        Map<String, TensorData> outputs = new LinkedHashMap<>();
        try (OrtSession.Result result = session.run(feeds)) {
          result.forEach(e -> outputs.put(e.getKey(), data((OnnxTensor) e.getValue())));
        }
        return outputs;
      }
    } catch (OrtException e) {
      throw new IllegalStateException(e.getMessage(), e);
    } finally {
      feeds.values().forEach(OnnxTensorLike::close);
    }
  }

  private static OnnxTensor tensor(OrtEnvironment environment, TensorData data)
      throws OrtException {
    ByteBuffer bytes =
        ByteBuffer.allocateDirect(Math.max(1, data.byteSize())).order(ByteOrder.LITTLE_ENDIAN);
    bytes.put(data.bytes()).rewind().limit(data.byteSize());
    return OnnxTensor.createTensor(
        environment, bytes, data.shape().sizes(), OnnxJavaType.valueOf(data.dataType().name()));
  }

  private static TensorData data(OnnxTensor tensor) {
    TensorInfo info = tensor.getInfo();
    ByteBuffer buffer = tensor.getByteBuffer();
    byte[] bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    return TensorData.ofBytes(DataType.valueOf(info.type.name()), Shape.of(info.getShape()), bytes);
  }
}
