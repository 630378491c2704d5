package io.ddpm4j.runtime.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ArrayComparisonTest {
  private static NumpyArray array(float... values) {
    return NumpyArray.of(values, values.length);
  }

  /** What numpy.allclose(found, expected, rtol, atol) says. */
  @ParameterizedTest
  @CsvSource({
    "1, 1, 0, 0, true",
    "1.5, 1, 0.5, 0, true",
    "1, 1.5, 0.25, 0, false", // relative to what is expected
    "1.5, 1, 0, 0.5, true",
    "1.5, 1, 0.25, 0.25, true",
    "1.5, 1, 0.25, 0.125, false",
    "-1, 1, 1, 0.5, false",
    "Infinity, Infinity, 0, 0, true",
    "Infinity, -Infinity, 1, 1, false",
    "1, Infinity, 1, 1, false",
    "Infinity, 1, 1, 1, false",
    "1, -Infinity, 0, 1, false",
    "NaN, NaN, 1, 1, false",
    "NaN, 1, 1, 1, false",
    "1, NaN, 1, 1, false"
  })
  void closeIsWhatNumPyCallsClose(
      float found, float expected, double rtol, double atol, boolean close) {
    assertEquals(close, ArrayComparison.of(array(found), array(expected), rtol, atol).isClose());
  }

  @Test
  void theWorstElementIsNamed() {
    NumpyArray found = NumpyArray.of(new float[] {1, 2, 3, 5, 5, 6}, 2, 3);
    NumpyArray expected = NumpyArray.of(new float[] {1, 2, 3.5f, 4, 5, 6.25f}, 2, 3);
    ArrayComparison comparison = ArrayComparison.of(found, expected, 0, 0.3);
    assertEquals(1, comparison.largest());
    assertArrayEquals(new long[] {1, 0}, comparison.at());
    assertEquals(5, comparison.found());
    assertEquals(4, comparison.expected());
    assertEquals(2, comparison.beyond());
    assertEquals(6, comparison.size());
    found = array(9, Float.NaN, 100);
    comparison = ArrayComparison.of(found, array(9, 1, 1), 0, 0);
    assertTrue(Double.isNaN(comparison.largest()));
    assertArrayEquals(new long[] {1}, comparison.at());
  }

  @Test
  void nothingIsCloseToNothing() {
    ArrayComparison comparison = ArrayComparison.of(array(), array(), 0, 0);
    assertTrue(comparison.isClose());
    assertEquals(0, comparison.largest());
  }

  @Test
  void shapesHaveToAgree() {
    Exception e =
        assertThrows(
            IllegalArgumentException.class,
            () -> ArrayComparison.of(array(1, 2), NumpyArray.of(new float[2], 1, 2), 0, 0));
    assertEquals("shape: expected that of float32[1,2], found float32[2]", e.getMessage());
    assertThrows(
        IllegalArgumentException.class, () -> ArrayComparison.of(array(1), array(1), -1, 0));
  }
}
