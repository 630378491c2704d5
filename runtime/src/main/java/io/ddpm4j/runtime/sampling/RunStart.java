package io.ddpm4j.runtime.sampling;

/**
 * What a run starts from: noise, an image, or something between them. Immutable.
 *
 * <p>Where values are given for several images, image k of the generation gets those at k mod M of
 * M, so that parts of a generation agree with the whole.
 */
public final class RunStart {
  private static final RunStart NOISE = new RunStart(null, false, 1);

  private final float[] values; // null: noise
  private final boolean noisy;
  private final double strength;

  private RunStart(float[] values, boolean noisy, double strength) {
    if (!(strength > 0 && strength <= 1)) {
      throw new IllegalArgumentException(
          "strength: expected a number above 0 and at most 1, found " + strength);
    }
    this.values = values;
    this.noisy = noisy;
    this.strength = strength;
  }

  /** Pure noise, the whole way. */
  public static RunStart noise() {
    return NOISE;
  }

  /**
   * Images, with as much noise on them as the first step expects.
   *
   * @param images x_0 as the model sees it, (M, C, H, W), copied
   * @param strength the part of the way that is run, above 0 and at most 1
   */
  public static RunStart image(float[] images, double strength) {
    return new RunStart(images.clone(), false, strength);
  }

  /**
   * What is noisy already.
   *
   * @param samples √ᾱ·x_0 + √(1-ᾱ)·ε at the level of the first step, (M, C, H, W), copied; methods
   *     that keep another multiple of it scale it themselves
   * @param strength the part of the way that is run, above 0 and at most 1
   */
  public static RunStart sample(float[] samples, double strength) {
    return new RunStart(samples.clone(), true, strength);
  }

  /** Whether there is nothing but noise. */
  public boolean isNoise() {
    return values == null;
  }

  /** Whether the values have their noise already. */
  boolean isNoisy() {
    return noisy;
  }

  /**
   * The part of the way that is run: of n steps the last ⌊n·strength⌋, as in SDEdit (Meng et al.
   * 2022) and, to the rounding of the product, in diffusers' image-to-image pipelines; one for 1/n,
   * even where that product is just below 1.
   */
  public double strength() {
    return strength;
  }

  /**
   * The step that a run of {@code steps} steps begins with.
   *
   * @throws IllegalArgumentException if none is left
   */
  public int firstStep(int steps) {
    int count = strength >= 1.0 / steps ? Math.max(1, (int) (steps * strength)) : 0;
    if (count < 1) {
      throw new IllegalArgumentException(
          "strength: expected at least 1/%d, which is one of the %d steps, found %s"
              .formatted(steps, steps, strength));
    }
    return steps - count;
  }

  /** Refuses values that are no images of this size. */
  void check(int elements) {
    if (values != null) {
      ImageCycle.check("image to start from", values.length, elements);
    }
  }

  /** Writes the values for a batch: see the class comment. */
  void fill(float[] target, long firstImage, int elements) {
    ImageCycle.fill(target, values, firstImage, elements);
  }
}
