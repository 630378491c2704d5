package io.ddpm4j.runtime.model;

/**
 * How a session runs.
 *
 * @param device where
 * @param threads threads inside an operator; by default one per processor
 */
public record SessionSettings(Device device, int threads) {
  /** Refuses fewer than one thread. */
  public SessionSettings {
    if (threads < 1) {
      throw new IllegalArgumentException("threads: expected at least 1, found " + threads);
    }
  }

  /** The processor with all its cores. */
  public static SessionSettings defaults() {
    return new SessionSettings(Device.cpu(), Runtime.getRuntime().availableProcessors());
  }
}
