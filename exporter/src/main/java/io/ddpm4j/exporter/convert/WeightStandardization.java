package io.ddpm4j.exporter.convert;

import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;

/**
 * Convolutions whose weights are used with mean 0 and variance 1 for each output channel (Qiao et
 * al. 2019): (w - mean)/√(variance + 1e-5).
 */
final class WeightStandardization implements Transform {
  private static final double EPSILON = 1e-5;

  @Override
  public Shape source(Shape target) {
    return target;
  }

  @Override
  public TensorData apply(TensorData tensor, Shape target) {
    float[] values = tensor.floats();
    int channels = (int) target.size(0);
    int size = values.length / channels;
    for (int channel = 0; channel < channels; channel++) {
      int from = channel * size;
      double mean = 0;
      for (int i = from; i < from + size; i++) {
        mean += values[i];
      }
      mean /= size;
      double variance = 0;
      for (int i = from; i < from + size; i++) {
        variance += (values[i] - mean) * (values[i] - mean);
      }
      double scale = 1 / Math.sqrt(variance / size + EPSILON);
      for (int i = from; i < from + size; i++) {
        values[i] = (float) ((values[i] - mean) * scale);
      }
    }
    return TensorData.ofFloats(values, target.sizes());
  }
}
