package io.ddpm4j.trainer.evaluate.features;

/**
 * With which weights an image is resized. As in Pillow, the filter is widened where the image
 * shrinks, so that no pixel is left out (Parmar et al. 2022, "On aliased resizing and surprising
 * subtleties in GAN evaluation").
 */
public enum ResizeFilter {
  /** A triangle: linear between two pixels. */
  BILINEAR(1) {
    @Override
    double weight(double distance) {
      return Math.max(0, 1 - Math.abs(distance));
    }
  },
  /**
   * Keys' cubic with a = -1/2. It can overshoot black and white; as in clean-fid, what the network
   * is given is clipped to the levels 0 to 255.
   */
  BICUBIC(2) {
    @Override
    double weight(double distance) {
      double x = Math.abs(distance);
      if (x < 1) {
        return ((A + 2) * x - (A + 3)) * x * x + 1; // Keys 1981, eq. 15
      }
      return x < 2 ? ((x - 5) * x + 8) * x * A - 4 * A : 0;
    }
  };

  private static final double A = -0.5;

  private final int support;

  ResizeFilter(int support) {
    this.support = support;
  }

  /** How far from its centre the filter is not 0, in pixels. */
  int support() {
    return support;
  }

  /** The weight of a pixel at this distance, in pixels, before all weights are made to sum to 1. */
  abstract double weight(double distance);
}
