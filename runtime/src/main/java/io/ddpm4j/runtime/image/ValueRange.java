package io.ddpm4j.runtime.image;

/**
 * The values of black and white in a float image.
 *
 * @param low black
 * @param high white, above {@code low}
 */
public record ValueRange(double low, double high) {
  /** [-1, 1], in which diffusion models work. */
  public static final ValueRange SIGNED = new ValueRange(-1, 1);

  /** Refuses an empty range. */
  public ValueRange {
    if (!(low < high)) {
      throw new IllegalArgumentException(
          "value_range: expected [low, high] with low < high, found [" + low + ", " + high + "]");
    }
  }

  /** The nearest of 0 (black) to 255 (white); values outside the range are clipped, NaN is 0. */
  public int toByte(double value) {
    double level = (value - low) / (high - low) * 255;
    return (int) Math.max(0, Math.min(255, Math.floor(level + 0.5)));
  }

  /** The value of a level from 0 to 255. */
  public float toFloat(int level) {
    return (float) (low + (high - low) * level / 255);
  }
}
