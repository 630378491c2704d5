package io.ddpm4j.trainer.data;

import java.awt.Rectangle;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.awt.image.SampleModel;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import javax.imageio.ImageIO;
import javax.imageio.ImageReadParam;
import javax.imageio.ImageReader;
import javax.imageio.ImageTypeSpecifier;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * Reads PNG and JPEG files of any mode: {@link #picture} whole, for whoever shows or changes a
 * picture, and for training as small squares of bytes: decode, flatten on a background, crop the
 * largest centred square, resize, turn upright. Both take and refuse the same files.
 *
 * <p>Samples are taken as the file has them. {@code BufferedImage.getRGB} would not do: Java takes
 * grey to be linear light and brightens it on the way to sRGB.
 *
 * <p>Of a picture of more than 33 million pixels only every n-th pixel of its centred square is
 * decoded, n the smallest that makes it that small, as long as twice the result's side is left to
 * average over. What is decoded at one time on all threads fits into one {@link DecodeMemory}.
 */
public final class ImageDecoder {
  /** Pictures up to this size are decoded whole: what larger photographs become is not exact. */
  private static final long WHOLE_PIXELS = 1L << 25;

  /** The most pixels to decode where the result's size asks for more. */
  private static final long MAX_DECODED_PIXELS = 1L << 27;

  private static final Set<String> FORMATS = Set.of("png", "jpeg");

  /** Passing over the pixels of larger pictures would take minutes. */
  private static final long MAX_PIXELS = 1L << 30;

  private static final long MAX_FILE_BYTES = 1L << 28;

  private final int size;
  private final int channels;
  private final int background;
  private final DecodeMemory memory;
  private final long wholePixels;

  /**
   * A decoder.
   *
   * @param options size, channels and background of the result
   * @param memory that decoding may take on all threads together
   */
  ImageDecoder(ImageFolderOptions options, DecodeMemory memory) {
    this(options, memory, WHOLE_PIXELS);
  }

  /** With another limit to what is decoded whole. */
  ImageDecoder(ImageFolderOptions options, DecodeMemory memory, long wholePixels) {
    this.size = options.size();
    this.channels = options.channels();
    this.background = options.background();
    this.memory = memory;
    this.wholePixels = wholePixels;
  }

  /**
   * Reads one file.
   *
   * @return (channels, size, size)
   * @throws IOException if it cannot be read; the message is the reason, without the file's name
   */
  byte[] decode(Path file) throws IOException {
    return decode(
        file,
        this::plan,
        (image, orientation) ->
            ExifOrientation.upright(resized(image), channels, size, orientation));
  }

  /**
   * Reads one picture as it is, upright, transparent pixels on white. Of more than 33 million
   * pixels every n-th column and row is taken, n the smallest that leaves no more.
   *
   * @return grey as {@code TYPE_BYTE_GRAY} where the file is grey, else {@code TYPE_INT_RGB}; its
   *     samples are those of the file, in 8 bits
   * @throws IOException if it cannot be read; the message is one sentence that names the file
   */
  public static BufferedImage picture(Path file) throws IOException {
    ImageDecoder decoder = new ImageDecoder(ImageFolderOptions.ofSize(1), DecodeMemory.beside(0));
    try {
      return decoder.decode(file, decoder::wholePlan, decoder::upright);
    } catch (NoSuchFileException e) { // says what there is to say
      throw e;
    } catch (IOException e) {
      throw new IOException(
          file
              + ": expected a PNG or JPEG image, found one that cannot be read: "
              + reason(e).replaceFirst(":\\s*$", ""),
          e);
    }
  }

  /**
   * Why a file could not be read. In javax.imageio the sentence that says what is wrong is often
   * that of the cause.
   */
  static String reason(IOException e) {
    if (e instanceof AccessDeniedException) { // whose message is a bare path
      return "permission denied";
    }
    StringBuilder reason =
        new StringBuilder(Objects.requireNonNullElse(e.getMessage(), e.toString()));
    if (e.getCause() instanceof IOException cause && cause.getMessage() != null) {
      reason.append(": ").append(cause.getMessage());
    }
    return reason.toString();
  }

  /** What a decoded picture becomes. */
  @FunctionalInterface
  private interface Finish<T> {
    T of(BufferedImage image, int orientation) throws IOException;
  }

  private <T> T decode(Path file, Use<Plan> planning, Finish<T> finish) throws IOException {
    long length = Files.size(file);
    if (length == 0) {
      throw new IOException("the file is empty");
    }
    if (length > MAX_FILE_BYTES) {
      throw new IOException(
          "too large: expected at most " + MAX_FILE_BYTES + " bytes, found " + length);
    }
    try {
      Plan plan;
      try (InputStream in = Files.newInputStream(file)) {
        plan = read(in, planning);
      }
      // Twice the file: the reader caches what it has read.
      int taken = memory.take(2 * length + plan.bytes());
      try {
        byte[] bytes = Files.readAllBytes(file);
        BufferedImage image = read(new ByteArrayInputStream(bytes), plan::decode);
        return finish.of(image, ExifOrientation.of(bytes));
      } finally {
        memory.giveBack(taken);
      }
    } catch (OutOfMemoryError e) { // by something that the plan does not know
      throw new IOException("too large to be decoded in this heap; raise -Xmx", e);
    } catch (RuntimeException e) { // javax.imageio answers some damage with whatever comes
      throw new IOException("damaged: " + e, e);
    }
  }

  /** What is to be done with the reader of a file. */
  @FunctionalInterface
  private interface Use<T> {
    T with(ImageReader reader) throws IOException;
  }

  private static <T> T read(InputStream file, Use<T> use) throws IOException {
    try (ImageInputStream in = new MemoryCacheImageInputStream(file)) {
      Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
      if (!readers.hasNext()) {
        throw new IOException("not a PNG or JPEG image");
      }
      ImageReader reader = readers.next();
      if (!FORMATS.contains(reader.getFormatName().toLowerCase(Locale.ROOT))) {
        reader.dispose();
        throw new IOException("not a PNG or JPEG image");
      }
      try {
        reader.setInput(in, true, true);
        return use.with(reader);
      } finally {
        reader.dispose();
      }
    }
  }

  /**
   * What of a picture is decoded.
   *
   * @param region in pixels of the file
   * @param step every how many-th pixel of the region; 1 for the whole picture
   * @param bytes of memory that it takes, about
   */
  private record Plan(Rectangle region, int step, long bytes) {

    BufferedImage decode(ImageReader reader) throws IOException {
      List<String> warnings = new ArrayList<>();
      reader.addIIOReadWarningListener((source, warning) -> warnings.add(warning));
      ImageReadParam param = reader.getDefaultReadParam();
      if (step > 1) {
        param.setSourceRegion(region);
        param.setSourceSubsampling(step, step, step / 2, step / 2);
      }
      BufferedImage image = reader.read(0, param);
      // The JPEG decoder paints what is missing grey and only warns.
      for (String warning : warnings) {
        if (warning.contains("Truncated File") || warning.contains("premature end")) {
          throw new IOException("cut short: " + warning);
        }
      }
      return image;
    }
  }

  /** The whole picture, with what {@link #upright} makes of it. */
  private Plan wholePlan(ImageReader reader) throws IOException {
    int width = reader.getWidth(0);
    int height = reader.getHeight(0);
    long pixels = (long) width * height;
    int wanted = (int) Math.ceil(Math.sqrt(pixels / (double) wholePixels));
    int step = Math.max(1, Math.min(wanted, Math.min(width, height)));
    int columns = width / step;
    int rows = height / step;
    long decoded = (long) columns * rows;
    if (pixels > MAX_PIXELS || decoded > MAX_DECODED_PIXELS) {
      throw new IOException("too large: " + width + "x" + height + " pixels");
    }
    Rectangle region = new Rectangle(0, 0, columns * step, rows * step); // whole steps
    long bytes = (bytesOfPixel(reader) + Integer.BYTES) * decoded + bytesOfPixel(reader) * width;
    return new Plan(region, step, bytes);
  }

  /** The largest centred square. */
  private Plan plan(ImageReader reader) throws IOException {
    int width = reader.getWidth(0);
    int height = reader.getHeight(0);
    long pixels = (long) width * height;
    int side = Math.min(width, height);
    int step = 1;
    if (pixels > wholePixels) {
      int wanted = (int) Math.ceil(side / Math.sqrt(wholePixels));
      step = Math.max(1, Math.min(wanted, side / (2 * size)));
    }
    int left = side / step;
    long decoded = step == 1 ? pixels : (long) left * left;
    if (pixels > MAX_PIXELS || decoded > MAX_DECODED_PIXELS) {
      throw new IOException("too large: " + width + "x" + height + " pixels");
    }
    int square = left * step; // whole steps, so that the result is centred
    long bytes = bytesOfPixel(reader) * (decoded + 4L * width); // and some rows of the file
    Rectangle region = new Rectangle((width - square) / 2, (height - square) / 2, square, square);
    return new Plan(region, step, bytes);
  }

  private static long bytesOfPixel(ImageReader reader) throws IOException {
    ImageTypeSpecifier type = reader.getRawImageType(0);
    if (type == null) {
      return 4;
    }
    SampleModel model = type.getSampleModel();
    return (long) model.getNumBands() * DataBuffer.getDataTypeSize(model.getDataType()) / 8;
  }

  /** The centred square of a picture, flattened and resized: (channels, size, size). */
  private byte[] resized(BufferedImage image) throws IOException {
    int side = Math.min(image.getWidth(), image.getHeight());
    int left = (image.getWidth() - side) / 2;
    int top = (image.getHeight() - side) / 2;
    Resampler resampler = new Resampler(side, size);
    List<Resampler.Plane> planes = new ArrayList<>();
    for (int c = 0; c < channels; c++) {
      planes.add(resampler.plane());
    }
    RowReader rows = rows(image, side);
    int[] rgb = new int[side];
    int[] samples = new int[side];
    for (int y = 0; y < side; y++) {
      rows.read(left, top + y, rgb);
      for (int c = 0; c < channels; c++) {
        for (int x = 0; x < side; x++) {
          samples[x] = channels == 1 ? luma(rgb[x]) : rgb[x] >> (16 - 8 * c) & 0xff;
        }
        planes.get(c).add(samples);
      }
    }
    byte[] result = new byte[channels * size * size];
    for (int c = 0; c < channels; c++) {
      planes.get(c).write(result, c * size * size);
    }
    return result;
  }

  /** Reads part of a row as 0xRRGGBB, blended onto the background. */
  @FunctionalInterface
  private interface RowReader {
    void read(int left, int y, int[] rgb);
  }

  /** A picture turned upright and flattened, in its own size. */
  private BufferedImage upright(BufferedImage image, int orientation) throws IOException {
    int width = image.getWidth();
    int height = image.getHeight();
    boolean grey = image.getColorModel().getNumColorComponents() == 1;
    boolean turned = ExifOrientation.isTurned(orientation);
    BufferedImage result =
        new BufferedImage(
            turned ? height : width,
            turned ? width : height,
            grey ? BufferedImage.TYPE_BYTE_GRAY : BufferedImage.TYPE_INT_RGB);
    DataBuffer pixels = result.getRaster().getDataBuffer();
    RowReader rows = rows(image, width);
    int[] rgb = new int[width];
    for (int y = 0; y < height; y++) {
      rows.read(0, y, rgb);
      for (int x = 0; x < width; x++) {
        int to = ExifOrientation.upright(orientation, x, y, width, height);
        pixels.setElem(to, grey ? rgb[x] & 0xff : rgb[x]);
      }
    }
    return result;
  }

  /** Reads rows of that length. */
  private RowReader rows(BufferedImage image, int length) throws IOException {
    Raster raster = image.getRaster();
    ColorModel model = image.getColorModel();
    if (model instanceof IndexColorModel palette) {
      return (left, y, rgb) -> {
        raster.getSamples(left, y, rgb.length, 1, 0, rgb);
        for (int x = 0; x < rgb.length; x++) {
          int argb = palette.getRGB(rgb[x]);
          rgb[x] = flatten(argb >> 16 & 0xff, argb >> 8 & 0xff, argb & 0xff, argb >>> 24);
        }
      };
    }
    int bands = raster.getNumBands();
    int colours = model.getNumColorComponents();
    if ((colours != 1 && colours != 3) || model.isAlphaPremultiplied()) {
      throw new IOException(
          "expected grey, RGB or a palette, found "
              + (colours == 4 ? "CMYK" : colours + " colour components"));
    }
    if (bands != (model.hasAlpha() ? colours + 1 : colours)) {
      throw new IOException("expected " + colours + " colours, found " + bands + " bands");
    }
    int[] row = new int[length * bands];
    return (left, y, rgb) -> {
      raster.getPixels(left, y, rgb.length, 1, row);
      for (int x = 0; x < rgb.length; x++) {
        int at = x * bands;
        for (int b = 0; b < bands; b++) {
          row[at + b] = toByte(row[at + b], model.getComponentSize(b));
        }
        int red = row[at];
        int green = colours == 1 ? red : row[at + 1];
        int blue = colours == 1 ? red : row[at + 2];
        rgb[x] = flatten(red, green, blue, bands > colours ? row[at + colours] : 255);
      }
    };
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
