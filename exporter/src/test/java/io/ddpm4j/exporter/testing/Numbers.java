package io.ddpm4j.exporter.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ddpm4j.exporter.graph.TensorData;
import java.nio.ByteBuffer;

/** Compares tensors of any numeric type as doubles. */
public final class Numbers {
  private Numbers() {}

  /** The elements as doubles. */
  public static double[] of(TensorData data) {
    ByteBuffer bytes = data.bytes();
    double[] values = new double[(int) data.shape().elements()];
    for (int i = 0; i < values.length; i++) {
      values[i] =
          switch (data.dataType()) {
            case FLOAT -> bytes.getFloat();
            case DOUBLE -> bytes.getDouble();
            case INT64, UINT64 -> bytes.getLong();
            case INT32 -> bytes.getInt();
            case UINT32 -> bytes.getInt() & 0xffffffffL;
            case INT16 -> bytes.getShort();
            case UINT16 -> bytes.getShort() & 0xffff;
            case INT8 -> bytes.get();
            case UINT8, BOOL -> bytes.get() & 0xff;
            case FLOAT16 -> half(bytes.getShort());
            case BFLOAT16 -> Float.intBitsToFloat(bytes.getShort() << 16);
            default -> throw new IllegalArgumentException("no numbers: " + data);
          };
    }
    return values;
  }

  private static double half(short bits) {
    int exponent = bits >> 10 & 0x1f;
    int fraction = bits & 0x3ff;
    double sign = bits < 0 ? -1 : 1;
    if (exponent == 31) {
      return fraction == 0 ? sign * Double.POSITIVE_INFINITY : Double.NaN;
    }
    return sign
        * (exponent == 0
            ? Math.scalb(fraction, -24)
            : Math.scalb(fraction + 1024.0, exponent - 25));
  }

  /** Fails unless |found - expected| <= atol + rtol·|expected| everywhere. */
  public static void assertClose(
      TensorData expected, TensorData found, double rtol, double atol, String what) {
    assertEquals(expected.type(), found.type(), what);
    double[] a = of(expected);
    double[] b = of(found);
    for (int i = 0; i < a.length; i++) {
      boolean close =
          a[i] == b[i]
              || Double.isNaN(a[i]) && Double.isNaN(b[i])
              || Math.abs(a[i] - b[i]) <= atol + rtol * Math.abs(a[i]);
      if (!close) {
        throw new AssertionError(
            what + ": element " + i + ": expected " + a[i] + ", found " + b[i]);
      }
    }
  }
}
