package io.ddpm4j.runtime.model;

import java.io.IOException;

/** A device that was asked for and is not there. The message says what was found instead. */
public final class DeviceException extends IOException {
  private static final long serialVersionUID = 1L;

  /** With the sentence to show and what lies behind it, which may be null. */
  public DeviceException(String message, Throwable cause) {
    super(message, cause);
  }
}
