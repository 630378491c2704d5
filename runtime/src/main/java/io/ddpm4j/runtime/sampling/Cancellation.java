package io.ddpm4j.runtime.sampling;

import java.time.Duration;
import java.util.concurrent.CancellationException;

/**
 * Stops a run from another thread. Thread-safe; once cancelled, for good. The run ends before its
 * next call of the model with a {@link CancellationException}; an interrupt of its thread has the
 * same effect and stays set.
 */
public final class Cancellation {
  private final Cancellation parent; // null: none
  private final Duration timeout; // null: none
  private final long started = System.nanoTime();
  private volatile String reason;

  /** Not cancelled. */
  public Cancellation() {
    this(null);
  }

  /** Also cancelled when {@code parent} is. */
  public Cancellation(Cancellation parent) {
    this(parent, null);
  }

  /**
   * Also cancelled when {@code parent} is, or when a time has passed from now on.
   *
   * @param parent null for none
   * @param timeout null for none
   */
  public Cancellation(Cancellation parent, Duration timeout) {
    this.parent = parent;
    this.timeout = timeout;
  }

  /** Asks the run to stop. */
  public void cancel() {
    cancel("cancelled");
  }

  /** Asks the run to stop, with the message of the exception; null for a general one. */
  public void cancel(String why) {
    reason = why == null ? "cancelled" : why;
  }

  /** Whether {@link #cancel} was called, or the time has passed. */
  public boolean isCancelled() {
    return reason != null || isLate() || parent != null && parent.isCancelled();
  }

  private boolean isLate() {
    return timeout != null && Duration.ofNanos(System.nanoTime() - started).compareTo(timeout) >= 0;
  }

  /**
   * Returns if nobody has cancelled and the current thread is not interrupted.
   *
   * @throws CancellationException otherwise; a {@link DeadlineException} where time has run out
   */
  public void throwIfCancelled() {
    if (reason != null) {
      throw new CancellationException(reason);
    }
    if (isLate()) {
      throw new DeadlineException(timeout);
    }
    if (parent != null) {
      parent.throwIfCancelled();
    }
    if (Thread.currentThread().isInterrupted()) {
      throw new CancellationException("interrupted");
    }
  }
}
