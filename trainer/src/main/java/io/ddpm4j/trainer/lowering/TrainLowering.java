package io.ddpm4j.trainer.lowering;

import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.OpSet;

/** Turns a train graph into the operators that its device runs best. */
@FunctionalInterface
public interface TrainLowering {
  /** A new graph with the same inputs and outputs, without composite functions. */
  Graph apply(Graph graph);

  /** For the CPU execution provider. */
  static TrainLowering cpu() {
    return graph -> StandardLowerings.lowering().apply(graph, OpSet.onnx(OpSet.DEFAULT_VERSION));
  }
}
