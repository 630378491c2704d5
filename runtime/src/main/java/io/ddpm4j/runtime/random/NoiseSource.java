package io.ddpm4j.runtime.random;

/**
 * Standard normal numbers for a batch of images. A run asks for draw 0 (x_T), then for draw 1, 2, …
 * in order, once per step that needs noise.
 */
@FunctionalInterface
public interface NoiseSource {

  /**
   * Fills {@code target} from its start with one draw for a batch.
   *
   * @param target (images, elements), row-major; at least that long
   * @param firstImage the number of the batch's first image within the whole generation
   * @param images how many images
   * @param elements numbers per image, C·H·W
   * @param draw from 0, the same for all images of the batch
   */
  void fill(float[] target, long firstImage, int images, int elements, int draw);

  /** Noise that belongs to the image: see {@link ImageNoise}. */
  static NoiseSource ofSeed(long seed) {
    return new ImageNoise(seed);
  }
}
