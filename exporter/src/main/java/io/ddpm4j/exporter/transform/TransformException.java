package io.ddpm4j.exporter.transform;

import java.io.Serial;

/**
 * A graph that cannot take the wanted form. The message is one sentence: which operator, weight or
 * input, what was expected, what was found.
 */
public final class TransformException extends IllegalArgumentException {
  @Serial private static final long serialVersionUID = 1L;

  /** With that sentence. */
  public TransformException(String message) {
    super(message);
  }

  TransformException(String message, Throwable cause) {
    super(message, cause);
  }
}
