package io.ddpm4j.runtime.image;

/**
 * Floats of 16 bits, of both kinds: IEEE 754 binary16 (NumPy's and ONNX's float16, 11 bits of
 * precision, up to 65504) and bfloat16 (8 bits of precision, the range of float). Conversions to
 * them round to the nearest, ties to even, as the standard says. Nothing is allocated.
 */
public final class HalfPrecision {
  private static final int FLOAT_SIGN = 0x8000_0000;
  private static final int FLOAT_INFINITY = 0x7F80_0000;
  private static final int HALF_SIGN = 0x8000;
  private static final int HALF_INFINITY = 0x7C00;
  private static final int QUIET_HALF = 0x0200; // the bit that makes a NaN a quiet one
  private static final int QUIET_BFLOAT16 = 0x0040;
  private static final int DROPPED = 13; // bits of the significand that a half does not have
  private static final int BIAS = (127 - 15) << 23; // of the exponents, as a float holds it

  /** 65520: from here on a half rounds to infinity. */
  private static final int OVERFLOW = 0x477F_F000;

  /** 2^-14: below it halves are subnormal, multiples of 2^-24. */
  private static final int LEAST_NORMAL = 0x3880_0000;

  private static final float HALF_ULP = 0x1p-24f; // of subnormal halves

  /** 0.5 as a float: its last bit is worth 2^-24. */
  private static final int ROUNDER = 0x3F00_0000;

  private HalfPrecision() {}

  /** The value of a binary16. Exact; a NaN stays one. */
  public static float toFloat(short half) {
    int sign = (half & HALF_SIGN) << 16;
    int magnitude = half & ~HALF_SIGN & 0xFFFF;
    if (magnitude >= HALF_INFINITY) {
      return Float.intBitsToFloat(
          sign | FLOAT_INFINITY | (magnitude & (HALF_INFINITY ^ 0x7FFF)) << DROPPED);
    }
    if (magnitude < 0x0400) { // zero and subnormal
      float value = magnitude * HALF_ULP;
      return sign == 0 ? value : -value;
    }
    return Float.intBitsToFloat(sign | (magnitude << DROPPED) + BIAS);
  }

  /** The nearest binary16; infinity from 65520 on. */
  public static short ofFloat(float value) {
    int bits = Float.floatToRawIntBits(value);
    int sign = (bits & FLOAT_SIGN) >>> 16;
    int magnitude = bits & ~FLOAT_SIGN;
    if (magnitude >= OVERFLOW) {
      return (short)
          (magnitude > FLOAT_INFINITY
              ? sign | HALF_INFINITY | QUIET_HALF | (magnitude >>> DROPPED & 0x03FF)
              : sign | HALF_INFINITY);
    }
    if (magnitude < LEAST_NORMAL) {
      // The sum with 0.5 has the last bit of a subnormal half: the addition does the rounding.
      float sum = Float.intBitsToFloat(magnitude) + Float.intBitsToFloat(ROUNDER);
      return (short) (sign | Float.floatToRawIntBits(sum) - ROUNDER);
    }
    int odd = magnitude >>> DROPPED & 1; // ties go to even
    return (short) (sign | magnitude - BIAS + ((1 << DROPPED - 1) - 1) + odd >>> DROPPED);
  }

  /** The value of a bfloat16. Exact; a NaN stays one. */
  public static float bfloat16ToFloat(short bits) {
    return Float.intBitsToFloat(bits << 16);
  }

  /** The nearest bfloat16. */
  public static short bfloat16OfFloat(float value) {
    int bits = Float.floatToRawIntBits(value);
    if (Float.isNaN(value)) {
      return (short) (bits >>> 16 | QUIET_BFLOAT16);
    }
    return (short) (bits + 0x7FFF + (bits >>> 16 & 1) >>> 16);
  }
}
