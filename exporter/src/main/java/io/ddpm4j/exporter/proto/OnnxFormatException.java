package io.ddpm4j.exporter.proto;

import io.ddpm4j.exporter.OneLine;
import java.io.IOException;

/**
 * A file is no ONNX model that can be used: the message is one sentence that names the file, what
 * was expected and what was found.
 */
public final class OnnxFormatException extends IOException {
  private static final long serialVersionUID = 1L;

  /** With the sentence that names the file and what is wrong. */
  public OnnxFormatException(String message) {
    super(OneLine.of(message)); // names in a file may hold anything
  }

  /** The same with what it was found by. */
  public OnnxFormatException(String message, Throwable cause) {
    super(OneLine.of(message), cause);
  }
}
