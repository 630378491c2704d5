package io.ddpm4j.trainer.evaluate.features;

import io.ddpm4j.runtime.sampling.Cancellation;

/**
 * How a measurement is carried out. Nothing of it changes a result.
 *
 * @param threads that compute beside each other, the caller's not counted
 * @param cancellation stops the measurement
 * @param progress is told how far it is
 */
public record Work(int threads, Cancellation cancellation, WorkProgress progress) {
  /** Refuses fewer than one thread. */
  public Work {
    if (threads < 1) {
      throw new IllegalArgumentException("threads: expected at least 1, found " + threads);
    }
  }

  /** A thread for each processor, not to be stopped, unheard. */
  public static Work quiet() {
    return new Work(
        Runtime.getRuntime().availableProcessors(), new Cancellation(), WorkProgress.NONE);
  }
}
