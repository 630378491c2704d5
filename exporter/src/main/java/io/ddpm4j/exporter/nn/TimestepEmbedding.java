package io.ddpm4j.exporter.nn;

import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.Value;

/** The sinusoidal embedding of timesteps (Vaswani et al. 2017, section 3.5; Ho et al. 2020). */
public final class TimestepEmbedding {
  private TimestepEmbedding() {}

  private static final double MAX_PERIOD = 10000;
  private static final double FOURIER_SCALE = 16; // standard deviation of the frequencies

  /**
   * Sines and cosines of t at {@code dim / 2} frequencies from 1 down to about 1/10000.
   *
   * @param timestep (N) of any number type
   * @param dim the embedding's width; odd ones get a zero at the end
   * @param flipSinToCos cosines first
   * @param freqShift subtracted from {@code dim / 2} in the exponent's divisor
   * @return (N, dim) float
   */
  public static Value sinusoidal(
      Ops ops, Value timestep, int dim, boolean flipSinToCos, double freqShift) {
    Value t = ops.unsqueeze(ops.cast(timestep, DataType.FLOAT), 1);
    Value args =
        ops.mul(t, ops.constant(TensorData.ofFloats(frequencies(dim, freqShift), 1, dim / 2)));
    Value sin = ops.sin(args);
    Value cos = ops.cos(args);
    Value embedding = flipSinToCos ? ops.concat(1, cos, sin) : ops.concat(1, sin, cos);
    return dim % 2 == 0 ? embedding : ops.pad(embedding, 0, 0, 0, 1);
  }

  /**
   * Sines and cosines of log t at random frequencies, which stay as they are while a network is
   * trained (Tancik et al. 2020; Song et al. 2021).
   *
   * @param timestep (N) of any number type, above 0
   * @param width the number of frequencies
   * @return (N, 2·width) float
   */
  static Value fourier(Layers layers, String name, Value timestep, int width) {
    Ops ops = layers.ops();
    Value frequencies = layers.frequencies(name, width, FOURIER_SCALE);
    Value log = ops.unsqueeze(ops.log(ops.cast(timestep, DataType.FLOAT)), 1);
    Value args = ops.mul(ops.mul(log, ops.reshape(frequencies, 1, width)), 2 * Math.PI);
    return ops.concat(1, ops.sin(args), ops.cos(args));
  }

  /** In float at every step, as PyTorch computes them: an angle of t = 999 feels the last bit. */
  private static float[] frequencies(int dim, double freqShift) {
    int half = dim / 2;
    float[] frequencies = new float[half];
    float logPeriod = (float) -Math.log(MAX_PERIOD);
    float divisor = (float) (half - freqShift);
    for (int i = 0; i < half; i++) {
      float exponent = logPeriod * i / divisor;
      frequencies[i] = (float) Math.exp(exponent);
    }
    return frequencies;
  }
}
