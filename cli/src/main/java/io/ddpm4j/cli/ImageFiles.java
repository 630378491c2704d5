package io.ddpm4j.cli;

import io.ddpm4j.runtime.image.ImageBatch;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.Raster;
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
    BufferedImage plain = ImageBatch.ofImage(onWhite(image), channels).toBufferedImage(0);
    return ImageBatch.ofImage(scaled(plain, size), channels);
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

  private static BufferedImage onWhite(BufferedImage image) {
    ColorModel model = image.getColorModel();
    if (!model.hasAlpha()) {
      return image;
    }
    if (model.getNumColorComponents() == 1) {
      return greyOnWhite(image);
    }
    BufferedImage opaque =
        new BufferedImage(image.getWidth(), image.getHeight(), BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = opaque.createGraphics();
    graphics.drawImage(image, 0, 0, Color.WHITE, null);
    graphics.dispose();
    return opaque;
  }

  /** Grey samples as the file has them: Java2D would take them for linear light. */
  private static BufferedImage greyOnWhite(BufferedImage image) {
    BufferedImage grey =
        new BufferedImage(image.getWidth(), image.getHeight(), BufferedImage.TYPE_BYTE_GRAY);
    Raster from = image.getRaster();
    double white = (1 << image.getColorModel().getComponentSize(0)) - 1;
    for (int y = 0; y < image.getHeight(); y++) {
      for (int x = 0; x < image.getWidth(); x++) {
        double level = from.getSample(x, y, 0) / white;
        double opaque = from.getSample(x, y, 1) / white;
        grey.getRaster().setSample(x, y, 0, (int) Math.round(255 * (level * opaque + 1 - opaque)));
      }
    }
    return grey;
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
    BufferedImage result = new BufferedImage(width, height, image.getType());
    Graphics2D graphics = result.createGraphics();
    graphics.setRenderingHint(
        RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BILINEAR);
    graphics.drawImage(image, 0, 0, result.getWidth(), result.getHeight(), null);
    graphics.dispose();
    return result;
  }
}
