package io.ddpm4j.runtime.schedule;

/**
 * The noise levels of EDM (Karras et al. 2022, table 1), which know no betas: n levels from {@code
 * sigmaMax} to {@code sigmaMin} and a last one. The model is told c_noise = ¼ log σ.
 *
 * @param steps n; 0 for as many as the schedule has timesteps
 * @param sigmaMin the smallest level, above 0
 * @param sigmaMax the largest level, above {@code sigmaMin}
 * @param rho ρ of eq. 5, above 0; 0 for levels whose logarithms are evenly spaced
 * @param endsAtZero whether the last level is 0, {@code sigmaMin} otherwise
 * @param path x = x_0 + σ·ε
 */
public record EdmSigmas(
    int steps, double sigmaMin, double sigmaMax, double rho, boolean endsAtZero, NoisePath.Edm path)
    implements SolverGrid {

  private enum Spacing {
    KARRAS("karras"),
    EXPONENTIAL("exponential");

    private final String label;

    Spacing(String label) {
      this.label = label;
    }

    private String label() {
      return label;
    }
  }

  /** Refuses what lies outside the ranges. */
  public EdmSigmas {
    if (steps < 0) {
      throw new IllegalArgumentException("steps: expected at least 1, found " + steps);
    }
    if (!(sigmaMin > 0 && sigmaMin < sigmaMax && sigmaMax < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "sigma_min: expected above 0 and below sigma_max, found %s and %s"
              .formatted(sigmaMin, sigmaMax));
    }
    if (!(rho >= 0)) {
      throw new IllegalArgumentException("rho: expected a number above 0, found " + rho);
    }
  }

  /** What a configuration says. */
  public static EdmSigmas of(SchedulerConfig config) {
    SolverGrid.refuseSigmas(config);
    if (config.isSet("timesteps")) {
      throw new IllegalArgumentException(
          "timesteps: expected none for %s, which counts in sigmas, found a list"
              .formatted(config.className()));
    }
    Spacing spacing = config.choice("sigma_schedule", Spacing.values(), Spacing::label);
    double rho = config.number("rho", 7);
    if (!(rho > 0)) {
      throw new IllegalArgumentException("rho: expected a number above 0, found " + rho);
    }
    return new EdmSigmas(
        0,
        config.number("sigma_min", 0.002),
        config.number("sigma_max", 80),
        spacing == Spacing.KARRAS ? rho : 0,
        SolverSigmas.End.of(config) == SolverSigmas.End.ZERO,
        new NoisePath.Edm(config.number("sigma_data", 0.5)));
  }

  @Override
  public EdmSigmas withSteps(int count) {
    return new EdmSigmas(count, sigmaMin, sigmaMax, rho, endsAtZero, path);
  }

  @Override
  public SamplingGrid over(NoiseSchedule schedule) {
    int n = steps == 0 ? schedule.trainTimesteps() : steps;
    double[] levels =
        rho == 0
            ? Sigmas.exponential(sigmaMin, sigmaMax, n)
            : Sigmas.karras(sigmaMin, sigmaMax, n, rho);
    double[] timesteps = new double[n];
    for (int i = 0; i < n; i++) {
      timesteps[i] = 0.25 * Math.log(levels[i]); // c_noise
    }
    return new SamplingGrid(
        timesteps,
        Sigmas.append(levels, endsAtZero ? 0 : sigmaMin),
        Math.sqrt(sigmaMax * sigmaMax + 1));
  }
}
