package io.ddpm4j.cli;

import io.ddpm4j.runtime.sampling.Cancellation;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Ctrl-C as a cancellation: the command is told to stop, and the process ends (with exit code 130)
 * when it has. Close it when the command has nothing left to lose.
 */
final class Interrupts implements AutoCloseable {
  private static final long PATIENCE_SECONDS = 120; // a large checkpoint on a slow disk

  private final Cancellation cancellation = new Cancellation();
  private final CountDownLatch done = new CountDownLatch(1);
  private final Thread hook =
      new Thread(
          () -> {
            cancellation.cancel("interrupted");
            try {
              done.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
          },
          "interrupt");

  Interrupts() {
    Runtime.getRuntime().addShutdownHook(hook);
  }

  /** Cancelled by Ctrl-C. */
  Cancellation cancellation() {
    return cancellation;
  }

  /** Lets the process end. Idempotent. */
  @Override
  public void close() {
    done.countDown();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The process is ending already, which is what the hook is for.
    }
  }
}
