package io.ddpm4j.exporter.proto;

import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.proto.onnx.TensorProto;
import java.util.IdentityHashMap;
import java.util.Map;

/**
 * Constants that lie inside the model file: small ones in its message, large ones held until the
 * message is written.
 */
final class HeldTensors implements TensorEncoder {
  private static final int SMALL = 4096;

  private final Map<TensorProto, ExternalData.Source> held = new IdentityHashMap<>();
  private long bytes;

  @Override
  public TensorProto encode(String name, TensorData data) {
    bytes += data.byteSize();
    if (data.byteSize() <= SMALL) {
      return TensorEncoder.inline(name, data);
    }
    TensorProto header = TensorEncoder.header(name, data).build();
    held.put(header, ExternalData.Source.of(data.bytes()));
    return header;
  }

  /** The size of all elements, in bytes. */
  long bytes() {
    return bytes;
  }

  /** The elements of the tensors that are without them in the message, by identity. */
  Map<TensorProto, ExternalData.Source> held() {
    return held;
  }
}
