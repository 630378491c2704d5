package io.ddpm4j.trainer.data;

/**
 * A move of an image by whole pixels; the pixels at its edge are repeated where nothing is moved
 * in.
 *
 * @param down negative: up
 * @param right negative: left
 */
record Shift(int down, int right) {
  /**
   * Moves an image.
   *
   * @param from (C, H, W)
   * @param to as long, another array
   */
  void apply(byte[] from, byte[] to, int height, int width) {
    for (int plane = 0; plane < from.length; plane += height * width) {
      for (int y = 0; y < height; y++) {
        int row = plane + Math.max(0, Math.min(height - 1, y - down)) * width;
        int target = plane + y * width;
        for (int x = 0; x < width; x++) {
          to[target + x] = from[row + Math.max(0, Math.min(width - 1, x - right))];
        }
      }
    }
  }
}
