package io.ddpm4j.runtime.image;

import java.awt.image.BufferedImage;
import java.awt.image.WritableRaster;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;

/**
 * Images as float values, (N, C, H, W) row-major, with the values that are black and white, and the
 * parameters they were generated with. Immutable.
 */
public final class ImageBatch {
  private static final int WHITE = 0xFFFFFF;

  private final int images;
  private final int channels;
  private final int height;
  private final int width;
  private final float[] values;
  private final ValueRange range;
  private final long firstImage;
  private final Supplier<Map<String, String>> text;

  private ImageBatch(
      int[] shape,
      float[] values,
      ValueRange range,
      long firstImage,
      Supplier<Map<String, String>> text) {
    this.images = shape[0];
    this.channels = shape[1];
    this.height = shape[2];
    this.width = shape[3];
    this.values = values;
    this.range = range;
    this.firstImage = firstImage;
    this.text = text;
  }

  /**
   * Images of these values.
   *
   * @param values (N, C, H, W), copied
   * @param shape N, C, H, W
   */
  public static ImageBatch of(float[] values, ValueRange range, int... shape) {
    requireShape(values.length, shape);
    return new ImageBatch(shape, values.clone(), range, 0, Map::of);
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
    return new ImageBatch(shape, values, ValueRange.SIGNED, 0, Map::of);
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
   * One image of any type with values in [-1, 1]; transparent pixels lie on white.
   *
   * @param channels 1 (luma by ITU-R BT.601) or 3 (RGB)
   */
  public static ImageBatch ofImage(BufferedImage image, int channels) {
    return ofImage(image, channels, WHITE);
  }

  /**
   * One image of any type with values in [-1, 1]: colours as sRGB, grey levels as they are.
   *
   * @param channels 1 (luma by ITU-R BT.601) or 3 (RGB)
   * @param background 0xRRGGBB behind transparent pixels
   */
  public static ImageBatch ofImage(BufferedImage image, int channels, int background) {
    if (channels != 1 && channels != 3) {
      throw new IllegalArgumentException("channels: expected 1 or 3, found " + channels);
    }
    int[] rgb = Flattening.rgb(image, background);
    byte[] levels = new byte[Math.multiplyExact(channels, rgb.length)];
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
    return ofBytes(levels, 1, channels, image.getHeight(), image.getWidth());
  }

  /**
   * All images of several batches of one size and value range, one after the other, with the number
   * and the parameters of the first.
   *
   * @param batches at least one
   * @throws IllegalArgumentException if there is none, or they differ in size or value range
   * @throws ArithmeticException if there are too many values for an array
   */
  public static ImageBatch join(ImageBatch... batches) {
    if (batches.length == 0) {
      throw new IllegalArgumentException("images: expected at least one batch, found none");
    }
    ImageBatch first = batches[0];
    int count = 0;
    for (ImageBatch batch : batches) {
      if (!Arrays.equals(batch.shape(), 1, 4, first.shape(), 1, 4)
          || !batch.range.equals(first.range)) {
        throw new IllegalArgumentException(
            "images: expected batches of one size and value range, found %s %s and %s %s"
                .formatted(
                    Arrays.toString(first.shape()),
                    first.range,
                    Arrays.toString(batch.shape()),
                    batch.range));
      }
      count = Math.addExact(count, batch.images);
    }
    float[] all = new float[Math.multiplyExact(count, first.values.length / first.images)];
    int at = 0;
    for (ImageBatch batch : batches) {
      System.arraycopy(batch.values, 0, all, at, batch.values.length);
      at += batch.values.length;
    }
    int[] shape = first.shape();
    shape[0] = count;
    return new ImageBatch(shape, all, first.range, first.firstImage, first.text);
  }

  /** The same images with these parameters, which go into the PNG files. */
  public ImageBatch withText(Map<String, String> parameters) {
    Map<String, String> copy = Collections.unmodifiableMap(new LinkedHashMap<>(parameters));
    return withText(() -> copy);
  }

  /**
   * The same with parameters that cost time: they are asked for by {@link #text} and when a file is
   * written, each time.
   */
  public ImageBatch withText(Supplier<Map<String, String>> parameters) {
    return new ImageBatch(shape(), values, range, firstImage, parameters);
  }

  /** The same images, numbered from {@code number} on instead of from 0. */
  public ImageBatch withFirstImage(long number) {
    return new ImageBatch(shape(), values, range, number, text);
  }

  /** The same images with other values for black and white. */
  public ImageBatch toRange(ValueRange other) {
    if (other.equals(range)) {
      return this;
    }
    double scale = (other.high() - other.low()) / (range.high() - range.low());
    float[] moved = new float[values.length];
    for (int i = 0; i < moved.length; i++) {
      moved[i] = (float) (other.low() + scale * (values[i] - range.low()));
    }
    return new ImageBatch(shape(), moved, other, firstImage, text);
  }

  private int[] shape() {
    return new int[] {images, channels, height, width};
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

  /** The number of the first image within its generation, by which files are named. */
  public long firstImage() {
    return firstImage;
  }

  /** What goes into the text chunks of PNG files. */
  public Map<String, String> text() {
    return text.get();
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
        firstImage + from,
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
    PngWriter.write(file, toGrid(), text());
  }

  /** Writes a grid of another layout as PNG with the parameters in it. */
  public void writeGrid(Path file, ImageGrid layout) throws IOException {
    PngWriter.write(file, layout.render(this), text());
  }

  /**
   * Writes every image, pixel by pixel, as {@code prefix00000.png}, …, named by its number: see
   * {@link #firstImage}. A missing folder is made.
   *
   * @return the files
   */
  public List<Path> writePngs(Path folder, String prefix) throws IOException {
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw new IOException("cannot make the folder " + folder + ": " + WholeFile.reason(e), e);
    }
    Map<String, String> common = text();
    List<Path> files = new ArrayList<>();
    for (int image = 0; image < images; image++) {
      long number = firstImage + image;
      Path file = folder.resolve("%s%05d.png".formatted(prefix, number));
      Map<String, String> parameters = new LinkedHashMap<>(common);
      parameters.put("Image", Long.toString(number));
      PngWriter.write(file, toBufferedImage(image), parameters);
      files.add(file);
    }
    return files;
  }
}
