package io.ddpm4j.trainer.step;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** A fixed number of threads, the caller's among them, that do parts of one job together. */
final class ThreadTeam implements AutoCloseable {
  private final int size;
  private final ExecutorService others;

  /** A part of a job. */
  @FunctionalInterface
  interface Part {
    /**
     * @param member 0 to size - 1
     */
    void run(int member) throws Exception;
  }

  ThreadTeam(int size) {
    this.size = size;
    this.others =
        Executors.newFixedThreadPool(
            Math.max(1, size - 1),
            task -> {
              Thread thread = new Thread(task, "ddpm4j-train");
              thread.setDaemon(true);
              return thread;
            });
  }

  /**
   * Has each member run the part once, and waits for all: also when one fails or the caller is
   * interrupted, since the others still write into buffers that nobody may free.
   *
   * @throws Exception the first member's that failed
   */
  void run(Part part) throws Exception {
    List<Future<?>> running = new ArrayList<>();
    Throwable failure = null;
    try {
      for (int member = 1; member < size; member++) {
        int number = member;
        running.add(
            others.submit(
                () -> {
                  part.run(number);
                  return null;
                }));
      }
      part.run(0);
    } catch (Throwable e) { // also one that cannot be started: those before it are at work
      failure = e;
    }
    for (Future<?> future : running) {
      Throwable other = await(future);
      if (failure == null) {
        failure = other;
      } else if (other != null && other != failure) {
        failure.addSuppressed(other);
      }
    }
    if (failure instanceof Error error) {
      throw error;
    } else if (failure != null) {
      throw (Exception) failure;
    }
  }

  private static Throwable await(Future<?> future) {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          future.get();
          return null;
        } catch (InterruptedException e) {
          interrupted = true;
        } catch (ExecutionException e) {
          return e.getCause();
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  @Override
  public void close() {
    others.shutdown();
  }
}
