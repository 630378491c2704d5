package io.ddpm4j.cli;

import io.ddpm4j.runtime.image.ImageBatch;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;

/** Reads pictures. */
final class ImageFiles {
  private ImageFiles() {}

  /**
   * Reads a PNG or JPEG file: one channel where it is grey, else three; transparent pixels on
   * black.
   *
   * @param size pixels of the longer side; negative: at most that many
   * @throws IOException naming the file and what is wrong with it
   */
  static ImageBatch read(Path file, int size) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
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
    boolean grey = image.getColorModel().getNumColorComponents() == 1;
    BufferedImage plain = grey ? grey(image) : rgb(image, image.getWidth(), image.getHeight());
    return ImageBatch.ofImage(scaled(plain, size), grey ? 1 : 3);
  }

  /** Grey samples as the file has them: Java2D would take them for linear light. */
  private static BufferedImage grey(BufferedImage image) {
    BufferedImage grey =
        new BufferedImage(image.getWidth(), image.getHeight(), BufferedImage.TYPE_BYTE_GRAY);
    Raster from = image.getRaster();
    double white = (1 << image.getColorModel().getComponentSize(0)) - 1;
    boolean alpha = image.getColorModel().hasAlpha();
    for (int y = 0; y < image.getHeight(); y++) {
      for (int x = 0; x < image.getWidth(); x++) {
        double level = from.getSample(x, y, 0) / white;
        double opaque = alpha ? from.getSample(x, y, 1) / white : 1;
        grey.getRaster().setSample(x, y, 0, (int) Math.round(255 * level * opaque));
      }
    }
    return grey;
  }

  private static BufferedImage rgb(BufferedImage image, int width, int height) {
    BufferedImage rgb = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    draw(image, rgb);
    return rgb;
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
    BufferedImage result =
        new BufferedImage(
            Math.max(1, (int) Math.round(image.getWidth() * factor)),
            Math.max(1, (int) Math.round(image.getHeight() * factor)),
            image.getType());
    draw(image, result);
    return result;
  }

  private static void draw(BufferedImage from, BufferedImage to) {
    Graphics2D graphics = to.createGraphics();
    graphics.setRenderingHint(
        RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BILINEAR);
    graphics.drawImage(from, 0, 0, to.getWidth(), to.getHeight(), null);
    graphics.dispose();
  }
}
