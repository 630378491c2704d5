package io.ddpm4j.runtime.schedule;

/** The noise levels of a method that counts in σ, and what the model is told at each of them. */
public sealed interface SolverGrid permits EdmGrid, SolverSigmas {

  /** The levels and timesteps over a schedule; EDM's levels do not depend on it. */
  SamplingGrid over(NoiseSchedule schedule);

  /** How signal and noise are mixed at these levels. */
  NoisePath path();

  /** Whether the last level is 0, the image itself, where λ is infinite. */
  boolean endsAtZero();

  /** The same grid of this many steps; 0 for as many as the schedule has timesteps. */
  SolverGrid withSteps(int steps);

  /** Refuses a list of levels, which the solvers' schedulers do not take. */
  static void refuseSigmas(SchedulerConfig config) {
    if (config.isSet("sigmas")) {
      throw new IllegalArgumentException(
          "sigmas: expected none for %s, which spaces them itself, found a list"
              .formatted(config.className()));
    }
  }
}
