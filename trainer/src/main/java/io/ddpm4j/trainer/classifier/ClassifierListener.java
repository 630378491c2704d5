package io.ddpm4j.trainer.classifier;

import java.nio.file.Path;

/** Is told how the training of a classifier goes, on the thread that trains. */
public interface ClassifierListener {
  /**
   * It begins.
   *
   * @param data what it trains on, a line
   * @param parameters of the network
   */
  default void onStart(String data, long parameters) {}

  /**
   * A step is done.
   *
   * @param loss its running mean
   * @param secondsLeft an estimate
   */
  default void onStep(
      long step, long steps, double loss, double imagesPerSecond, double secondsLeft) {}

  /**
   * An epoch is done.
   *
   * @param best whether the model of the run is of this epoch now
   */
  default void onEpoch(Epoch epoch, boolean best) {}

  /** A checkpoint is written. */
  default void onCheckpoint(Path checkpoint, long step) {}

  /** Something could be gone around; a sentence. */
  default void onWarning(String sentence) {}
}
