package io.ddpm4j.trainer.loop;

import java.io.IOException;

/** Training has broken down and does not recover: it stopped, and older checkpoints are kept. */
public final class DivergedException extends IOException {
  private static final long serialVersionUID = 2L;

  private final boolean resumable;

  /**
   * With a sentence.
   *
   * @param resumable whether there is a checkpoint to go on from
   */
  public DivergedException(String message, boolean resumable) {
    super(message);
    this.resumable = resumable;
  }

  /** Whether there is a checkpoint to go on from, with a lower learning rate. */
  public boolean isResumable() {
    return resumable;
  }
}
