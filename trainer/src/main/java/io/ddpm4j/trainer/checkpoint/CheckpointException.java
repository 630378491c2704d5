package io.ddpm4j.trainer.checkpoint;

import java.io.IOException;

/** A checkpoint cannot be used: the message is one sentence that names the file and the reason. */
public final class CheckpointException extends IOException {
  private static final long serialVersionUID = 1L;

  /** With the sentence to show. */
  public CheckpointException(String message) {
    super(message);
  }

  /** With the sentence to show and what lies behind it. */
  public CheckpointException(String message, Throwable cause) {
    super(message, cause);
  }
}
