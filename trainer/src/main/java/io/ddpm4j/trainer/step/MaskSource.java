package io.ddpm4j.trainer.step;

import java.nio.ByteBuffer;

/**
 * The masks of one step's dropout. They are asked for by the threads that run the step, each for
 * its own images, so that there are never more of them in memory than are needed.
 */
@FunctionalInterface
public interface MaskSource {
  /**
   * Draws what one image keeps at one place. Thread-safe, and a function of the two numbers alone.
   *
   * @param place number of the place, in the order of {@link GradientGraph#masks}
   * @param image number of the image in the step
   * @param mask (C, H, W), all of whose bytes become 1 where the element is kept and 0 where not
   */
  void draw(int place, int image, ByteBuffer mask);
}
