package io.ddpm4j.trainer.objective;

import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Value;

/** Means over the pixels of each image. */
final class Means {
  private Means() {}

  /**
   * (N, C, H, W) to (N). Row by row first: ONNX Runtime may add all numbers of an image into one,
   * which loses half its digits at 256x256.
   */
  static Value ofImages(Ops o, Value x) {
    return o.reduceMean(o.reduceMean(x, false, 3), false, 1, 2);
  }
}
