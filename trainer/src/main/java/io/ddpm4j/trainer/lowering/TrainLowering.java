package io.ddpm4j.trainer.lowering;

import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.OpSet;

/** Turns a train graph into the operators that its device runs best. */
public final class TrainLowering {
  private TrainLowering() {}

  /** Convolutions and the network's (N, C, H, W) layout: every device runs them. */
  public static Graph standard(Graph graph) {
    return StandardLowerings.lowering().apply(graph, OpSet.onnx(OpSet.DEFAULT_VERSION));
  }

  /**
   * Convolutions as matrix products, with pixels in (H, W, N, C): fastest on processors. Where a
   * convolution is Winograd's, its rounding errors are about four times a direct one's.
   */
  public static Graph pixelMajor(Graph graph) {
    return PixelMajorLowerings.apply(graph);
  }
}
