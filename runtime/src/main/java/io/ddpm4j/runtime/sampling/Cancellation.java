package io.ddpm4j.runtime.sampling;

import java.util.concurrent.CancellationException;

/**
 * Stops a run from another thread. Thread-safe; once cancelled, for good. The run ends before its
 * next call of the model with a {@link CancellationException}; an interrupt of its thread has the
 * same effect and stays set.
 */
public final class Cancellation {
  private final Cancellation parent; // null: none
  private volatile String reason;

  /** Not cancelled. */
  public Cancellation() {
    this(null);
  }

  /** Also cancelled when {@code parent} is. */
  public Cancellation(Cancellation parent) {
    this.parent = parent;
  }

  /** Asks the run to stop. */
  public void cancel() {
    cancel("cancelled");
  }

  /** Asks the run to stop, with the message of the exception; null for a general one. */
  public void cancel(String why) {
    reason = why == null ? "cancelled" : why;
  }

  /** Whether {@link #cancel} was called. */
  public boolean isCancelled() {
    return reason != null || parent != null && parent.isCancelled();
  }

  /**
   * Returns if nobody has cancelled and the current thread is not interrupted.
   *
   * @throws CancellationException otherwise
   */
  public void throwIfCancelled() {
    if (reason != null) {
      throw new CancellationException(reason);
    }
    if (parent != null) {
      parent.throwIfCancelled();
    }
    if (Thread.currentThread().isInterrupted()) {
      throw new CancellationException("interrupted");
    }
  }
}
