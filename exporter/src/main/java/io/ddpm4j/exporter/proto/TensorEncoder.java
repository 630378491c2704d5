package io.ddpm4j.exporter.proto;

import com.google.protobuf.UnsafeByteOperations;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.proto.onnx.TensorProto;

/** Turns a constant into its form in the file. */
@FunctionalInterface
interface TensorEncoder {
  TensorProto encode(String name, TensorData data);

  /** The elements as raw data inside the model file. */
  static TensorProto inline(String name, TensorData data) {
    // Wrapped, not copied: the data are immutable and the buffer is read-only.
    return header(name, data).setRawData(UnsafeByteOperations.unsafeWrap(data.bytes())).build();
  }

  /** Name, type and dims. */
  static TensorProto.Builder header(String name, TensorData data) {
    TensorProto.Builder proto = TensorProto.newBuilder();
    for (long size : data.shape().sizes()) {
      proto.addDims(size);
    }
    if (!name.isEmpty()) {
      proto.setName(name);
    }
    return proto.setDataType(data.dataType().onnx());
  }
}
