package io.ddpm4j.exporter.graph;

import java.util.List;
import java.util.Map;

/**
 * Resampling by the finite impulse response [1, 3, 3, 1] along height and width, with zeros around
 * the image (Karras et al. 2019, "Analyzing and improving the image quality of StyleGAN"; Song et
 * al. 2021, appendix H): what is lost or made up by a change of size is less jagged than with means
 * and copies of pixels. One is the other's adjoint but for a factor of 4, by which each is the
 * other's gradient.
 */
public final class FirFilter {
  private FirFilter() {}

  /** For one axis; adds up to 1. */
  private static final double[] TAPS = {1 / 8.0, 3 / 8.0, 3 / 8.0, 1 / 8.0};

  /** Doubling an axis puts a zero behind each pixel and filters; this is the same on copies. */
  private static final double[] TAPS_ON_COPIES = {1 / 4.0, 1 / 2.0, 1 / 4.0};

  /** (N, C, H, W) to (N, C, H / 2, W / 2): y[i] = Σ_k taps[k]·x[2i + k - 1]. */
  static Value downsample(Ops o, Value x) {
    return perChannel(o, x, TAPS, 2);
  }

  /**
   * (N, C, H, W) to (N, C, 2·H, 2·W): y[2i] = (x[i - 1] + 3·x[i])/4, y[2i + 1] = (3·x[i] + x[i +
   * 1])/4.
   */
  static Value upsample(Ops o, Value x) {
    return perChannel(o, o.upsampleNearest(x, 2), TAPS_ON_COPIES, 1);
  }

  /** Every channel by itself. */
  private static Value perChannel(Ops o, Value x, double[] taps, long stride) {
    int n = taps.length;
    int channels = (int) x.shape().size(1);
    float[] kernels = new float[channels * n * n];
    for (int i = 0; i < kernels.length; i++) {
      kernels[i] = (float) (taps[i / n % n] * taps[i % n]);
    }
    Value weight =
        o.cast(o.constant(TensorData.ofFloats(kernels, channels, 1, n, n)), x.dataType());
    return o.graph()
        .add(
            "Conv",
            List.of(x, weight),
            Map.of(
                "group", Attribute.of(channels),
                "kernel_shape", Attribute.of(new long[] {n, n}),
                "pads", Attribute.of(new long[] {1, 1, 1, 1}),
                "strides", Attribute.of(new long[] {stride, stride})))
        .out();
  }

  /** What {@link #downsample} does along one axis of that even size: (size / 2, size). */
  public static double[][] halving(int size) {
    double[][] matrix = new double[size / 2][size];
    for (int i = 0; i < size / 2; i++) {
      for (int k = 0; k < TAPS.length; k++) {
        int from = 2 * i + k - 1;
        if (from >= 0 && from < size) {
          matrix[i][from] = TAPS[k];
        }
      }
    }
    return matrix;
  }

  /** What {@link #upsample} does along one axis of that size: (2·size, size). */
  public static double[][] doubling(int size) {
    double[][] halving = halving(2 * size);
    double[][] matrix = new double[2 * size][size];
    for (int i = 0; i < 2 * size; i++) {
      for (int j = 0; j < size; j++) {
        matrix[i][j] = 2 * halving[j][i];
      }
    }
    return matrix;
  }
}
