package io.ddpm4j.runtime.sampling;

/** Values of M images for any number of them: image k of a generation gets those at k mod M. */
final class ImageCycle {
  private ImageCycle() {}

  /** Refuses values that are no images of {@code elements} each. */
  static void check(String what, int length, int elements) {
    if (length == 0 || length % elements != 0) {
      throw new IllegalArgumentException(
          "%s: expected %d values, or a multiple of that for several images, found %d"
              .formatted(what, elements, length));
    }
  }

  /**
   * Writes those of a batch.
   *
   * @param target (images, elements)
   * @param values (M, elements)
   * @param firstImage the number of the batch's first image within the generation
   */
  static void fill(float[] target, float[] values, long firstImage, int elements) {
    int count = values.length / elements;
    for (int image = 0; image < target.length / elements; image++) {
      int source = (int) ((firstImage + image) % count);
      System.arraycopy(values, source * elements, target, image * elements, elements);
    }
  }
}
