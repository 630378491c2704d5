package io.ddpm4j.trainer.optim;

import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Value;

/**
 * Clipping by the global norm (Pascanu et al. 2013), as PyTorch's {@code clip_grad_norm_}.
 *
 * @param maxNorm positive; infinity clips nothing
 */
public record GradientClipping(double maxNorm) {
  /** Refuses a norm that is not positive. */
  public GradientClipping {
    if (!(maxNorm > 0)) {
      throw new IllegalArgumentException(
          "gradient clipping: expected a positive norm, found " + maxNorm);
    }
  }

  /** The clipped gradient, and the norm that it had before: a float scalar. */
  public record Clipped(Value gradient, Value norm) {}

  /**
   * @param gradient all gradients in one vector
   */
  public Clipped apply(Ops o, Value gradient) {
    Value norm = o.sqrt(o.reduceSumSquare(gradient, false));
    if (Double.isInfinite(maxNorm)) {
      return new Clipped(gradient, norm);
    }
    Value factor = o.min(o.div(o.scalar(maxNorm), o.add(norm, 1e-6)), o.scalar(1));
    return new Clipped(o.mul(gradient, factor), norm);
  }
}
