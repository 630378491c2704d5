package io.ddpm4j.trainer.evaluate.distance;

import io.ddpm4j.trainer.evaluate.features.Work;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.IntConsumer;

/** Tasks that do not depend on each other, on several threads. */
final class Parallel {
  private Parallel() {}

  /**
   * Runs the tasks 0 to {@code count} - 1 and waits until no thread works any more.
   *
   * @param stage for the progress; null to tell nothing
   * @throws CancellationException if the work was cancelled or the calling thread interrupted
   */
  static void run(String stage, int count, Work work, IntConsumer task) {
    ExecutorService threads =
        Executors.newFixedThreadPool(
            Math.min(work.threads(), count),
            job -> {
              Thread thread = new Thread(job, "ddpm4j-measure");
              thread.setDaemon(true);
              return thread;
            });
    AtomicBoolean failed = new AtomicBoolean();
    List<Future<?>> running = new ArrayList<>();
    try {
      int[] done = {0};
      for (int i = 0; i < count; i++) {
        int number = i;
        running.add(
            threads.submit(
                () -> {
                  if (failed.get()) {
                    return;
                  }
                  try {
                    work.cancellation().throwIfCancelled();
                    task.accept(number);
                    if (stage != null) {
                      synchronized (done) {
                        work.progress().advanced(stage, ++done[0], count);
                      }
                    }
                  } catch (RuntimeException | Error e) {
                    failed.set(true); // those that wait need not begin
                    throw e;
                  }
                }));
      }
    } finally {
      threads.shutdown();
    }
    await(running, failed);
  }

  /** Waits for all, and then throws what the first that failed threw. */
  private static void await(List<Future<?>> running, AtomicBoolean failed) {
    Throwable failure = null;
    boolean interrupted = false;
    for (Future<?> future : running) {
      boolean waiting = true;
      while (waiting) {
        try {
          future.get();
          waiting = false;
        } catch (InterruptedException e) {
          interrupted = true;
          failed.set(true);
        } catch (ExecutionException e) {
          failure = failure == null ? e.getCause() : failure;
          waiting = false;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
      throw new CancellationException("interrupted");
    }
    if (failure instanceof Error error) {
      throw error;
    }
    if (failure != null) {
      throw (RuntimeException) failure;
    }
  }
}
