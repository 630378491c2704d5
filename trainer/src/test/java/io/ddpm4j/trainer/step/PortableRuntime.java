package io.ddpm4j.trainer.step;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.Value;
import io.ddpm4j.exporter.proto.OnnxModel;
import io.ddpm4j.exporter.proto.OnnxWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.LinkedHashMap;
import java.util.Map;

/** Runs a graph as any program with ONNX Runtime would: tensors by name in, tensors by name out. */
final class PortableRuntime implements AutoCloseable {
  private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
  private final OrtSession session;

  PortableRuntime(Graph graph) throws OrtException {
    byte[] model = OnnxWriter.toBytes(OnnxModel.of(graph));
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(1);
      session = environment.createSession(model, options);
    }
  }

  Map<String, TensorData> run(Map<String, TensorData> inputs) throws OrtException {
    Map<String, OnnxTensor> feeds = new LinkedHashMap<>();
    try {
      for (Map.Entry<String, TensorData> input : inputs.entrySet()) {
        feeds.put(input.getKey(), tensor(input.getValue()));
      }
      Map<String, TensorData> outputs = new LinkedHashMap<>();
      try (OrtSession.Result result = session.run(feeds)) {
        for (Map.Entry<String, OnnxValue> output : result) {
          OnnxTensor tensor = (OnnxTensor) output.getValue();
          float[] values = new float[tensor.getFloatBuffer().remaining()];
          tensor.getFloatBuffer().get(values);
          outputs.put(output.getKey(), TensorData.ofFloats(values, tensor.getInfo().getShape()));
        }
      }
      return outputs;
    } finally {
      feeds.values().forEach(OnnxTensor::close);
    }
  }

  private OnnxTensor tensor(TensorData data) throws OrtException {
    ByteBuffer bytes = ByteBuffer.allocateDirect(data.byteSize()).order(ByteOrder.nativeOrder());
    bytes.put(data.bytes()).flip();
    long[] shape = data.shape().sizes();
    return switch (data.dataType()) {
      case FLOAT -> OnnxTensor.createTensor(environment, bytes.asFloatBuffer(), shape);
      case INT64 -> OnnxTensor.createTensor(environment, bytes.asLongBuffer(), shape);
      case UINT8 -> OnnxTensor.createTensor(environment, bytes, shape, OnnxJavaType.UINT8);
      default -> throw new IllegalArgumentException(data.dataType().toString());
    };
  }

  /** The declared shape of an input, its batch as given. */
  static Shape shape(Graph graph, String input) {
    return graph.inputs().stream()
        .filter(value -> value.name().equals(input))
        .map(Value::shape)
        .findFirst()
        .orElseThrow();
  }

  @Override
  public void close() throws OrtException {
    session.close();
  }
}
