package io.ddpm4j.exporter.convert;

import io.ddpm4j.exporter.OneLine;
import java.io.IOException;
import java.io.Serial;

/**
 * A checkpoint that cannot be converted: of another network, or incomplete. The message is one
 * sentence: which file or tensor, what was expected, what was found.
 */
public final class ConversionException extends IOException {
  @Serial private static final long serialVersionUID = 1L;

  /** With that sentence. */
  public ConversionException(String message) {
    super(OneLine.of(message)); // names in it come from files
  }
}
