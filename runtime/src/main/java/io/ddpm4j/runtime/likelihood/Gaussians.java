package io.ddpm4j.runtime.likelihood;

/**
 * Gaussians in one dimension, in double and in nats: divergences and likelihoods, as {@code
 * losses.py} of OpenAI's guided-diffusion defines them.
 */
public final class Gaussians {
  private static final double LOG_2_PI = Math.log(2 * Math.PI);
  private static final double LEAST = 1e-12; // of a probability, as in the reference
  private static final double EDGE = 0.999; // of [-1, 1]: beyond it lie black and white only
  private static final double TWICE_ROOT = 2 * Math.sqrt(2 / Math.PI);

  private Gaussians() {}

  /** The divergence KL(N(mean1, exp logVariance1) ‖ N(mean2, exp logVariance2)). */
  public static double kl(double mean1, double logVariance1, double mean2, double logVariance2) {
    double apart = mean1 - mean2;
    return klOfDifference(apart, logVariance1 - logVariance2, logVariance2);
  }

  /**
   * The same, where the means' difference is known better than the means.
   *
   * @param apart mean1 - mean2
   * @param logRatio logVariance1 - logVariance2
   * @param logVariance2 of the second Gaussian
   */
  static double klOfDifference(double apart, double logRatio, double logVariance2) {
    return 0.5 * (Math.expm1(logRatio) - logRatio + apart * apart * Math.exp(-logVariance2));
  }

  /** The divergence KL(N(mean, exp logVariance) ‖ N(0, 1)). */
  public static double klToStandardNormal(double mean, double logVariance) {
    return klOfDifference(mean, logVariance, 0);
  }

  /** log N(x; mean, (exp logScale)²): of a density, so it may be positive. */
  public static double logDensity(double x, double mean, double logScale) {
    double z = (x - mean) * Math.exp(-logScale);
    return -0.5 * (z * z + LOG_2_PI) - logScale;
  }

  /**
   * Φ(z) as the reference approximates it: ½(1 + tanh(√(2/π)(z + 0.044715 z³))), here as the
   * logistic function that this is, whose small values keep their digits.
   */
  public static double approximateCdf(double z) {
    return 1 / (1 + Math.exp(-TWICE_ROOT * (z + 0.044715 * z * z * z)));
  }

  /**
   * The logarithm of the probability of a grey level: the integral of N(mean, (exp logScale)²) over
   * the level, over all below for black and all above for white (Ho et al. 2020, eq. 13), at least
   * 1e-12.
   *
   * @param x the level's middle, -1 for black to 1 for white
   * @param mean in the same units
   * @param halfLevel half the distance of two levels: 1/255 for 256 of them
   */
  public static double discretisedLogLikelihood(
      double x, double mean, double logScale, double halfLevel) {
    double scale = Math.exp(-logScale);
    double off = x - mean;
    double probability;
    if (x < -EDGE) {
      probability = approximateCdf(scale * (off + halfLevel));
    } else if (x > EDGE) {
      probability = approximateCdf(scale * (halfLevel - off)); // 1 - Φ(z) = Φ(-z)
    } else {
      double side = -Math.abs(off); // mirrored: a tail is a difference of small numbers
      probability =
          approximateCdf(scale * (side + halfLevel)) - approximateCdf(scale * (side - halfLevel));
    }
    return Math.log(Math.max(probability, LEAST));
  }
}
