package io.ddpm4j.exporter.graph;

/**
 * A graph was built wrongly: the message names operator and scope, what was expected and what was
 * found.
 */
public final class ShapeException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  /** With the sentence that says what does not fit. */
  public ShapeException(String message) {
    super(message);
  }
}
