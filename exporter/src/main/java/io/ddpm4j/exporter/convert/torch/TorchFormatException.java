package io.ddpm4j.exporter.convert.torch;

import io.ddpm4j.exporter.OneLine;
import java.io.IOException;
import java.io.Serial;

/**
 * A PyTorch file that is damaged, hostile, or holds more than data. The message is one sentence:
 * the file, what was expected, what was found.
 */
public final class TorchFormatException extends IOException {
  @Serial private static final long serialVersionUID = 1L;

  TorchFormatException(String message) {
    super(OneLine.of(message)); // names in it come from files
  }
}
