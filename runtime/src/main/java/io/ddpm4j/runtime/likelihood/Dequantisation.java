package io.ddpm4j.runtime.likelihood;

import io.ddpm4j.runtime.image.ValueRange;
import io.ddpm4j.runtime.random.ImageNoise;

/**
 * Noise that makes real numbers of grey levels, uniform over the level: the mean of a density's
 * logarithm with it is at most that of the level's probability (Theis, van den Oord and Bethge
 * 2016, §3.1), so bits per dimension with it are those of a code.
 *
 * @param noise of the seed; the noise of an image does not depend on its batch
 * @param range the values of black and white, 255 levels apart
 */
public record Dequantisation(ImageNoise noise, ValueRange range) {
  /** No sampler and no evaluation has this draw. */
  private static final int DRAW = Integer.MIN_VALUE + 1;

  /** Dequantises with the noise of a seed. */
  public static Dequantisation ofSeed(long seed, ValueRange range) {
    return new Dequantisation(new ImageNoise(seed), range);
  }

  /** The distance of two levels. */
  public double level() {
    return (range.high() - range.low()) / (Decoder.LEVELS - 1);
  }

  /**
   * What turns a density in bits per dimension into the probability of a level: -log₂ of the
   * distance of two levels.
   */
  public double bitsOfLevel() {
    return -Math.log(level()) / Math.log(2);
  }

  /**
   * Adds the noise.
   *
   * @param x0 (images, elements), changed
   * @param firstImage the number of the first among all images
   */
  public void add(float[] x0, int images, int elements, long firstImage) {
    float[] uniform = new float[images * elements];
    noise.fillUniform(uniform, firstImage, images, elements, DRAW);
    double level = level();
    for (int i = 0; i < uniform.length; i++) {
      x0[i] = (float) (x0[i] + level * uniform[i]);
    }
  }
}
