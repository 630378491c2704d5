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
    int longer = Math.max(image.getWidth(), image.getHeight());
    double factor = (size > 0 ? size : Math.min(longer, -size)) / (double) longer;
    int width = Math.max(1, (int) Math.round(image.getWidth() * factor));
    int height = Math.max(1, (int) Math.round(image.getHeight() * factor));
    int channels = image.getRaster().getNumBands();
    Outputs.requireSize("--size", width, height, channels);
    return ImageBatch.ofImage(scaled(image, width, height), channels);
  }

  /**
   * Reads a picture as a model needs it: cropped to its middle, in the model's proportions, scaled
   * to its size, in its channels.
   */
  static ImageBatch fitted(Path file, ImageShape shape) throws IOException {
    if (shape.channels() != 1 && shape.channels() != 3) {
      throw new UsageException(
          file
              + ": expected a model of images with 1 or 3 channels, found "
              + shape.channels()
              + " channels");
    }
    Outputs.requireSize("--image-size", shape.width(), shape.height(), shape.channels());
    BufferedImage middle = middle(ImageDecoder.picture(file), shape);
    return ImageBatch.ofImage(scaled(middle, shape.width(), shape.height()), shape.channels());
  }

  /** The largest part in the middle that has the proportions of the shape. */
  private static BufferedImage middle(BufferedImage image, ImageShape shape) {
    double pixel = // of the shape, in pixels of the picture
        Math.min(
            (double) image.getWidth() / shape.width(), (double) image.getHeight() / shape.height());
    int width = side(pixel * shape.width(), image.getWidth());
    int height = side(pixel * shape.height(), image.getHeight());
    return image.getSubimage(
        (image.getWidth() - width) / 2, (image.getHeight() - height) / 2, width, height);
  }

  private static int side(double exact, int most) {
    return Math.max(1, Math.min(most, (int) Math.round(exact)));
  }

  private static BufferedImage scaled(BufferedImage image, int width, int height) {
    BufferedImage result = image;
    // Halved as often as it goes: bilinear interpolation looks at no more than four pixels.
    while (result.getWidth() > 2 * width || result.getHeight() > 2 * height) {
      result =
          resized(
              result,
              Math.max(width, (result.getWidth() + 1) / 2),
              Math.max(height, (result.getHeight() + 1) / 2));
    }
    return result.getWidth() == width && result.getHeight() == height
        ? result
        : resized(result, width, height);
  }

  private static BufferedImage resized(BufferedImage image, int width, int height) {
    BufferedImage result = new BufferedImage(width, height, image.getType());
    Graphics2D graphics = result.createGraphics();
    graphics.setRenderingHint(
        RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BILINEAR);
    graphics.drawImage(image, 0, 0, width, height, null);
    graphics.dispose();
    return result;
  }
}
