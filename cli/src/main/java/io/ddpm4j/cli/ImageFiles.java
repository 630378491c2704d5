package io.ddpm4j.cli;

import io.ddpm4j.runtime.image.ImageBatch;
import io.ddpm4j.runtime.model.ModelMetadata.ImageShape;
import io.ddpm4j.trainer.data.ImageDecoder;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;

/** Reads pictures. */
final class ImageFiles {
  private ImageFiles() {}

  /**
   * Reads a PNG or JPEG file as training does: upright, transparent pixels on white. One channel
   * where it is grey, else three.
   *
   * @param size pixels of the longer side; negative: at most that many
   * @throws IOException naming the file and what is wrong with it
   */
  static ImageBatch read(Path file, int size) throws IOException {
    BufferedImage image = ImageDecoder.picture(file);
    return ImageBatch.ofImage(scaled(image, size), image.getRaster().getNumBands());
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
    BufferedImage image = ImageDecoder.picture(file);
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
