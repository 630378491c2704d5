package io.ddpm4j.runtime.image;

import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;

/** Any picture of Java2D as opaque 8-bit RGB, its transparent pixels on a background. */
final class Flattening {
  private Flattening() {}

  /**
   * The pixels row by row, 0xRRGGBB.
   *
   * @param background 0xRRGGBB
   */
  static int[] rgb(BufferedImage image, int background) {
    int[] pixels = isGrey(image) ? greyArgb(image) : argb(image);
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = onto(background, pixels[i]);
    }
    return pixels;
  }

  private static boolean isGrey(BufferedImage image) {
    return !(image.getColorModel() instanceof IndexColorModel)
        && image.getColorModel().getColorSpace().getType() == ColorSpace.TYPE_GRAY;
  }

  /** Java2D takes grey levels for linear light and would brighten them: here they stay. */
  private static int[] greyArgb(BufferedImage image) {
    ColorModel model = image.getColorModel();
    Raster raster = image.getRaster();
    int width = image.getWidth();
    int[] argb = new int[width * image.getHeight()];
    Object samples = null;
    float[] parts = null; // level and opacity, 0 to 1
    for (int i = 0; i < argb.length; i++) {
      samples = raster.getDataElements(i % width, i / width, samples);
      parts = model.getNormalizedComponents(samples, parts, 0);
      int opacity = model.hasAlpha() ? toByte(parts[1]) : 0xFF;
      argb[i] = opacity << 24 | toByte(parts[0]) * 0x010101;
    }
    return argb;
  }

  private static int toByte(float part) {
    return (int) (Math.max(0, Math.min(1, part)) * 255 + 0.5f);
  }

  private static int[] argb(BufferedImage image) {
    int width = image.getWidth();
    return image.getRGB(0, 0, width, image.getHeight(), null, 0, width);
  }

  private static int onto(int background, int argb) {
    int opacity = argb >>> 24;
    int rgb = 0;
    for (int shift = 0; shift <= 16; shift += 8) {
      int front = argb >> shift & 0xFF;
      int back = background >> shift & 0xFF;
      rgb |= (front * opacity + back * (255 - opacity) + 127) / 255 << shift;
    }
    return rgb;
  }
}
