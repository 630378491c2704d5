package io.ddpm4j.exporter.convert;

import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.TensorData;
import java.nio.ByteBuffer;

/** Tensors of any float type as {@link DataType#FLOAT}. */
final class FloatTensors {
  private FloatTensors() {}

  /** Whether the type has numbers with fractions. */
  static boolean isFloat(DataType type) {
    return type == DataType.FLOAT
        || type == DataType.DOUBLE
        || type == DataType.FLOAT16
        || type == DataType.BFLOAT16;
  }

  /**
   * The nearest floats; those of 16 bits are exact.
   *
   * @param tensor of a type that {@link #isFloat}
   */
  static TensorData of(TensorData tensor) {
    if (tensor.dataType() == DataType.FLOAT) {
      return tensor;
    }
    float[] values = new float[tensor.byteSize() / tensor.dataType().bytes()];
    ByteBuffer from = tensor.bytes();
    for (int i = 0; i < values.length; i++) {
      values[i] =
          switch (tensor.dataType()) {
            case DOUBLE -> (float) from.getDouble();
            case FLOAT16 -> half(from.getShort());
            case BFLOAT16 -> Float.intBitsToFloat(from.getShort() << 16);
            default -> throw new IllegalArgumentException("no numbers with fractions: " + tensor);
          };
    }
    return TensorData.ofFloats(values, tensor.shape().sizes());
  }

  /** IEEE 754 binary16: a sign, 5 bits of exponent, 10 of fraction. */
  private static float half(short bits) {
    int exponent = bits >> 10 & 0x1f;
    int fraction = bits & 0x3ff;
    int sign = (bits & 0x8000) << 16;
    if (exponent == 0) { // zero and subnormal numbers
      float magnitude = fraction * 0x1p-24f;
      return bits < 0 ? -magnitude : magnitude;
    }
    int wide = exponent == 0x1f ? 0xff : exponent - 15 + 127;
    return Float.intBitsToFloat(sign | wide << 23 | fraction << 13);
  }
}
