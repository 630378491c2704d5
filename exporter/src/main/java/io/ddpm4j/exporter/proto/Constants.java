package io.ddpm4j.exporter.proto;

import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.proto.onnx.AttributeProto;
import io.ddpm4j.exporter.proto.onnx.NodeProto;
import io.ddpm4j.exporter.proto.onnx.TensorProto;
import java.io.IOException;
import java.util.Optional;

/** The numbers of {@code Constant} nodes. */
final class Constants {
  private Constants() {}

  /** The numbers; empty for another node, and for text and sparse tensors. */
  static Optional<TensorData> of(NodeProto node, TensorDecoder decoder) throws IOException {
    boolean own = node.getDomain().isEmpty() || node.getDomain().equals("ai.onnx");
    if (!own
        || !node.getOpType().equals("Constant")
        || node.getAttributeCount() != 1
        || node.getOutputCount() != 1) {
      return Optional.empty();
    }
    AttributeProto value = node.getAttribute(0);
    return switch (value.getType()) {
      case TENSOR ->
          value.getT().getDataType() == TensorProto.DataType.STRING_VALUE
              ? Optional.empty()
              : Optional.of(decoder.decode(value.getT()));
      case INT -> Optional.of(TensorData.scalar(value.getI()));
      case FLOAT -> Optional.of(TensorData.scalar(value.getF()));
      case INTS ->
          Optional.of(
              TensorData.longs(value.getIntsList().stream().mapToLong(Long::longValue).toArray()));
      case FLOATS -> {
        float[] floats = new float[value.getFloatsCount()];
        for (int k = 0; k < floats.length; k++) {
          floats[k] = value.getFloats(k);
        }
        yield Optional.of(TensorData.ofFloats(floats, floats.length));
      }
      default -> Optional.empty();
    };
  }
}
