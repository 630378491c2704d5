package io.ddpm4j.runtime.image;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Images as float values, (N, C, H, W) row-major, with the values that are black and white, and the
 * parameters they were generated with. Immutable.
 */
public final class ImageBatch {
  private final int images;
  private final int channels;
  private final int height;
  private final int width;
  private final float[] values;
  private final ValueRange range;
  private final Map<String, String> text;

  private ImageBatch(int[] shape, float[] values, ValueRange range, Map<String, String> text) {
    this.images = shape[0];
    this.channels = shape[1];
    this.height = shape[2];
    this.width = shape[3];
    this.values = values;
    this.range = range;
    this.text = Collections.unmodifiableMap(new LinkedHashMap<>(text));
  }

  /**
   * Images of these values.
   *
   * @param values (N, C, H, W), copied
   * @param shape N, C, H, W
   */
  public static ImageBatch of(float[] values, ValueRange range, int... shape) {
    requireShape(values.length, shape);
    return new ImageBatch(shape, values.clone(), range, Map.of());
  }

  /**
   * Images of unsigned bytes, as values in [-1, 1].
   *
   * @param levels (N, C, H, W), 0 black to 255 white
   * @param shape N, C, H, W
   */
  public static ImageBatch ofBytes(byte[] levels, int... shape) {
    requireShape(levels.length, shape);
    float[] values = new float[levels.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = ValueRange.SIGNED.toFloat(levels[i] & 0xFF);
    }
    return new ImageBatch(shape, values, ValueRange.SIGNED, Map.of());
  }

  private static void requireShape(int length, int... shape) {
    long size = shape.length == 4 ? 1 : -1;
    for (int extent : shape) {
      size = extent < 1 ? -1 : size * extent;
    }
    if (size != length) {
      throw new IllegalArgumentException(
          "shape: expected N, C, H, W with "
              + length
              + " values in all, found "
              + Arrays.toString(shape));
    }
  }

  /**
   * One image with values in [-1, 1]; transparent pixels lie on black.
   *
   * @param channels 1 (luma by ITU-R BT.601) or 3 (RGB)
   */
  public static ImageBatch ofImage(BufferedImage image, int channels) {
    if (channels != 1 && channels != 3) {
      throw new IllegalArgumentException("channels: expected 1 or 3, found " + channels);
    }
    int width = image.getWidth();
    int height = image.getHeight();
    int[] rgb = isGrey(image) ? greyAsRgb(image) : rgb(image);
    byte[] levels = new byte[channels * rgb.length];
    for (int i = 0; i < rgb.length; i++) {
      int red = rgb[i] >> 16 & 0xFF;
      int green = rgb[i] >> 8 & 0xFF;
      int blue = rgb[i] & 0xFF;
      if (channels == 1) {
        levels[i] = (byte) ((299 * red + 587 * green + 114 * blue + 500) / 1000); // BT.601
      } else {
        levels[i] = (byte) red;
        levels[rgb.length + i] = (byte) green;
        levels[2 * rgb.length + i] = (byte) blue;
      }
    }
    return ofBytes(levels, 1, channels, height, width);
  }

  private static boolean isGrey(BufferedImage image) {
    return !(image.getColorModel() instanceof IndexColorModel)
        && image.getColorModel().getColorSpace().getType() == ColorSpace.TYPE_GRAY;
  }

  /** Java2D takes grey levels for linear light and would brighten them: here they stay. */
  private static int[] greyAsRgb(BufferedImage image) {
    Raster raster = image.getRaster();
    int width = image.getWidth();
    double white = Math.pow(2, image.getColorModel().getComponentSize(0)) - 1;
    boolean alpha = image.getColorModel().hasAlpha();
    double opaque = alpha ? Math.pow(2, image.getColorModel().getComponentSize(1)) - 1 : 1;
    int[] rgb = new int[width * image.getHeight()];
    for (int i = 0; i < rgb.length; i++) {
      double level = raster.getSample(i % width, i / width, 0) / white;
      if (alpha) {
        level *= raster.getSample(i % width, i / width, 1) / opaque;
      }
      rgb[i] = (int) (level * 255 + 0.5) * 0x010101;
    }
    return rgb;
  }

  private static int[] rgb(BufferedImage image) {
    int width = image.getWidth();
    int height = image.getHeight();
    BufferedImage flat = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = flat.createGraphics();
    graphics.drawImage(image, 0, 0, Color.BLACK, null);
    graphics.dispose();
    return flat.getRGB(0, 0, width, height, null, 0, width);
  }

  /** The same images with these parameters, which go into the PNG files. */
  public ImageBatch withText(Map<String, String> parameters) {
    return new ImageBatch(new int[] {images, channels, height, width}, values, range, parameters);
  }

  /** N. */
  public int images() {
    return images;
  }

  /** C. */
  public int channels() {
    return channels;
  }

  /** H. */
  public int height() {
    return height;
  }

  /** W. */
  public int width() {
    return width;
  }

  /** The values of black and white. */
  public ValueRange range() {
    return range;
  }

  /** What goes into the text chunks of PNG files. */
  public Map<String, String> text() {
    return text;
  }

  /** A copy of all values, (N, C, H, W). */
  public float[] values() {
    return values.clone();
  }

  /** A copy of one image's values, (C, H, W). */
  public float[] values(int image) {
    int elements = channels * height * width;
    int from = Math.multiplyExact(Objects.checkIndex(image, images), elements);
    return Arrays.copyOfRange(values, from, from + elements);
  }

  /** One image's unsigned bytes, (C, H, W), 0 black to 255 white. */
  public byte[] bytes(int image) {
    float[] floats = values(image);
    byte[] levels = new byte[floats.length];
    for (int i = 0; i < levels.length; i++) {
      levels[i] = (byte) range.toByte(floats[i]);
    }
    return levels;
  }

  /** The images from {@code from} on, {@code count} of them. */
  public ImageBatch slice(int from, int count) {
    Objects.checkFromIndexSize(from, count, images);
    int elements = channels * height * width;
    return new ImageBatch(
        new int[] {count, channels, height, width},
        Arrays.copyOfRange(values, from * elements, (from + count) * elements),
        range,
        text);
  }

  /**
   * One image for Java2D: grey (1 channel), RGB (3) or RGBA (4).
   *
   * @throws IllegalStateException for another number of channels
   */
  public BufferedImage toBufferedImage(int image) {
    int type =
        switch (channels) {
          case 1 -> BufferedImage.TYPE_BYTE_GRAY;
          case 3 -> BufferedImage.TYPE_INT_RGB;
          case 4 -> BufferedImage.TYPE_INT_ARGB;
          default ->
              throw new IllegalStateException(
                  "channels: expected 1, 3 or 4 for a picture, found " + channels);
        };
    byte[] levels = bytes(image);
    BufferedImage picture = new BufferedImage(width, height, type);
    WritableRaster raster = picture.getRaster();
    for (int c = 0; c < channels; c++) {
      for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
          raster.setSample(x, y, c, levels[(c * height + y) * width + x] & 0xFF);
        }
      }
    }
    return picture;
  }

  /** All images in a near-square grid, enlarged where they are small. */
  public BufferedImage toGrid() {
    return ImageGrid.fitting(this).render(this);
  }

  /** Writes {@link #toGrid} as PNG with the parameters in it. */
  public void writeGrid(Path file) throws IOException {
    PngWriter.write(file, toGrid(), text);
  }

  /** Writes a grid of another layout as PNG with the parameters in it. */
  public void writeGrid(Path file, ImageGrid layout) throws IOException {
    PngWriter.write(file, layout.render(this), text);
  }

  /**
   * Writes every image, pixel by pixel, as {@code prefix00000.png}, ….
   *
   * @return the files
   */
  public List<Path> writePngs(Path folder, String prefix) throws IOException {
    List<Path> files = new ArrayList<>();
    for (int image = 0; image < images; image++) {
      Path file = folder.resolve("%s%05d.png".formatted(prefix, image));
      Map<String, String> parameters = new LinkedHashMap<>(text);
      parameters.put("Image", Integer.toString(image));
      PngWriter.write(file, toBufferedImage(image), parameters);
      files.add(file);
    }
    return files;
  }
}
