package io.ddpm4j.exporter.proto;

import com.google.protobuf.ByteString;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.proto.onnx.TensorProto;

/** Turns a constant into its form in the file. */
@FunctionalInterface
interface TensorEncoder {
  TensorProto encode(String name, TensorData data);

  /** The elements as raw data inside the message, copied: Protobuf has no other way. */
  static TensorProto inline(String name, TensorData data) {
    return header(name, data).setRawData(ByteString.copyFrom(data.bytes())).build();
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
