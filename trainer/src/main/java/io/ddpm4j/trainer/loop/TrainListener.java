package io.ddpm4j.trainer.loop;

import io.ddpm4j.trainer.evaluate.QuarterLosses;
import java.nio.file.Path;

/**
 * Watches a run. Called on the training thread, so what it does makes training wait. What it throws
 * ends the run, after a checkpoint.
 */
public interface TrainListener {
  /** Before the first step. */
  default void onStart(RunSummary summary) {}

  /** After each step. */
  default void onStep(TrainStep step) {}

  /** The averaged weights were measured on held-out images. */
  default void onValidation(QuarterLosses losses, long step) {}

  /** A sample grid was written. */
  default void onSamples(Path file, long step) {}

  /** A checkpoint was written. */
  default void onCheckpoint(Path folder, long step) {}

  /**
   * Training broke down, and goes on from an earlier step. Unless it is overridden, this is a
   * warning.
   */
  default void onRollback(Rollback rollback) {
    onWarning(rollback.sentence());
  }

  /** Something failed that training can do without, a picture for instance: one sentence. */
  default void onWarning(String sentence) {}
}
