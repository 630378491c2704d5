package io.ddpm4j.trainer.loop;

import java.nio.file.Path;

/** Watches a run. Called on the training thread, so what it does makes training wait. */
public interface TrainListener {
  /** Before the first step. */
  default void onStart(RunSummary summary) {}

  /** After each step. */
  default void onStep(TrainStep step) {}

  /** A sample grid was written. */
  default void onSamples(Path file, long step) {}

  /** A checkpoint was written. */
  default void onCheckpoint(Path folder, long step) {}
}
