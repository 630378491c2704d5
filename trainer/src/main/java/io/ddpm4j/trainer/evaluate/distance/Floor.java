package io.ddpm4j.trainer.evaluate.distance;

import io.ddpm4j.trainer.data.SplitMix64;
import io.ddpm4j.trainer.evaluate.features.Draws;
import io.ddpm4j.trainer.evaluate.features.Features;
import java.util.Arrays;

/**
 * Real images in the place of samples: what a perfect generator would reach. Finite sets of the
 * same images are apart too, the Fréchet distance the more the fewer they are; so a figure says
 * little without its floor, taken with the same numbers of images.
 *
 * @param reference in the place of the real images
 * @param standIn in the place of the samples; has no image in common with {@code reference}
 */
public record Floor(Features reference, Features standIn) {

  /**
   * Images that were held out, such as a test set, against the reference: the floor of samples that
   * are measured against the same reference. A perfect generator would reach it, one that copies
   * its training images would fall below.
   *
   * @param reference the real images, all of them
   * @param heldOut other real images
   * @param samples of which the floor is wanted: as many are drawn, or all there are
   * @param seed decides which
   */
  public static Floor heldOut(Features reference, Features heldOut, int samples, long seed) {
    heldOut.requireDimensions(reference.dimensions());
    requirePositive(samples);
    return new Floor(reference, heldOut.draw(samples, seed));
  }

  /**
   * Two halves of one set that have no image in common.
   *
   * @param real at least 4 images
   * @param samples of which the floor is wanted: each half has as many, or half of all there are
   * @param seed decides which
   */
  public static Floor halves(Features real, int samples, long seed) {
    requirePositive(samples);
    int size = Math.min(samples, real.count() / 2);
    if (size < 2) {
      throw new IllegalArgumentException(
          "floor: expected at least 4 real images and 2 samples, found %d and %d"
              .formatted(real.count(), samples));
    }
    int[] drawn = Draws.choose(real.count(), 2 * size, SplitMix64.derive(seed, 0));
    return new Floor(
        half(real, Arrays.copyOf(drawn, size)),
        half(real, Arrays.copyOfRange(drawn, size, 2 * size)));
  }

  private static Features half(Features real, int[] rows) {
    Arrays.sort(rows);
    return real.pick(rows);
  }

  private static void requirePositive(int samples) {
    if (samples < 1) {
      throw new IllegalArgumentException("samples: expected at least 1, found " + samples);
    }
  }
}
