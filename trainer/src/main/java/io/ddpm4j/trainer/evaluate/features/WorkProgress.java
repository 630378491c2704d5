package io.ddpm4j.trainer.evaluate.features;

/** Is told how far a measurement is. Called by any thread, one call at a time. */
@FunctionalInterface
public interface WorkProgress {
  /** Listens to nothing. */
  WorkProgress NONE = (stage, done, total) -> {};

  /**
   * A part is done.
   *
   * @param stage what is being computed, a few words such as {@code kernel distance}
   * @param done parts of the stage that are done, from 1 to {@code total}
   * @param total parts of the stage
   */
  void advanced(String stage, long done, long total);
}
