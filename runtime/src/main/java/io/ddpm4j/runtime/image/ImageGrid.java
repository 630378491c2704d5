package io.ddpm4j.runtime.image;

import java.awt.image.BufferedImage;
import java.awt.image.WritableRaster;
import java.util.Arrays;

/**
 * A layout of images in rows.
 *
 * @param columns images per row
 * @param padding white pixels between and around the images
 * @param scale every image pixel becomes a square of this many pixels
 */
public record ImageGrid(int columns, int padding, int scale) {
  private static final int PADDING = 2;
  private static final int COMFORTABLE = 96; // pixels: smaller images are enlarged up to this
  private static final int WHITE = 255;

  /** Refuses an empty layout. */
  public ImageGrid {
    if (columns < 1 || padding < 0 || scale < 1) {
      throw new IllegalArgumentException(
          "grid: expected columns and scale of at least 1 and padding of at least 0, found "
              + columns
              + ", "
              + scale
              + ", "
              + padding);
    }
  }

  /** A near-square layout for these images. */
  public static ImageGrid fitting(ImageBatch batch) {
    return ofColumns(batch, (int) Math.ceil(Math.sqrt(batch.images())));
  }

  /** A layout with this many columns: a strip has one row. */
  public static ImageGrid ofColumns(ImageBatch batch, int columns) {
    int extent = Math.max(batch.width(), batch.height());
    return new ImageGrid(columns, PADDING, Math.max(1, COMFORTABLE / extent));
  }

  /** Draws the images, row by row. */
  public BufferedImage render(ImageBatch batch) {
    int rows = (batch.images() + columns - 1) / columns;
    int stepX = batch.width() * scale + padding;
    int stepY = batch.height() * scale + padding;
    BufferedImage first = batch.toBufferedImage(0);
    BufferedImage grid =
        new BufferedImage(
            Math.addExact(Math.multiplyExact(stepX, columns), padding),
            Math.addExact(Math.multiplyExact(stepY, rows), padding),
            first.getType());
    WritableRaster raster = grid.getRaster();
    int[] row = new int[grid.getWidth() * raster.getNumBands()];
    Arrays.fill(row, WHITE);
    for (int y = 0; y < grid.getHeight(); y++) {
      raster.setPixels(0, y, grid.getWidth(), 1, row);
    }
    for (int image = 0; image < batch.images(); image++) {
      BufferedImage tile = image == 0 ? first : batch.toBufferedImage(image);
      int x = padding + image % columns * stepX;
      int y = padding + image / columns * stepY;
      paste(tile, raster, x, y);
    }
    return grid;
  }

  private void paste(BufferedImage tile, WritableRaster raster, int left, int top) {
    int[] pixel = new int[raster.getNumBands()];
    for (int y = 0; y < tile.getHeight() * scale; y++) {
      for (int x = 0; x < tile.getWidth() * scale; x++) {
        raster.setPixel(left + x, top + y, tile.getRaster().getPixel(x / scale, y / scale, pixel));
      }
    }
  }
}
