package io.ddpm4j.runtime.likelihood;

import io.ddpm4j.runtime.image.ValueRange;

/** The last step of the reverse process, p(x_0 | x_1): how likely a value of a pixel is. */
@FunctionalInterface
public interface Decoder {
  /** Grey levels of a pixel. */
  int LEVELS = 256;

  /**
   * The logarithm of the likelihood of one value, in nats.
   *
   * @param x0 the pixel's value
   * @param mean of the Gaussian
   * @param logScale the logarithm of its standard deviation
   */
  double logLikelihood(double x0, double mean, double logScale);

  /**
   * The discretised Gaussian of Ho et al. 2020, eq. 13: the probability of the pixel's grey level,
   * one of 256.
   *
   * @param range the values of black and white
   */
  static Decoder discretised(ValueRange range) {
    double scale = 2 / (range.high() - range.low()); // to [-1, 1]
    double logOfScale = Math.log(scale);
    double low = range.low();
    return (x0, mean, logScale) ->
        Gaussians.discretisedLogLikelihood(
            (x0 - low) * scale - 1,
            (mean - low) * scale - 1,
            logScale + logOfScale,
            1.0 / (LEVELS - 1));
  }

  /**
   * The density N(x_0; mean, σ²) itself. Of real numbers, not of grey levels: a bound with it is no
   * code length and may be negative.
   */
  static Decoder continuous() {
    return Gaussians::logDensity;
  }
}
