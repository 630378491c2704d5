package io.ddpm4j.exporter.loop;

import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.Value;

/** What is done to the predicted x_0 at every step. */
public sealed interface X0Bound {
  /** Adds it to a graph; x_0 is (N, C, H, W). */
  Value apply(Ops ops, Value x0);

  /** Nothing. */
  record None() implements X0Bound {
    @Override
    public Value apply(Ops ops, Value x0) {
      return x0;
    }
  }

  /** Into [-bound, bound]. */
  record Range(double bound) implements X0Bound {
    @Override
    public Value apply(Ops ops, Value x0) {
      return ops.clip(x0, -bound, bound);
    }
  }

  /**
   * Dynamic thresholding, image by image (Saharia et al. 2022, §2.3): s is the quantile of |x_0|,
   * at least 1 and at most {@code maximum} (which wins where it is below 1); x_0 is clipped to [-s,
   * s] and divided by s. The images' size must be known.
   *
   * @param ratio the quantile, 0 to 1, linearly interpolated
   * @param maximum the largest s
   */
  record Threshold(double ratio, double maximum) implements X0Bound {
    @Override
    public Value apply(Ops ops, Value x0) {
      Value s = ops.min(ops.max(quantile(ops, x0), ops.scalar(1)), ops.scalar(maximum));
      return ops.div(ops.max(ops.min(x0, s), ops.neg(s)), s);
    }

    /** (N, 1, 1, 1). */
    private Value quantile(Ops ops, Value x0) {
      int count = (int) elements(x0.shape());
      double position = ratio * (count - 1);
      int below = (int) position; // in rising order, as the number after it
      long largest = count - below;
      Value sorted = ops.largest(ops.abs(ops.reshape(x0, 0, count)), largest, 1);
      Value low = ops.slice(sorted, 1, largest - 1, largest);
      Value high = largest == 1 ? low : ops.slice(sorted, 1, largest - 2, largest - 1);
      Value between = ops.add(low, ops.mul(ops.sub(high, low), position - below));
      return ops.reshape(between, 0, 1, 1, 1);
    }

    private static long elements(Shape shape) {
      Shape image = new Shape(shape.dims().subList(1, shape.rank()));
      if (!image.isStatic()) {
        throw new IllegalArgumentException(
            "thresholding: expected images of a known size, found " + shape);
      }
      return image.elements();
    }
  }
}
