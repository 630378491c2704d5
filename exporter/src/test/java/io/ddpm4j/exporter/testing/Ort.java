package io.ddpm4j.exporter.testing;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Runs a model once in ONNX Runtime: the oracle of this module's tests. */
public final class Ort {
  private Ort() {}

  /** The outputs by name, in the model's order; inputs that it does not have are passed over. */
  public static Map<String, TensorData> run(byte[] model, Map<String, TensorData> inputs)
      throws OrtException {
    try (OrtSession.SessionOptions options = options();
        OrtSession session = OrtEnvironment.getEnvironment().createSession(model, options)) {
      return run(session, inputs);
    }
  }

  /** The same for a file, beside which external data may lie. */
  public static Map<String, TensorData> run(Path model, Map<String, TensorData> inputs)
      throws OrtException {
    try (OrtSession.SessionOptions options = options();
        OrtSession session =
            OrtEnvironment.getEnvironment().createSession(model.toString(), options)) {
      return run(session, inputs);
    }
  }

  private static OrtSession.SessionOptions options() throws OrtException {
    OrtSession.SessionOptions options = new OrtSession.SessionOptions();
    options.setIntraOpNumThreads(1);
    options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL); // errors are thrown anyway
    return options;
  }

  private static Map<String, TensorData> run(OrtSession session, Map<String, TensorData> inputs)
      throws OrtException {
    List<OnnxTensor> owned = new ArrayList<>();
    try {
      Map<String, OnnxTensor> feeds = new LinkedHashMap<>();
      for (Map.Entry<String, TensorData> entry : inputs.entrySet()) {
        if (!session.getInputNames().contains(entry.getKey())) {
          continue;
        }
        OnnxTensor tensor = tensor(entry.getValue());
        owned.add(tensor);
        feeds.put(entry.getKey(), tensor);
      }
      Map<String, TensorData> outputs = new LinkedHashMap<>();
      try (OrtSession.Result result = session.run(feeds)) {
        for (Map.Entry<String, OnnxValue> entry : result) {
          outputs.put(entry.getKey(), data(entry.getValue()));
        }
      }
      return outputs;
    } finally {
      owned.forEach(OnnxTensor::close);
    }
  }

  private static OnnxTensor tensor(TensorData data) throws OrtException {
    ByteBuffer direct = ByteBuffer.allocateDirect(data.byteSize()).order(ByteOrder.nativeOrder());
    direct.put(data.bytes()).flip();
    return OnnxTensor.createTensor(
        OrtEnvironment.getEnvironment(), direct, data.shape().sizes(), javaType(data.dataType()));
  }

  private static TensorData data(OnnxValue value) {
    if (!(value instanceof OnnxTensor tensor)) {
      throw new UnsupportedOperationException("a " + value.getType() + " output");
    }
    ByteBuffer buffer = tensor.getByteBuffer();
    byte[] bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    Shape shape = Shape.of(tensor.getInfo().getShape());
    String type = tensor.getInfo().onnxType.name(); // ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, ...
    DataType dataType = DataType.valueOf(type.substring(type.lastIndexOf("TYPE_") + 5));
    return TensorData.ofBytes(dataType, shape, bytes);
  }

  private static OnnxJavaType javaType(DataType type) {
    return switch (type) {
      case FLOAT -> OnnxJavaType.FLOAT;
      case DOUBLE -> OnnxJavaType.DOUBLE;
      case INT8 -> OnnxJavaType.INT8;
      case UINT8 -> OnnxJavaType.UINT8;
      case INT16 -> OnnxJavaType.INT16;
      case INT32 -> OnnxJavaType.INT32;
      case INT64 -> OnnxJavaType.INT64;
      case BOOL -> OnnxJavaType.BOOL;
      case FLOAT16 -> OnnxJavaType.FLOAT16;
      case BFLOAT16 -> OnnxJavaType.BFLOAT16;
      default -> throw new UnsupportedOperationException("ONNX Runtime for Java has no " + type);
    };
  }
}
