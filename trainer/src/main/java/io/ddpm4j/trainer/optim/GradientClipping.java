package io.ddpm4j.trainer.optim;

import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Value;

/**
 * Clipping by the global norm (Pascanu et al. 2013), as PyTorch's {@code clip_grad_norm_}.
 *
 * @param maxNorm positive; infinity clips nothing
 */
public record GradientClipping(double maxNorm) {
  /** As PyTorch's: a gradient that is zero stays so. */
  private static final double LEAST = 1e-6;

  /** Refuses a norm that is not positive. */
  public GradientClipping {
    if (!(maxNorm > 0)) {
      throw new IllegalArgumentException(
          "gradient clipping: expected a positive norm, found " + maxNorm);
    }
  }

  /**
   * What a gradient is multiplied by.
   *
   * @param norm the gradient's own, over all parameters
   */
  public double factor(double norm) {
    return Math.min(1, maxNorm / (norm + LEAST));
  }

  /** {@link #factor(double)} of a norm, float scalar, in a graph. */
  public Value factor(Ops o, Value norm) {
    return Double.isInfinite(maxNorm)
        ? o.scalar(1)
        : o.min(o.scalar(1), o.div(o.scalar(maxNorm), o.add(norm, LEAST)));
  }
}
