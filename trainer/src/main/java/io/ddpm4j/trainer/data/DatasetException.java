package io.ddpm4j.trainer.data;

import java.io.IOException;

/**
 * Training images that cannot be had or read. The message is one sentence for the user: it names
 * the file, what was expected and what was found.
 */
public class DatasetException extends IOException {
  private static final long serialVersionUID = 1L;

  /** An error that needs no cause. */
  public DatasetException(String message) {
    super(message);
  }

  /** An error with what lies behind it. */
  public DatasetException(String message, Throwable cause) {
    super(message, cause);
  }
}
