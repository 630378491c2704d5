package io.ddpm4j.exporter.convert;

/** Height and width of images in pixels. */
public record ImageSize(int height, int width) {
  /** Refuses sizes below 1. */
  public ImageSize {
    if (height < 1 || width < 1) {
      throw new IllegalArgumentException(
          "image size: expected at least 1x1 pixels, found " + height + "x" + width);
    }
  }
}
