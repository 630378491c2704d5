package io.ddpm4j.runtime.schedule;

import java.util.List;
import java.util.OptionalDouble;

/**
 * Chooses the noise levels of networks with Karras's preconditioning, which know no betas and are
 * told ¼ ln σ (Karras et al. 2022, table 1, right column).
 *
 * @param range between which levels
 * @param points how many levels, or where
 * @param lastIsMin whether the result keeps the noise of the smallest level, instead of none
 * @param path x = x_0 + σ·ε
 */
public record EdmGrid(Range range, Points points, boolean lastIsMin, NoisePath.Edm path)
    implements SolverGrid {

  /**
   * Between which levels, and how they are spaced.
   *
   * @param sigmaMin the smallest level, above 0
   * @param sigmaMax the largest
   * @param rho eq. 5's ρ, above 0; empty for levels whose logarithms are evenly spaced
   */
  public record Range(double sigmaMin, double sigmaMax, OptionalDouble rho) {
    /** Refuses what is no range of levels. */
    public Range {
      if (!(sigmaMin > 0 && sigmaMin < sigmaMax && sigmaMax < Double.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException(
            "sigma_min: expected 0 < sigma_min < sigma_max, found "
                + sigmaMin
                + " and "
                + sigmaMax);
      }
      if (!(rho.orElse(1) > 0)) {
        throw new IllegalArgumentException(
            "rho: expected a number above 0, found " + rho.getAsDouble());
      }
    }

    private double[] levels(double[] ramp) {
      return rho.isEmpty()
          ? Sigmas.exponential(sigmaMin, sigmaMax, ramp.length)
          : Sigmas.karras(sigmaMin, sigmaMax, ramp, rho.getAsDouble());
    }
  }

  /**
   * How many levels, or where.
   *
   * @param steps how many, 0 for T, unless {@code ramp} says where
   * @param ramp for each level a number, 0 for {@code sigmaMax} and 1 for {@code sigmaMin}; of
   *     logarithmic levels only how many counts; or empty
   */
  public record Points(int steps, List<Double> ramp) {
    /** Copies the list. */
    public Points {
      ramp = List.copyOf(ramp);
      if (steps < 0) {
        throw new IllegalArgumentException("steps: expected at least 1, found " + steps);
      }
      for (double r : ramp) {
        if (!(r >= 0 && r <= 1)) {
          throw new IllegalArgumentException(
              "sigmas: expected positions from 0 (sigma_max) to 1 (sigma_min), found " + r);
        }
      }
    }

    private double[] ramp(int trainTimesteps) {
      return ramp.isEmpty()
          ? Sigmas.linspace(0, 1, steps == 0 ? trainTimesteps : steps)
          : ramp.stream().mapToDouble(Double::doubleValue).toArray();
    }
  }

  /**
   * What a configuration says, over T steps.
   *
   * @throws IllegalArgumentException naming the field, what was expected and what was found
   */
  public static EdmGrid of(SchedulerConfig config) {
    boolean exponential = SigmaGrid.choice(config, "sigma_schedule", "karras", "exponential");
    return new EdmGrid(
        new Range(
            config.number("sigma_min", 0.002),
            config.number("sigma_max", 80),
            exponential ? OptionalDouble.empty() : OptionalDouble.of(config.number("rho", 7))),
        new Points(0, SigmaGrid.Points.list(config, "sigmas")),
        SigmaGrid.choice(config, "final_sigmas_type", "zero", "sigma_min"),
        new NoisePath.Edm(config.number("sigma_data", 0.5)));
  }

  /** What a configuration of a solver says, which takes no lists. */
  public static EdmGrid ofSolver(SchedulerConfig config) {
    SolverGrid.refuseSigmas(config);
    if (config.isSet("timesteps")) {
      throw new IllegalArgumentException(
          "timesteps: expected none for %s, which counts in sigmas, found a list"
              .formatted(config.className()));
    }
    return of(config);
  }

  /** The same with this many evenly spaced levels, 0 for T, in place of given ones. */
  @Override
  public EdmGrid withSteps(int steps) {
    return new EdmGrid(range, new Points(steps, List.of()), lastIsMin, path);
  }

  @Override
  public boolean endsAtZero() {
    return !lastIsMin;
  }

  /** The levels and what the model is told of them; of the schedule only T counts. */
  @Override
  public SamplingGrid over(NoiseSchedule schedule) {
    double[] sigmas = range.levels(points.ramp(schedule.trainTimesteps()));
    double smallest = points.ramp().isEmpty() ? range.sigmaMin() : sigmas[sigmas.length - 1];
    return new SamplingGrid(
        Sigmas.logTimesteps(sigmas),
        Sigmas.append(sigmas, lastIsMin ? smallest : 0),
        Math.sqrt(range.sigmaMax() * range.sigmaMax() + 1));
  }
}
