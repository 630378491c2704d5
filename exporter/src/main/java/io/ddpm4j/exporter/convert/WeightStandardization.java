package io.ddpm4j.exporter.convert;

import io.ddpm4j.exporter.TemporaryBytes;
import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;

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
  public TensorData apply(TensorData tensor, Shape target) throws IOException {
    int channels = (int) target.size(0);
    ByteBuffer to =
        TemporaryBytes.of(
            tensor.byteSize(),
            out -> {
              FloatBuffer from = tensor.bytes().asFloatBuffer();
              float[] channel = new float[from.remaining() / channels];
              ByteBuffer piece =
                  ByteBuffer.allocate(channel.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
              while (from.hasRemaining()) {
                from.get(channel);
                standardize(channel);
                piece.clear().asFloatBuffer().put(channel);
                out.write(piece);
              }
            });
    return TensorData.wrap(DataType.FLOAT, target, to);
  }

  private static void standardize(float[] values) {
    double mean = 0;
    for (float value : values) {
      mean += value;
    }
    mean /= values.length;
    double variance = 0;
    for (float value : values) {
      variance += (value - mean) * (value - mean);
    }
    double scale = 1 / Math.sqrt(variance / values.length + EPSILON);
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) ((values[i] - mean) * scale);
    }
  }
}
