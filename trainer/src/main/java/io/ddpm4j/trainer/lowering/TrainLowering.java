package io.ddpm4j.trainer.lowering;

import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.OpSet;

/** Turns a train graph into the operators that its device runs best. */
public final class TrainLowering {
  /**
   * The narrowest block that {@link #worthwhile} accepts. Blocks of 8 channels (AVX2) make a whole
   * train step slower than standard operators: convolutions take nine tenths of the time, but the
   * weight gradients' products, 8 columns wide, take half as much again.
   */
  private static final int NARROWEST = 16;

  private TrainLowering() {}

  /** Standard operators: every device runs them. */
  public static Graph standard(Graph graph) {
    return StandardLowerings.lowering().apply(graph, OpSet.onnx(OpSet.DEFAULT_VERSION));
  }

  /**
   * ONNX Runtime's blocked layout.
   *
   * @param block channels in a block, as {@link #blockOf} found it; 0 falls back to {@link
   *     #standard}
   */
  public static Graph blocked(Graph graph, int block) {
    return block == 0 ? standard(graph) : BlockedLowerings.apply(graph, block);
  }

  /** The block size if the blocked layout pays on this processor, otherwise 0. */
  public static int worthwhile(int block) {
    return block >= NARROWEST ? block : 0;
  }

  /** A graph that shows the block size of the processor: run it on {@link #probeInput}. */
  public static Graph probe() {
    return Nchwc.probe();
  }

  /** The input {@code x} of {@link #probe}, float (1, 64, 1, 3). */
  public static float[] probeInput() {
    return Nchwc.probeInput();
  }

  /** The block size that the output {@code y} of {@link #probe} shows; 0 if it shows none. */
  public static int blockOf(float[] probeOutput) {
    return Nchwc.blockOf(probeOutput);
  }
}
