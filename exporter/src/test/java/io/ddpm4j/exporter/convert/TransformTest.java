package io.ddpm4j.exporter.convert;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** How parameters are made from tensors of other networks. */
class TransformTest {

  @Test
  void headsWithTheirPartsSideBySide() throws IOException {
    // Rows of 2 heads of 2 channels: q q k k v v of the first head, then of the second.
    TensorData bias = TensorData.ofFloats(new float[] {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, 12);
    Shape target = Shape.of(4);
    assertEquals(Shape.of(12), new QkvRows(0, 2, true).source(target));
    assertArrayEquals(
        new float[] {0, 1, 6, 7}, new QkvRows(0, 2, true).apply(bias, target).floats());
    assertArrayEquals(
        new float[] {2, 3, 8, 9}, new QkvRows(1, 2, true).apply(bias, target).floats());
    assertArrayEquals(
        new float[] {4, 5, 10, 11}, new QkvRows(2, 2, true).apply(bias, target).floats());
  }

  @Test
  void partsWithTheirHeadsSideBySide() throws IOException {
    TensorData weight = TensorData.ofFloats(numbers(12), 6, 2, 1); // two rows a part
    Shape target = Shape.of(2, 2);
    assertEquals(weight.shape(), new QkvRows(1, 1, false).source(target));
    for (int heads = 1; heads <= 2; heads++) {
      assertArrayEquals(
          new float[] {4, 5, 6, 7}, new QkvRows(1, heads, false).apply(weight, target).floats());
    }
  }

  @Test
  void standardizedWeightsHaveMeanZeroAndVarianceOne() throws IOException {
    Random random = new Random(11);
    float[] values = new float[3 * 50];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (5 + (i / 50 + 1) * random.nextGaussian());
    }
    Shape shape = Shape.of(3, 2, 5, 5);
    float[] standard =
        new WeightStandardization().apply(TensorData.ofFloats(values, 3, 2, 5, 5), shape).floats();
    for (int channel = 0; channel < 3; channel++) {
      double sum = 0;
      double squares = 0;
      for (int i = 50 * channel; i < 50 * (channel + 1); i++) {
        sum += standard[i];
        squares += standard[i] * standard[i];
      }
      assertEquals(0, sum / 50, 1e-6);
      assertEquals(1, squares / 50, 1e-4); // 1e-5 is added to the variance
    }
  }

  @Test
  void onlyTheLastInputChannelsAreKept() throws IOException {
    InputChannels last = new InputChannels(4);
    Shape target = Shape.of(2, 1, 1, 2);
    assertEquals(Shape.of(2, 4, 1, 2), last.source(target));
    float[] kept = last.apply(TensorData.ofFloats(numbers(16), 2, 4, 1, 2), target).floats();
    assertArrayEquals(new float[] {6, 7, 14, 15}, kept);
  }

  @Test
  void halvesAreReadExactly() throws IOException {
    short[] bits = {0x0001, 0x03ff, 0x0400, 0x3c00, 0x3555, (short) 0xc000, 0x7bff, 0x7c00};
    float[] values = {0x1p-24f, 0x3ffp-24f, 0x1p-14f, 1, 0x1.554p-2f, -2, 65504, 1f / 0};
    ByteBuffer bytes = ByteBuffer.allocate(2 * bits.length).order(ByteOrder.LITTLE_ENDIAN);
    for (short half : bits) {
      bytes.putShort(half);
    }
    TensorData halves = TensorData.ofBytes(DataType.FLOAT16, Shape.of(bits.length), bytes.array());
    assertArrayEquals(values, FloatTensors.of(halves).floats());
  }

  @Test
  void halvesKeepTheSignOfZeroAndBrainFloatsTheirBits() throws IOException {
    byte[] negativeZero = {0, (byte) 0x80};
    assertEquals(
        Integer.MIN_VALUE,
        Float.floatToRawIntBits(
            FloatTensors.of(TensorData.ofBytes(DataType.FLOAT16, Shape.of(1), negativeZero))
                .floats()[0]));
    byte[] pi = {0x49, 0x40};
    assertEquals(
        3.140625f,
        FloatTensors.of(TensorData.ofBytes(DataType.BFLOAT16, Shape.of(1), pi)).floats()[0]);
  }

  private static float[] numbers(int count) {
    float[] numbers = new float[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = i;
    }
    return numbers;
  }
}
