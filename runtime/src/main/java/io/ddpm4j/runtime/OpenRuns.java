package io.ddpm4j.runtime;

import io.ddpm4j.runtime.sampling.Cancellation;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * What runs on a network, so that closing ends it. Of a pipeline that uses another one's network
 * the runs are that one's, too. Thread-safe.
 */
final class OpenRuns {
  private final String model;
  private final OpenRuns lender; // null: the network's own
  private final Set<Cancellation> running = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  private OpenRuns(String model, OpenRuns lender) {
    this.model = model;
    this.lender = lender;
  }

  /**
   * Of a network.
   *
   * @param model its name, for messages
   */
  static OpenRuns of(String model) {
    return new OpenRuns(model, null);
  }

  /** Of another pipeline over the same network. */
  OpenRuns lend() {
    return new OpenRuns(model, this);
  }

  /**
   * Does a task, which closing cancels.
   *
   * @throws IllegalStateException if it is closed
   */
  <T> T run(Cancellation token, Supplier<T> task) {
    running.add(token);
    try {
      if (closed) { // after adding: close either sees this run or is seen by it
        throw closedException();
      }
      return lender == null ? task.get() : lender.run(token, task);
    } finally {
      running.remove(token);
    }
  }

  /** Whether nothing can run any more. */
  boolean isClosed() {
    return closed || lender != null && lender.isClosed();
  }

  /** What is thrown then. */
  IllegalStateException closedException() {
    return new IllegalStateException(model + ": this pipeline is closed");
  }

  /** Cancels all that runs; idempotent. */
  void close() {
    closed = true;
    running.forEach(token -> token.cancel(model + ": this pipeline was closed"));
  }
}
