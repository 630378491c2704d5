package io.ddpm4j.trainer.loop;

import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.trainer.checkpoint.Checkpoint;
import io.ddpm4j.trainer.checkpoint.Recovery;
import java.util.Map;

/**
 * Where a run begins, or goes on.
 *
 * @param checkpoint the one that it goes on from; null for a new run
 * @param weights the first ones of a new run, by parameter; null for random ones
 * @param recovery how the run stands with breakdowns
 */
record RunStart(Checkpoint checkpoint, Map<String, TensorData> weights, Recovery recovery) {

  /**
   * A new run.
   *
   * @param weights null for random ones
   */
  static RunStart anew(TrainConfig config, Map<String, TensorData> weights) {
    return new RunStart(null, weights, Recovery.none(config.optimizer().learningRate()));
  }

  /**
   * A run that goes on. A learning rate that was chosen since is not lowered.
   *
   * @param rateIsChosen whether it was chosen now, even if it is what it was
   */
  static RunStart from(Checkpoint checkpoint, TrainConfig config, boolean rateIsChosen) {
    double rate = config.optimizer().learningRate();
    Recovery kept = checkpoint.recovery();
    boolean anew = rateIsChosen || kept.learningRate() != rate;
    return new RunStart(checkpoint, null, anew ? kept.withLearningRate(rate) : kept);
  }

  boolean isNew() {
    return checkpoint == null;
  }

  /** How far the run has come at its start. */
  Progress progress() {
    return Progress.from(checkpoint, recovery);
  }
}
