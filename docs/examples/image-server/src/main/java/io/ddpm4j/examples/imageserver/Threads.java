package io.ddpm4j.examples.imageserver;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;

/** Ends of threads. */
final class Threads {
  private static final long SECONDS = 20; // service managers kill after 30 or more

  private Threads() {}

  /** Waits until an executor that was shut down has ended; an interrupt ends the waiting. */
  static void awaitEnd(ExecutorService executor) {
    try {
      if (!executor.awaitTermination(SECONDS, TimeUnit.SECONDS)) {
        throw new IllegalStateException(
            "expected the work to end within " + SECONDS + " s, found that it still runs");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
