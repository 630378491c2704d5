package io.ddpm4j.exporter.convert;

import io.ddpm4j.exporter.TemporaryBytes;
import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.TensorData;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Map;

/** Tensors of any float type as {@link DataType#FLOAT}. */
final class FloatTensors {
  private static final int PIECE = 1 << 14; // floats that are converted at a time

  /** Takes as many numbers as there is room for. */
  @FunctionalInterface
  private interface Conversion {
    void convert(ByteBuffer from, FloatBuffer to);
  }

  private static final Map<DataType, Conversion> CONVERSIONS =
      Map.of(
          DataType.DOUBLE,
          (from, to) -> {
            while (to.hasRemaining()) {
              to.put((float) from.getDouble());
            }
          },
          DataType.FLOAT16,
          (from, to) -> {
            while (to.hasRemaining()) {
              to.put(half(from.getShort()));
            }
          },
          DataType.BFLOAT16,
          (from, to) -> {
            while (to.hasRemaining()) {
              to.put(Float.intBitsToFloat(from.getShort() << 16));
            }
          });

  private FloatTensors() {}

  /** Whether the type has numbers with fractions. */
  static boolean isFloat(DataType type) {
    return type == DataType.FLOAT || CONVERSIONS.containsKey(type);
  }

  /**
   * The nearest floats; those of 16 bits are exact. Many of them lie in a temporary file.
   *
   * @param tensor of a type that {@link #isFloat}
   * @throws IOException if they are more than one tensor can hold, or cannot be kept
   */
  static TensorData of(TensorData tensor) throws IOException {
    if (tensor.dataType() == DataType.FLOAT) {
      return tensor;
    }
    Conversion conversion = CONVERSIONS.get(tensor.dataType());
    if (conversion == null) {
      throw new IllegalArgumentException("no numbers with fractions: " + tensor);
    }
    long bytes = tensor.shape().elements() * Float.BYTES;
    if (bytes > Integer.MAX_VALUE - 8) {
      throw new ConversionException(
          "expected at most 2 GB in one tensor as float, found " + tensor + " of " + bytes);
    }
    ByteBuffer floats =
        TemporaryBytes.of(
            (int) bytes,
            out -> {
              ByteBuffer from = tensor.bytes();
              ByteBuffer piece =
                  ByteBuffer.allocate(PIECE * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
              for (long left = bytes / Float.BYTES; left > 0; left -= PIECE) {
                piece.clear().limit((int) Math.min(PIECE, left) * Float.BYTES);
                conversion.convert(from, piece.asFloatBuffer());
                out.write(piece);
              }
            });
    return TensorData.wrap(DataType.FLOAT, tensor.shape(), floats);
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
