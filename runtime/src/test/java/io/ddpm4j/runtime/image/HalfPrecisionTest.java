package io.ddpm4j.runtime.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The checksums are NumPy's: src/test/resources/npy/make_arrays.py prints them. */
class HalfPrecisionTest {
  private static final int HALVES = 1 << 16;

  /** FNV-1a over 32-bit words. */
  private static final class Checksum {
    private int value = 0x811C9DC5;

    void add(int word) {
      value = (value ^ word) * 0x01000193;
    }

    @Override
    public String toString() {
      return "%08x".formatted(value);
    }
  }

  @Test
  void everyHalfIsTheFloatThatNumPyMakesOfIt() {
    Checksum checksum = new Checksum();
    for (int half = 0; half < HALVES; half++) {
      float value = HalfPrecision.toFloat((short) half);
      boolean nan = (half & 0x7C00) == 0x7C00 && (half & 0x03FF) != 0;
      assertEquals(nan, Float.isNaN(value), "half " + half);
      if (!nan) {
        checksum.add(Float.floatToRawIntBits(value));
      }
    }
    assertEquals("2be6b7cd", checksum.toString());
  }

  @Test
  void everyHalfComesBack() {
    for (int half = 0; half < HALVES; half++) {
      float value = HalfPrecision.toFloat((short) half);
      short back = HalfPrecision.ofFloat(value);
      if (Float.isNaN(value)) {
        assertTrue(Float.isNaN(HalfPrecision.toFloat(back)), "half " + half);
        assertEquals(half & 0x8000, back & 0x8000, "half " + half); // of the same sign
      } else {
        assertEquals((short) half, back, "half " + half);
      }
    }
  }

  /** Wherever the nearest half changes: the float there, the one below and the one above. */
  @Test
  void floatsAroundEveryBorderBecomeTheHalfThatNumPyMakesOfThem() {
    Checksum checksum = new Checksum();
    int borders = 0;
    float below = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < HALVES; i++) { // in order of value: from the lowest up
      int half = i < 0x8000 ? 0xFFFF - i : i - 0x8000;
      float value = HalfPrecision.toFloat((short) half);
      if (Float.isNaN(value) || value == below) { // and -0 is 0
        continue;
      }
      float border = border(below, value);
      checksum.add(HalfPrecision.ofFloat(Math.nextDown(border)) & 0xFFFF);
      checksum.add(HalfPrecision.ofFloat(border) & 0xFFFF);
      checksum.add(HalfPrecision.ofFloat(Math.nextUp(border)) & 0xFFFF);
      borders++;
      below = value;
    }
    assertEquals(63488, borders);
    assertEquals("888d85c5", checksum.toString());
  }

  private static float border(float below, float above) {
    if (Float.isInfinite(below)) {
      return -65520;
    }
    return Float.isInfinite(above) ? 65520 : (below + above) / 2;
  }

  @Test
  void floatsBecomeTheNearestHalf() {
    Random random = new Random(7);
    for (int i = 0; i < 100_000; i++) {
      float value = Float.intBitsToFloat(random.nextInt());
      short half = HalfPrecision.ofFloat(value);
      if (Float.isNaN(value)) {
        assertTrue(Float.isNaN(HalfPrecision.toFloat(half)), "seed 7, number " + i);
      } else if (Math.abs(value) >= 65520) {
        assertEquals(0x7C00, half & 0x7FFF, "seed 7, number " + i);
      } else {
        BigDecimal error = distance(value, half);
        for (int neighbour : new int[] {half - 1, half + 1}) {
          if ((neighbour & 0x7FFF) < 0x7C00) {
            assertTrue(error.compareTo(distance(value, (short) neighbour)) <= 0, "number " + i);
          }
        }
      }
    }
  }

  private static BigDecimal distance(float value, short half) {
    return new BigDecimal(value).subtract(new BigDecimal(HalfPrecision.toFloat(half))).abs();
  }

  @Test
  void bfloat16RoundsToTheNearestToo() {
    for (int bits = 0; bits < HALVES; bits++) {
      float value = HalfPrecision.bfloat16ToFloat((short) bits);
      short back = HalfPrecision.bfloat16OfFloat(value);
      if (Float.isNaN(value)) {
        assertTrue(Float.isNaN(HalfPrecision.bfloat16ToFloat(back)));
      } else {
        assertEquals((short) bits, back);
      }
    }
    assertEquals(0x3F80, HalfPrecision.bfloat16OfFloat(1.00390625f)); // a tie: to even
    assertEquals(0x3F81, HalfPrecision.bfloat16OfFloat(Math.nextUp(1.00390625f)));
    assertEquals(0x3F82, HalfPrecision.bfloat16OfFloat(1.01171875f)); // a tie: to even
    assertEquals(0x7F80, HalfPrecision.bfloat16OfFloat(Float.MAX_VALUE)); // infinity
    assertEquals((short) 0x8000, HalfPrecision.bfloat16OfFloat(-Float.MIN_VALUE));
    // A NaN whose high bits are those of infinity.
    float nan = Float.intBitsToFloat(0x7F80_0001);
    assertTrue(Float.isNaN(HalfPrecision.bfloat16ToFloat(HalfPrecision.bfloat16OfFloat(nan))));
  }
}
