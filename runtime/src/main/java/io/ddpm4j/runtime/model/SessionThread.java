package io.ddpm4j.runtime.model;

import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** The thread that a session lives on: the caller's, or on CUDA one of its own. */
final class SessionThread {
  private final ExecutorService executor; // null: the caller's thread

  SessionThread(Device device) {
    this.executor =
        device instanceof Device.Cuda
            ? Executors.newSingleThreadExecutor(
                task -> {
                  Thread thread = new Thread(task, "ddpm4j " + device);
                  thread.setDaemon(true);
                  return thread;
                })
            : null;
  }

  /** Runs a task there, and waits for it even when interrupted. */
  <T> T call(Callable<T> task) throws Exception {
    if (executor == null) {
      return task.call();
    }
    Future<T> future = executor.submit(task);
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return future.get();
        } catch (InterruptedException e) {
          interrupted = true; // the native call uses our buffers: it has to end first
        } catch (ExecutionException e) {
          if (e.getCause() instanceof Error error) {
            throw error; // of the virtual machine, not of the session
          }
          throw e.getCause() instanceof Exception cause ? cause : e;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Lets the thread end after what it has been given. */
  void shutdown() {
    if (executor != null) {
      executor.shutdown();
    }
  }
}
