package io.ddpm4j.runtime.sampling;

import java.util.Arrays;

/**
 * What is known of the images before a run: inpainting keeps it where the mask says so, inversion
 * starts from it. Immutable.
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
   * @param image values as the model sees them: (N, C, H, W), or (C, H, W) for all images of a run
   * @param mask 1 where the image is kept, 0 where it is made anew: (N, C, H, W), (C, H, W) for all
   *     images, or (H, W) for all channels too
   */
  public static KnownImage of(float[] image, float[] mask) {
    return new KnownImage(image, mask);
  }

  /** All pixels of an image. */
  public static KnownImage whole(float[] image) {
    float[] mask = new float[image.length];
    Arrays.fill(mask, 1);
    return new KnownImage(image, mask);
  }

  float[] image(int images, int elements) {
    return repeat("known image", image, images, elements, elements);
  }

  float[] mask(int images, int elements, int plane) {
    return repeat("mask", mask, images, elements, plane);
  }

  private static float[] repeat(
      String what, float[] values, int images, int elements, int smallest) {
    float[] all = new float[images * elements];
    int length = values.length;
    if (length != all.length && length != elements && length != smallest) {
      throw new IllegalArgumentException(
          "%s: expected %d values for %d images, or %d for one%s, found %d"
              .formatted(
                  what,
                  all.length,
                  images,
                  elements,
                  smallest == elements ? "" : ", or " + smallest + " for one channel",
                  length));
    }
    for (int i = 0; i < all.length; i++) {
      all[i] = values[i % length]; // the extents that are left out are the outer ones
    }
    return all;
  }
}
