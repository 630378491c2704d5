package io.ddpm4j.trainer.loop;

import io.ddpm4j.exporter.graph.TensorData;
import java.util.Arrays;

/** Parameters with more rows, elements of the first dimension, than the model has of them. */
final class AddedRows {
  private AddedRows() {}

  /** Rows (n, width) and their mean, as (n + 1, width). */
  static TensorData mean(TensorData rows) {
    int count = (int) rows.shape().size(0);
    int width = (int) rows.shape().size(1);
    float[] from = rows.floats();
    float[] to = Arrays.copyOf(from, from.length + width);
    for (int column = 0; column < width; column++) {
      double sum = 0;
      for (int row = 0; row < count; row++) {
        sum += from[row * width + column];
      }
      to[count * width + column] = (float) (sum / count);
    }
    return TensorData.ofFloats(to, count + 1, width);
  }

  /**
   * The rows of a tensor (n, ...) and zeros, as (count, ...).
   *
   * @param count at least n
   */
  static TensorData zeros(TensorData rows, int count) {
    long[] shape = rows.shape().sizes();
    float[] from = rows.floats();
    int width = from.length / (int) shape[0];
    shape[0] = count;
    return TensorData.ofFloats(Arrays.copyOf(from, Math.multiplyExact(count, width)), shape);
  }
}
