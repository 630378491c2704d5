package io.ddpm4j.runtime.model;

import java.io.IOException;

/**
 * A model file that cannot be used. The message is one sentence: the file, the field, what was
 * expected and what was found.
 */
public final class ModelFormatException extends IOException {
  private static final long serialVersionUID = 1L;

  /** With the sentence to show. */
  public ModelFormatException(String message) {
    super(message);
  }

  /** With the sentence to show and what lies behind it. */
  public ModelFormatException(String message, Throwable cause) {
    super(message, cause);
  }
}
