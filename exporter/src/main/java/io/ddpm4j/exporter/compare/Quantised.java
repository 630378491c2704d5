package io.ddpm4j.exporter.compare;

import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;
import java.nio.ByteBuffer;
import java.util.Map;

/**
 * Weights as 8-bit integers with a scale for each channel, {@code NAME.int8} and {@code
 * NAME.scale}: what {@code ddpm export --int8} makes of a tensor NAME.
 */
final class Quantised {
  private static final String INTEGERS = ".int8";
  private static final String SCALE = ".scale";

  private Quantised() {}

  /** The name of the tensor that integers were made of; null where this is another tensor. */
  static String original(String name, Map<String, TensorData> tensors) {
    String original =
        name.endsWith(INTEGERS) ? name.substring(0, name.length() - INTEGERS.length()) : null;
    return original != null && has(original, tensors) ? original : null;
  }

  /** The name that the integers of a tensor have. */
  static String integers(String original) {
    return original + INTEGERS;
  }

  /** Whether the tensor of that name is there as integers and scales. */
  static boolean has(String original, Map<String, TensorData> tensors) {
    TensorData q = tensors.get(original + INTEGERS);
    TensorData scale = tensors.get(original + SCALE);
    return q != null
        && scale != null
        && q.dataType() == DataType.INT8
        && scale.dataType() == DataType.FLOAT
        && fits(q.shape(), scale.shape());
  }

  /** Whether a scale is 1 along all axes but one at most, along which it is as long. */
  private static boolean fits(Shape shape, Shape scale) {
    int channelAxes = 0;
    boolean fits = shape.rank() == scale.rank();
    for (int axis = 0; fits && axis < shape.rank(); axis++) {
      if (scale.size(axis) != 1) {
        channelAxes++;
        fits = scale.size(axis) == shape.size(axis);
      }
    }
    return fits && channelAxes <= 1;
  }

  /** Takes integers and scales out of a model's tensors: their product, as float. */
  static TensorData take(String original, Map<String, TensorData> tensors) {
    TensorData q = tensors.remove(original + INTEGERS);
    TensorData scale = tensors.remove(original + SCALE);
    long inner = 1; // elements of a channel that lie together
    for (int axis = q.shape().rank() - 1; axis >= 0 && scale.shape().size(axis) == 1; axis--) {
      inner *= q.shape().size(axis);
    }
    float[] scales = scale.floats();
    ByteBuffer integers = q.bytes();
    float[] floats = new float[q.byteSize()];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = integers.get(i) * scales[(int) (i / inner % scales.length)];
    }
    return TensorData.ofFloats(floats, q.shape().sizes());
  }
}
