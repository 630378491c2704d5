package io.ddpm4j.trainer.loop;

import java.io.IOException;

/** The loss is no longer a number: training stopped, the last good state is kept. */
public final class DivergedException extends IOException {
  private static final long serialVersionUID = 1L;

  /** With the sentence to show. */
  public DivergedException(String message) {
    super(message);
  }
}
