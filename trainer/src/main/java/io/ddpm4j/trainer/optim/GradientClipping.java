package io.ddpm4j.trainer.optim;

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

  /**
   * What a gradient is multiplied by.
   *
   * @param norm the gradient's own, over all parameters
   */
  public double factor(double norm) {
    return Math.min(1, maxNorm / (norm + 1e-6));
  }
}
