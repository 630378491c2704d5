package io.ddpm4j.trainer.evaluate.neighbours;

import io.ddpm4j.runtime.image.ImageBatch;
import io.ddpm4j.runtime.image.ImageGrid;
import io.ddpm4j.runtime.image.PixelFont;
import io.ddpm4j.trainer.data.ImageDataset;
import java.awt.image.BufferedImage;
import java.util.Arrays;
import java.util.Locale;

/** Draws samples and their neighbours, row by row, with distances. */
final class NeighbourPicture {
  private static final int WHITE = 0xFFFFFF;
  private static final int INK = 0x404040;
  private static final int GAP = 10; // between a sample and its neighbours
  private static final int TEXT_SCALE = 1;
  private static final int TEXT_GAP = 3;

  private final TrainingNeighbours neighbours;
  private final ImageBatch samples;
  private final ImageDataset training;

  private NeighbourPicture(
      TrainingNeighbours neighbours, ImageBatch samples, ImageDataset training) {
    this.neighbours = neighbours;
    this.samples = samples;
    this.training = training;
  }

  static NeighbourPicture of(
      TrainingNeighbours neighbours, ImageBatch samples, ImageDataset training) {
    return new NeighbourPicture(neighbours, samples, training);
  }

  BufferedImage render() {
    ImageGrid layout = ImageGrid.ofColumns(samples, neighbours.count());
    int tile = samples.width() * layout.scale() + 2 * layout.padding();
    int rowHeight = samples.height() * layout.scale() + 2 * layout.padding();
    int step = rowHeight + PixelFont.HEIGHT * TEXT_SCALE + TEXT_GAP;
    int left = tile + GAP;
    int stride = samples.width() * layout.scale() + layout.padding();
    BufferedImage picture =
        new BufferedImage(
            left + stride * neighbours.count() + layout.padding(),
            Math.multiplyExact(step, samples.images()) + layout.padding(),
            BufferedImage.TYPE_INT_RGB);
    fill(picture);
    for (int sample = 0; sample < samples.images(); sample++) {
      int top = sample * step;
      paste(layout.render(samples.slice(sample, 1)), picture, 0, top, tile);
      paste(layout.render(rowOf(sample)), picture, left, top, picture.getWidth() - left);
      for (int rank = 0; rank < neighbours.count(); rank++) {
        PixelFont.draw(
            picture,
            text(neighbours.distance(sample, rank)),
            left + layout.padding() + rank * stride,
            top + rowHeight,
            TEXT_SCALE,
            INK);
      }
    }
    return picture;
  }

  /** The neighbours of a sample, as images. */
  private ImageBatch rowOf(int sample) {
    int size = training.imageBytes();
    byte[] levels = new byte[neighbours.count() * size];
    for (int rank = 0; rank < neighbours.count(); rank++) {
      training.read(neighbours.image(sample, rank), levels, rank * size);
    }
    return ImageBatch.ofBytes(
        levels, neighbours.count(), training.channels(), training.height(), training.width());
  }

  /** Three figures or more. */
  private static String text(double distance) {
    String format = distance >= 100 ? "%.0f" : distance >= 10 ? "%.1f" : "%.2f";
    return String.format(Locale.ROOT, format, distance);
  }

  private static void fill(BufferedImage picture) {
    int[] row = new int[picture.getWidth()];
    Arrays.fill(row, WHITE);
    for (int y = 0; y < picture.getHeight(); y++) {
      picture.setRGB(0, y, row.length, 1, row, 0, row.length);
    }
  }

  /** Grey levels stay what they are: a grey picture's own colours would be taken as linear. */
  private static void paste(BufferedImage from, BufferedImage to, int left, int top, int width) {
    int bands = from.getRaster().getNumBands();
    int[] pixel = new int[bands];
    for (int y = 0; y < from.getHeight(); y++) {
      for (int x = 0; x < Math.min(width, from.getWidth()); x++) {
        from.getRaster().getPixel(x, y, pixel);
        int green = pixel[bands >= 3 ? 1 : 0];
        int blue = pixel[bands >= 3 ? 2 : 0];
        to.setRGB(left + x, top + y, pixel[0] << 16 | green << 8 | blue);
      }
    }
  }
}
