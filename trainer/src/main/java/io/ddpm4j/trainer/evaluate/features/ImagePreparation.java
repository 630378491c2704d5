package io.ddpm4j.trainer.evaluate.features;

/**
 * Turns the bytes of images into what a network takes: its channels, its size, its values, its
 * layout. Not thread-safe.
 */
final class ImagePreparation {
  private final int[] from; // C, H, W
  private final int channels;
  private final int pixels; // of a plane for the network
  private final boolean channelsLast;
  private final double[] offsets;
  private final double[] slopes;
  private final PlaneResizer resizer; // null: the size stays
  private final float[] plane;
  private final float[] resized;

  /**
   * @param from C (1 or 3), H, W of the images
   * @param to C (1 or 3), H, W for the network
   */
  ImagePreparation(
      int[] from, int[] to, boolean channelsLast, PixelScale scale, ResizeFilter filter) {
    this.from = from;
    this.channels = to[0];
    this.pixels = Math.multiplyExact(to[1], to[2]);
    this.channelsLast = channelsLast;
    double[][] coefficients = scale.coefficients(channels);
    this.offsets = coefficients[0];
    this.slopes = coefficients[1];
    boolean same = from[1] == to[1] && from[2] == to[2];
    this.resizer = same ? null : new PlaneResizer(filter, from[1], from[2], to[1], to[2]);
    this.plane = new float[from[1] * from[2]];
    this.resized = same ? plane : new float[pixels];
  }

  /** Numbers of an image for the network. */
  int elements() {
    return channels * pixels;
  }

  /**
   * Prepares an image.
   *
   * @param image unsigned bytes (C, H, W)
   * @param to receives it in the network's layout, from {@code offset} on
   */
  void prepare(byte[] image, float[] to, int offset) {
    for (int c = 0; c < channels; c++) {
      if (c == 0 || from[0] == channels) { // of grey all channels are the same
        takePlane(image, c);
        if (resizer != null) {
          resizer.resize(plane, resized);
          clip(resized);
        }
      }
      for (int i = 0; i < pixels; i++) {
        int at = channelsLast ? i * channels + c : c * pixels + i;
        to[offset + at] = (float) (offsets[c] + slopes[c] * resized[i]);
      }
    }
  }

  /** To the levels that there are: a cubic overshoots. */
  private static void clip(float[] levels) {
    for (int i = 0; i < levels.length; i++) {
      levels[i] = Math.max(0, Math.min(255, levels[i]));
    }
  }

  private void takePlane(byte[] image, int channel) {
    int size = plane.length;
    boolean toGrey = from[0] == 3 && channels == 1;
    for (int i = 0; i < size; i++) {
      plane[i] =
          toGrey
              ? luma(image[i] & 0xFF, image[size + i] & 0xFF, image[2 * size + i] & 0xFF)
              : image[channel * size + i] & 0xFF;
    }
  }

  /** ITU-R BT.601, to the nearest level, as images are read. */
  private static int luma(int red, int green, int blue) {
    return (299 * red + 587 * green + 114 * blue + 500) / 1000;
  }
}
