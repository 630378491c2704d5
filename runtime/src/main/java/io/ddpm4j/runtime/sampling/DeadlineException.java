package io.ddpm4j.runtime.sampling;

import java.time.Duration;
import java.util.concurrent.CancellationException;

/** A run that was stopped because its time had passed. */
public final class DeadlineException extends CancellationException {
  private static final long serialVersionUID = 1L;

  /** With the time that the run had. */
  public DeadlineException(Duration timeout) {
    super("timeout: expected the images within " + timeout.toMillis() + " ms");
  }
}
