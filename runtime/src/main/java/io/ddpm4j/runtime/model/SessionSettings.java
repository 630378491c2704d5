package io.ddpm4j.runtime.model;

/**
 * How a session runs.
 *
 * @param device where
 * @param threads threads inside an operator; by default one per processor
 * @param fewRuns whether a run or two are all that will come: then weights stay as the file has
 *     them, since arranging them for the processor takes longer than that saves
 */
public record SessionSettings(Device device, int threads, boolean fewRuns) {
  /** Refuses fewer than one thread. */
  public SessionSettings {
    if (threads < 1) {
      throw new IllegalArgumentException("threads: expected at least 1, found " + threads);
    }
  }

  /** For many runs. */
  public SessionSettings(Device device, int threads) {
    this(device, threads, false);
  }

  /** The processor with all its cores. */
  public static SessionSettings defaults() {
    return new SessionSettings(Device.cpu(), Runtime.getRuntime().availableProcessors());
  }

  /** The processor with all its cores, to try a model out. */
  public static SessionSettings forTrial() {
    return new SessionSettings(Device.cpu(), defaults().threads(), true);
  }
}
