package io.ddpm4j.exporter.compare;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Pairs of tensors, and how far they are from each other. */
class WeightComparisonTest {
  private static TensorData floats(float... values) {
    return TensorData.ofFloats(values, values.length);
  }

  private static TensorData raw(DataType type, long... bits) {
    ByteBuffer bytes =
        ByteBuffer.allocate(bits.length * type.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    for (long value : bits) {
      switch (type.bytes()) {
        case 1 -> bytes.put((byte) value);
        case 2 -> bytes.putShort((short) value);
        case 4 -> bytes.putInt((int) value);
        default -> bytes.putLong(value);
      }
    }
    return TensorData.wrap(type, Shape.of(bits.length), bytes.flip());
  }

  @Test
  void findsTheLargestDifferenceAndTheRelativeOne() {
    TensorData a = TensorData.ofFloats(new float[] {3, 0, 0, 4}, 2, 2);
    TensorData b = TensorData.ofFloats(new float[] {3, 0, 1, 4}, 2, 2);
    TensorDifference difference = TensorDifference.of("w", a, b);
    assertEquals(1, difference.largest());
    assertArrayEquals(new long[] {1, 0}, difference.at());
    assertEquals(0.2, difference.relative(), 1e-15);
  }

  /**
   * Closed form: 127·0.5 and -2·0.5 are 63.5 and -1, 4·0.25 is 1; scales are of the second axis.
   */
  @Test
  void eightBitWeightsAreComparedWithWhatTheyWereMadeOf() {
    TensorData w = TensorData.ofFloats(new float[] {63.5f, 1, -1, 1.125f}, 2, 2);
    TensorData q = TensorData.wrap(DataType.INT8, Shape.of(2, 2), bytes(127, 4, -2, 4));
    TensorData scale = TensorData.ofFloats(new float[] {0.5f, 0.25f}, 1, 2);
    Map<String, TensorData> floats = Map.of("step/w", w, "b", floats(1));
    Map<String, TensorData> small = Map.of("step/w.int8", q, "step/w.scale", scale, "b", floats(1));
    for (WeightComparison both :
        List.of(WeightComparison.of(floats, small), WeightComparison.of(small, floats))) {
      assertEquals(1, both.equal());
      assertEquals(Map.of(), both.onlyFirst());
      assertEquals(Map.of(), both.onlySecond());
      TensorDifference error = both.quantised().get(0);
      assertEquals("step/w", error.name());
      assertEquals(0.125, error.largest());
      assertArrayEquals(new long[] {1, 1}, error.at());
      assertFalse(both.isSame());
    }
    assertTrue(WeightComparison.of(small, small).isSame());
    Map<String, TensorData> odd = Map.of("step/w.int8", q, "step/w.scale", floats(1, 2, 3));
    assertEquals(2, WeightComparison.of(floats, odd).onlySecond().size());
  }

  private static ByteBuffer bytes(int... values) {
    ByteBuffer bytes = ByteBuffer.allocate(values.length);
    for (int value : values) {
      bytes.put((byte) value);
    }
    return bytes.flip();
  }

  static Stream<Arguments> numbers() {
    return Stream.of(
        // IEEE 754's binary16: 1, -2, the largest, the least normal and subnormal, infinity
        Arguments.of(
            raw(DataType.FLOAT16, 0x3C00, 0xC000, 0x7BFF, 0x0400, 0x8001, 0x7C00),
            new double[] {
              1, -2, 65504, Math.pow(2, -14), -Math.pow(2, -24), Double.POSITIVE_INFINITY
            }),
        Arguments.of(raw(DataType.BFLOAT16, 0x3F80, 0xC040), new double[] {1, -3}),
        Arguments.of(raw(DataType.UINT64, -1L, 5), new double[] {18446744073709551616.0, 5}),
        Arguments.of(raw(DataType.INT64, -1L, 5), new double[] {-1, 5}),
        Arguments.of(raw(DataType.UINT32, -1L), new double[] {4294967295.0}),
        Arguments.of(raw(DataType.INT32, -1L), new double[] {-1}),
        Arguments.of(raw(DataType.UINT16, -1L), new double[] {65535}),
        Arguments.of(raw(DataType.INT16, -1L), new double[] {-1}),
        Arguments.of(raw(DataType.UINT8, 200), new double[] {200}),
        Arguments.of(raw(DataType.INT8, 200), new double[] {-56}),
        Arguments.of(raw(DataType.BOOL, 1), new double[] {1}),
        Arguments.of(raw(DataType.DOUBLE, Double.doubleToLongBits(0.1)), new double[] {0.1}));
  }

  @ParameterizedTest
  @MethodSource("numbers")
  void readsEveryRealType(TensorData data, double[] expected) {
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i], Elements.of(data).applyAsDouble(i));
    }
  }

  @Test
  void comparesNumbersNotTypes() {
    TensorDifference difference =
        TensorDifference.of("w", floats(1, -2), raw(DataType.FLOAT16, 0x3C00, 0xC000));
    assertTrue(difference.isNone());
    assertThrows(
        IllegalArgumentException.class,
        () -> TensorDifference.of("w", floats(1, 2), floats(1)),
        "shapes");
  }

  @Test
  void whatIsNoNumberCounts() {
    float infinity = Float.POSITIVE_INFINITY;
    assertTrue(
        TensorDifference.of("w", floats(infinity, Float.NaN), floats(infinity, Float.NaN))
            .isNone());
    TensorDifference lost = TensorDifference.of("w", floats(1, 2, 3), floats(9, Float.NaN, 3));
    assertTrue(Double.isNaN(lost.largest()));
    assertArrayEquals(new long[] {1}, lost.at());
    assertFalse(lost.isNone());
    assertTrue(TensorDifference.of("w", floats(-0f), floats(0f)).isNone());
    assertTrue(TensorDifference.of("w", floats(), floats()).isNone());
  }

  @Test
  void pairsByNameThenByContent() {
    Map<String, TensorData> first =
        Map.of(
            "same", floats(1),
            "changed", floats(1, 2),
            "shape", floats(1, 2, 3),
            "old.name", floats(7, 7),
            "lost", floats(8));
    Map<String, TensorData> second =
        Map.of(
            "same", floats(1),
            "changed", floats(1, 4),
            "shape", floats(1, 2),
            "onnx::MatMul_3", floats(7, 7),
            "new", floats(9, 9, 9, 9));
    WeightComparison comparison = WeightComparison.of(first, second);
    assertEquals(1, comparison.equal());
    assertEquals(List.of("changed"), comparison.differing().stream().map(d -> d.name()).toList());
    assertEquals(2, comparison.differing().get(0).largest());
    assertEquals("shape", comparison.reshaped().get(0).name());
    assertEquals(Map.of("old.name", "onnx::MatMul_3"), comparison.renamed());
    assertEquals("[lost]", comparison.onlyFirst().keySet().toString());
    assertEquals("[new]", comparison.onlySecond().keySet().toString());
    assertFalse(comparison.isSame());
  }

  @Test
  void otherNamesAloneAreTheSame() {
    WeightComparison comparison =
        WeightComparison.of(
            Map.of("a", floats(1), "b", floats(1)), Map.of("c", floats(1), "d", floats(1)));
    assertTrue(comparison.isSame());
    assertEquals(2, comparison.renamed().size());
  }
}
