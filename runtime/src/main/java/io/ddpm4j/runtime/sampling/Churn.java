package io.ddpm4j.runtime.sampling;

import io.ddpm4j.runtime.schedule.SchedulerConfig;

/**
 * Noise added before a step so that errors made so far are forgotten (Karras et al. 2022, algorithm
 * 2, lines 4 to 6).
 *
 * @param amount S_churn, at least 0: how much, over the whole run; 0 for none
 * @param tMin S_tmin: the smallest level that gets noise
 * @param tMax S_tmax: the largest
 * @param noise S_noise: the factor of the noise
 */
public record Churn(double amount, double tMin, double tMax, double noise) {
  private static final double MAX_GAMMA = Math.sqrt(2) - 1; // algorithm 2, line 5

  /** Refuses a negative or undefined amount. */
  public Churn {
    if (!(amount >= 0)) {
      throw new IllegalArgumentException("s_churn: expected at least 0, found " + amount);
    }
    if (Double.isNaN(tMin) || Double.isNaN(tMax) || !Double.isFinite(noise)) {
      throw new IllegalArgumentException(
          "s_noise: expected a finite number, found %s (s_tmin %s, s_tmax %s)"
              .formatted(noise, tMin, tMax));
    }
  }

  /** What a configuration says; none by default. */
  public static Churn of(SchedulerConfig config) {
    return new Churn(
        config.number("s_churn", 0),
        config.number("s_tmin", 0),
        config.number("s_tmax", Double.POSITIVE_INFINITY),
        config.number("s_noise", 1));
  }

  /** γ of a step from {@code sigma} in a run of this many calls: 0 where no noise is due. */
  double gamma(double sigma, int calls) {
    return tMin <= sigma && sigma <= tMax ? Math.min(amount / calls, MAX_GAMMA) : 0;
  }

  /** The level that x is raised to before a step from {@code sigma}: σ̂ = σ(1+γ). */
  double raised(double sigma, int calls) {
    return sigma * (gamma(sigma, calls) + 1);
  }

  /** The deviation of the noise that raises x so. */
  private double added(double sigma, int calls) {
    double raised = raised(sigma, calls);
    return noise * Math.sqrt(raised * raised - sigma * sigma);
  }

  /** The noise that raises x: none where the level is no higher. */
  StepNoise before(double sigma, int calls) {
    return gamma(sigma, calls) > 0 ? StepNoise.before(added(sigma, calls)) : StepNoise.NONE;
  }

  /** Raises x from {@code sigma} to the level that is returned, with one draw of noise if any. */
  double raise(SamplingRun run, double sigma, int calls) {
    if (gamma(sigma, calls) > 0) {
      Vectors.combine(run.x(), 1, run.x(), added(sigma, calls), run.nextNoise());
    }
    return raised(sigma, calls);
  }
}
