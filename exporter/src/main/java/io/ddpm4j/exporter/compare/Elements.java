package io.ddpm4j.exporter.compare;

import io.ddpm4j.exporter.graph.TensorData;
import java.nio.ByteBuffer;
import java.util.function.IntToDoubleFunction;

/** Reads the elements of a tensor of any real type as double. */
final class Elements {
  private Elements() {}

  /**
   * @throws IllegalArgumentException for complex numbers and texts
   */
  static IntToDoubleFunction of(TensorData data) {
    ByteBuffer b = data.bytes();
    return switch (data.dataType()) {
      case FLOAT -> i -> b.getFloat(4 * i);
      case DOUBLE -> i -> b.getDouble(8 * i);
      case FLOAT16 -> i -> half(b.getShort(2 * i));
      case BFLOAT16 -> i -> Float.intBitsToFloat(b.getShort(2 * i) << 16);
      case INT64 -> i -> b.getLong(8 * i);
      case UINT64 -> i -> unsigned(b.getLong(8 * i));
      case INT32 -> i -> b.getInt(4 * i);
      case UINT32 -> i -> Integer.toUnsignedLong(b.getInt(4 * i));
      case INT16 -> i -> b.getShort(2 * i);
      case UINT16 -> i -> Short.toUnsignedInt(b.getShort(2 * i));
      case INT8 -> b::get;
      case UINT8, BOOL -> i -> Byte.toUnsignedInt(b.get(i));
      default ->
          throw new IllegalArgumentException("expected real numbers, found " + data.dataType());
    };
  }

  private static double unsigned(long value) {
    return value >= 0 ? value : (value >>> 1 | value & 1) * 2.0; // rounds as the whole would
  }

  /** IEEE 754 binary16. */
  private static double half(short bits) {
    int exponent = bits >> 10 & 0x1F;
    int fraction = bits & 0x3FF;
    double size =
        exponent == 0x1F
            ? fraction == 0 ? Double.POSITIVE_INFINITY : Double.NaN
            : exponent == 0
                ? Math.scalb((double) fraction, -24)
                : Math.scalb((double) (fraction | 0x400), exponent - 25);
    return bits < 0 ? -size : size;
  }
}
