package io.ddpm4j.runtime.likelihood;

import io.ddpm4j.runtime.sampling.Cancellation;

/**
 * The images of one batch, and who may stop and watch it.
 *
 * @param x0 (images, C, H, W) in the model's values; longer arrays may be given
 * @param images how many, from 1 to the network's batch
 * @param firstImage the number of the first among all images: noise belongs to the number
 */
public record ImageRun(
    float[] x0,
    int images,
    long firstImage,
    Cancellation cancellation,
    EvaluationListener listener) {

  /** Without a listener and never cancelled. */
  public static ImageRun of(float[] x0, int images, long firstImage) {
    return new ImageRun(x0, images, firstImage, new Cancellation(), EvaluationListener.none());
  }

  /** Refuses what the network has no room for. */
  void requireFits(BatchNetwork network) {
    if (images < 1 || images > network.batch()) {
      throw new IllegalArgumentException(
          "images: expected from 1 to %d, found %d".formatted(network.batch(), images));
    }
    if (x0.length < Math.multiplyExact(images, network.elements())) {
      throw new IllegalArgumentException(
          "x0: expected %d numbers for each of %d images, found %d in all"
              .formatted(network.elements(), images, x0.length));
    }
  }
}
