package io.ddpm4j.trainer.data;

import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * Turns one PNG or JPEG file of any mode into a small square of bytes: decode, flatten on a
 * background, crop the largest centred square, resize, turn upright.
 *
 * <p>Samples are taken as the file has them. {@code BufferedImage.getRGB} would not do: Java takes
 * grey to be linear light and brightens it on the way to sRGB.
 */
final class ImageDecoder {
  /** Larger pictures would need more than a GiB to decode. */
  private static final long MAX_PIXELS = 1L << 27;

  private final int size;
  private final int channels;
  private final int background;

  /**
   * A decoder.
   *
   * @param size side of the result in pixels
   * @param channels 1 grey or 3 RGB
   * @param background 0xRRGGBB behind transparent pixels
   */
  ImageDecoder(int size, int channels, int background) {
    this.size = size;
    this.channels = channels;
    this.background = background;
  }

  /**
   * Reads one file.
   *
   * @return (channels, size, size)
   * @throws IOException if it cannot be read; the message is the reason, without the file's name
   */
  byte[] decode(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    BufferedImage image;
    try {
      image = read(bytes);
    } catch (RuntimeException e) { // javax.imageio answers some damage with whatever comes
      throw new IOException("damaged: " + e, e);
    }
    int side = Math.min(image.getWidth(), image.getHeight());
    int[] rgb =
        flattenedSquare(image, (image.getWidth() - side) / 2, (image.getHeight() - side) / 2, side);
    Resampler resampler = new Resampler(side, size);
    byte[] result = new byte[channels * size * size];
    int[] plane = new int[side * side];
    for (int c = 0; c < channels; c++) {
      for (int p = 0; p < plane.length; p++) {
        plane[p] = channels == 1 ? luma(rgb[p]) : rgb[p] >> (16 - 8 * c) & 0xff;
      }
      resampler.apply(plane, result, c * size * size);
    }
    return ExifOrientation.upright(result, channels, size, ExifOrientation.of(bytes));
  }

  private static BufferedImage read(byte[] bytes) throws IOException {
    if (bytes.length == 0) {
      throw new IOException("the file is empty");
    }
    try (ImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(bytes))) {
      Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
      if (!readers.hasNext()) {
        throw new IOException("not a PNG or JPEG image");
      }
      ImageReader reader = readers.next();
      try {
        List<String> warnings = new ArrayList<>();
        reader.addIIOReadWarningListener((source, warning) -> warnings.add(warning));
        reader.setInput(in, true, true);
        long pixels = (long) reader.getWidth(0) * reader.getHeight(0);
        if (pixels > MAX_PIXELS) {
          throw new IOException(
              "too large: " + reader.getWidth(0) + "x" + reader.getHeight(0) + " pixels");
        }
        BufferedImage image = reader.read(0);
        // The JPEG decoder paints what is missing grey and only warns.
        for (String warning : warnings) {
          if (warning.contains("Truncated File") || warning.contains("premature end")) {
            throw new IOException("cut short: " + warning);
          }
        }
        return image;
      } finally {
        reader.dispose();
      }
    }
  }

  /** 0xRRGGBB of the square at (left, top), blended onto the background. */
  private int[] flattenedSquare(BufferedImage image, int left, int top, int side)
      throws IOException {
    int[] rgb = new int[side * side];
    if (image.getColorModel() instanceof IndexColorModel palette) {
      int[] row = new int[side];
      for (int y = 0; y < side; y++) {
        image.getRaster().getSamples(left, top + y, side, 1, 0, row);
        for (int x = 0; x < side; x++) {
          int argb = palette.getRGB(row[x]);
          rgb[y * side + x] =
              flatten(argb >> 16 & 0xff, argb >> 8 & 0xff, argb & 0xff, argb >>> 24);
        }
      }
      return rgb;
    }
    ColorModel model = image.getColorModel();
    int bands = image.getRaster().getNumBands();
    int colours = model.getNumColorComponents();
    if ((colours != 1 && colours != 3) || model.isAlphaPremultiplied()) {
      throw new IOException(
          "expected grey, RGB or a palette, found "
              + (colours == 4 ? "CMYK" : colours + " colour components"));
    }
    if (bands != (model.hasAlpha() ? colours + 1 : colours)) {
      throw new IOException("expected " + colours + " colours, found " + bands + " bands");
    }
    flattenSamples(image.getRaster(), model, left, top, side, rgb);
    return rgb;
  }

  private void flattenSamples(
      Raster raster, ColorModel model, int left, int top, int side, int[] rgb) {
    int bands = raster.getNumBands();
    int colours = bands <= 2 ? 1 : 3;
    int[] row = new int[side * bands];
    for (int y = 0; y < side; y++) {
      raster.getPixels(left, top + y, side, 1, row);
      for (int x = 0; x < side; x++) {
        int at = x * bands;
        for (int b = 0; b < bands; b++) {
          row[at + b] = toByte(row[at + b], model.getComponentSize(b));
        }
        int red = row[at];
        int green = colours == 1 ? red : row[at + 1];
        int blue = colours == 1 ? red : row[at + 2];
        rgb[y * side + x] = flatten(red, green, blue, bands > colours ? row[at + colours] : 255);
      }
    }
  }

  /** 0 to 2^bits - 1 becomes 0 to 255, rounded. */
  private static int toByte(int sample, int bits) {
    int max = (1 << bits) - 1;
    return max == 255 ? sample : (sample * 255 + max / 2) / max;
  }

  private int flatten(int red, int green, int blue, int alpha) {
    return blend(red, background >> 16 & 0xff, alpha) << 16
        | blend(green, background >> 8 & 0xff, alpha) << 8
        | blend(blue, background & 0xff, alpha);
  }

  private static int blend(int front, int back, int alpha) {
    return (front * alpha + back * (255 - alpha) + 127) / 255;
  }

  /** ITU-R BT.601 luma, the usual grey of 8-bit pictures: 0.299 R + 0.587 G + 0.114 B. */
  private static int luma(int rgb) {
    return (299 * (rgb >> 16 & 0xff) + 587 * (rgb >> 8 & 0xff) + 114 * (rgb & 0xff) + 500) / 1000;
  }
}
