package io.ddpm4j.runtime.sampling;

import io.ddpm4j.runtime.schedule.SchedulerConfig;
import java.util.Arrays;

/** What is done to the predicted x_0 at every step. */
public sealed interface Clipping {

  /**
   * Applies it to a batch, in place.
   *
   * @param x0 (images, elements)
   * @param elements values per image
   * @param scratch at least {@code elements} long
   */
  void apply(float[] x0, int elements, float[] scratch);

  /** Whether an infinite prediction becomes finite. */
  default boolean bounds() {
    return true;
  }

  /** What a configuration says: thresholding wins over clipping. */
  static Clipping of(SchedulerConfig config) {
    if (config.thresholding()) {
      return new DynamicThreshold(config.dynamicThresholdingRatio(), config.sampleMaxValue());
    }
    return config.clipSample() ? new Range(config.clipSampleRange()) : new None();
  }

  /** Nothing. */
  record None() implements Clipping {
    @Override
    public void apply(float[] x0, int elements, float[] scratch) {
      // The prediction stays as it is.
    }

    @Override
    public boolean bounds() {
      return false;
    }
  }

  /** Into [-bound, bound]. */
  record Range(double bound) implements Clipping {
    @Override
    public void apply(float[] x0, int elements, float[] scratch) {
      float high = (float) bound;
      for (int i = 0; i < x0.length; i++) {
        x0[i] = Math.max(-high, Math.min(high, x0[i]));
      }
    }
  }

  /**
   * Dynamic thresholding, image by image (Saharia et al. 2022, §2.3): s is the quantile of |x_0|,
   * at least 1 and at most {@code maximum} (which wins where it is below 1); x_0 is clipped to [-s,
   * s] and divided by s.
   *
   * @param ratio the quantile, 0 to 1, linearly interpolated
   * @param maximum the largest s
   */
  record DynamicThreshold(double ratio, double maximum) implements Clipping {
    @Override
    public void apply(float[] x0, int elements, float[] scratch) {
      for (int from = 0; from < x0.length; from += elements) {
        for (int i = 0; i < elements; i++) {
          scratch[i] = Math.abs(x0[from + i]);
        }
        float s = (float) Math.min(Math.max(quantile(scratch, elements), 1), maximum);
        for (int i = from; i < from + elements; i++) {
          x0[i] = Math.max(-s, Math.min(s, x0[i])) / s;
        }
      }
    }

    private double quantile(float[] values, int count) {
      Arrays.sort(values, 0, count);
      double position = ratio * (count - 1);
      int below = (int) position;
      int above = Math.min(below + 1, count - 1);
      return values[below] + (position - below) * (values[above] - values[below]);
    }
  }
}
