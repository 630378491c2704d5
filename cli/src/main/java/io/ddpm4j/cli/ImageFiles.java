package io.ddpm4j.cli;

import io.ddpm4j.runtime.image.ImageBatch;
import io.ddpm4j.runtime.model.ModelMetadata.ImageShape;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;

/** Reads pictures. */
final class ImageFiles {
  private ImageFiles() {}

  /**
   * Reads a PNG or JPEG file: one channel where it is grey, else three; transparent pixels on
   * white, as in training.
   *
   * @param size pixels of the longer side; negative: at most that many
   * @throws IOException naming the file and what is wrong with it
   */
  static ImageBatch read(Path file, int size) throws IOException {
    byte[] bytes = bytes(file);
    BufferedImage image;
    try {
      image = ImageIO.read(new ByteArrayInputStream(bytes));
    } catch (IOException | RuntimeException e) { // ImageIO answers damage with whatever comes
      throw new IOException(
          file + ": expected a PNG or JPEG image, found a damaged one (" + e.getMessage() + ")", e);
    }
    if (image == null) {
      throw new IOException(
          file
              + ": expected a PNG or JPEG image, found "
              + (bytes.length == 0 ? "an empty file" : "something else"));
    }
    int channels = image.getColorModel().getNumColorComponents() == 1 ? 1 : 3;
    // Through a batch, which knows every kind of picture, to one of the two kinds that Java2D
    // enlarges without changing its levels.
    BufferedImage plain = ImageBatch.ofImage(image, channels).toBufferedImage(0);
    return ImageBatch.ofImage(scaled(plain, size), channels);
  }

  /**
   * Reads a picture as a model needs it: scaled until it covers the size, cropped to its middle, in
   * the model's channels.
   */
  static ImageBatch fitted(Path file, ImageShape shape) throws IOException {
    if (shape.channels() != 1 && shape.channels() != 3) {
      throw new UsageException(
          file
              + ": expected a model of images with 1 or 3 channels, found "
              + shape.channels()
              + " channels");
    }
    BufferedImage image = read(file, -Integer.MAX_VALUE).toBufferedImage(0);
    double cover =
        Math.max(
            (double) shape.width() / image.getWidth(), (double) shape.height() / image.getHeight());
    int longer = Math.max(image.getWidth(), image.getHeight());
    BufferedImage covering = scaled(image, Math.max(1, (int) Math.round(cover * longer)));
    // Rounding may leave a side one pixel short of the size.
    int width = Math.min(shape.width(), covering.getWidth());
    int height = Math.min(shape.height(), covering.getHeight());
    BufferedImage middle =
        covering.getSubimage(
            (covering.getWidth() - width) / 2, (covering.getHeight() - height) / 2, width, height);
    BufferedImage exact =
        width == shape.width() && height == shape.height()
            ? middle
            : resized(middle, shape.width(), shape.height());
    return ImageBatch.ofImage(exact, shape.channels());
  }

  private static byte[] bytes(Path file) throws IOException {
    try {
      return Files.readAllBytes(file);
    } catch (FileSystemException e) { // says the file
      throw e;
    } catch (IOException e) { // says the reason alone: a folder, a bad disk
      throw new IOException(
          file + ": expected a PNG or JPEG image, found what cannot be read: " + e.getMessage(), e);
    }
  }

  private static BufferedImage scaled(BufferedImage image, int size) {
    int longer = Math.max(image.getWidth(), image.getHeight());
    int target = size > 0 ? size : Math.min(longer, -size);
    BufferedImage result = image;
    // Halved as often as it goes: bilinear interpolation looks at no more than four pixels.
    while (longer > 2 * target) {
      longer = (longer + 1) / 2;
      result = resized(result, longer);
    }
    return longer == target ? result : resized(result, target);
  }

  private static BufferedImage resized(BufferedImage image, int longer) {
    double factor = longer / (double) Math.max(image.getWidth(), image.getHeight());
    int width = Math.max(1, (int) Math.round(image.getWidth() * factor));
    int height = Math.max(1, (int) Math.round(image.getHeight() * factor));
    Outputs.requireSize("--size", width, height, image.getRaster().getNumBands());
    return resized(image, width, height);
  }

  private static BufferedImage resized(BufferedImage image, int width, int height) {
    BufferedImage result = new BufferedImage(width, height, image.getType());
    Graphics2D graphics = result.createGraphics();
    graphics.setRenderingHint(
        RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BILINEAR);
    graphics.drawImage(image, 0, 0, result.getWidth(), result.getHeight(), null);
    graphics.dispose();
    return result;
  }
}
