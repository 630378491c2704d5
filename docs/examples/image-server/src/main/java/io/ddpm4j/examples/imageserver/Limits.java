package io.ddpm4j.examples.imageserver;

import java.time.Duration;

/**
 * What the service takes on.
 *
 * @param workers generations at once, at least 1; more are worth it only where one cannot use all
 *     processors
 * @param waiting requests that may wait for a worker, at least 1; whoever comes then is refused
 * @param deadline from a request to its image, waiting included
 */
record Limits(int workers, int waiting, Duration deadline) {
  Limits {
    if (workers < 1 || waiting < 1 || deadline.isNegative() || deadline.isZero()) {
      throw new IllegalArgumentException(
          "limits: expected at least 1 worker, 1 waiting request and a deadline above 0, found "
              + workers
              + ", "
              + waiting
              + ", "
              + deadline);
    }
  }

  /** One generation at a time, on all processors. */
  static Limits standard() {
    return new Limits(1, 8, Duration.ofSeconds(30));
  }
}
