package io.ddpm4j.exporter.transform;

import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.TensorData;

/** IEEE 754 binary16: 5 bits of exponent, 10 of fraction; 65504 is the largest number. */
final class Float16 {
  private Float16() {}

  /** The smallest positive number of full precision, 2⁻¹⁴. */
  static final float SMALLEST_NORMAL = 0x1p-14f;

  /** The first number that is rounded to infinity, half way from 65504 to 65536. */
  static final float FIRST_INFINITE = 65520f;

  private static final int INFINITE_BITS = Float.floatToRawIntBits(FIRST_INFINITE);
  private static final int NORMAL_BITS = Float.floatToRawIntBits(SMALLEST_NORMAL);
  private static final int EXPONENT_SHIFT = (127 - 15) << 23; // between the two biases

  /** The nearest number, of two that are as near the even one; as its 16 bits. */
  static short of(float value) {
    int bits = Float.floatToRawIntBits(value);
    int sign = bits >>> 16 & 0x8000;
    int magnitude = bits & 0x7fffffff;
    if (Float.isNaN(value)) {
      return (short) (sign | 0x7e00);
    }
    if (magnitude >= INFINITE_BITS) {
      return (short) (sign | 0x7c00);
    }
    if (magnitude < NORMAL_BITS) { // multiples of 2⁻²⁴, in double exactly; rint prefers the even
      return (short) (sign | (int) Math.rint(Math.abs((double) value) * 0x1p24));
    }
    int shifted = magnitude - EXPONENT_SHIFT;
    int even = shifted >>> 13 & 1;
    return (short) (sign | shifted + 0xfff + even >>> 13);
  }

  /**
   * A tensor of floats in half precision; a large one lies in a temporary file.
   *
   * @param name for messages
   * @throws TransformException if a finite number becomes infinite
   */
  static TensorData of(String name, TensorData floats) {
    int size = floats.byteSize() / Float.BYTES * Short.BYTES;
    return TensorData.wrap(
        DataType.FLOAT16,
        floats.shape(),
        Stored.bytes(
            size, floats, (from, i, to) -> to.putShort(of(checked(name, from.get(i), i)))));
  }

  private static float checked(String name, float value, int element) {
    if (Float.isFinite(value) && Math.abs(value) >= FIRST_INFINITE) {
      throw new TransformException(
          name
              + ": expected numbers up to 65504, as float16 holds them, found "
              + value
              + " at element "
              + element);
    }
    return value;
  }

  /** Whether half precision holds a number with its full relative precision, or is it exactly. */
  static boolean holds(float value) {
    float magnitude = Math.abs(value);
    return value == 0
        || !Float.isFinite(value)
        || magnitude >= SMALLEST_NORMAL && magnitude < FIRST_INFINITE;
  }
}
