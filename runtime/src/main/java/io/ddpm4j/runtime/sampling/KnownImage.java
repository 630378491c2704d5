package io.ddpm4j.runtime.sampling;

/**
 * What is known of images that are completed: the pixels, and where they are kept (inpainting).
 * Immutable.
 *
 * <p>Of M images and masks, image k of the generation gets those at k mod M.
 */
public final class KnownImage {
  private final float[] image;
  private final float[] mask;

  private KnownImage(float[] image, float[] mask) {
    this.image = image.clone();
    this.mask = mask.clone();
    for (float weight : mask) {
      if (!(weight >= 0 && weight <= 1)) {
        throw new IllegalArgumentException("mask: expected 0 to 1, found " + weight);
      }
    }
  }

  /**
   * Pixels of an image.
   *
   * @param image values as the model sees them, (M, C, H, W)
   * @param mask 1 where the image is kept, 0 where it is made anew: (M, C, H, W), (C, H, W) for all
   *     images, or (H, W) for all channels too
   */
  public static KnownImage of(float[] image, float[] mask) {
    return new KnownImage(image, mask);
  }

  /** Refuses sizes that do not fit images of {@code elements} values in planes of {@code plane}. */
  void check(int elements, int plane) {
    ImageCycle.check("known image", image.length, elements);
    if (mask.length != plane && (mask.length == 0 || mask.length % elements != 0)) {
      throw new IllegalArgumentException(
          "mask: expected %d values for all channels, or %d, or a multiple of that for several images, found %d"
              .formatted(plane, elements, mask.length));
    }
  }

  /** Writes the pixels of a batch. */
  void fillImage(float[] target, long firstImage, int elements) {
    ImageCycle.fill(target, image, firstImage, elements);
  }

  /** Writes the weights of a batch. */
  void fillMask(float[] target, long firstImage, int elements) {
    ImageCycle.fill(target, mask, firstImage, Math.min(mask.length, elements));
  }
}
