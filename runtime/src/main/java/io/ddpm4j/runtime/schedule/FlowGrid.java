package io.ddpm4j.runtime.schedule;

import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;

/**
 * Chooses the levels σ of the straight path x = (1-σ)·x_0 + σ·ε (Lipman et al. 2023; Liu et al.
 * 2023), from 1 to 0, and the timesteps σ·T that the model is told.
 *
 * @param points the levels before they are shifted
 * @param shift towards noise or image
 * @param spacing how the shifted levels are then spread anew
 * @param inverted whether σ counts the image's part, from 0 to 1
 */
public record FlowGrid(Points points, Shift shift, SigmaSpacing spacing, boolean inverted) {

  /**
   * The levels before they are shifted.
   *
   * @param steps how many evenly spaced ones, 0 for T, unless a list says which
   * @param timesteps σ·T; with {@code sigmas}, what the model is told of them; or empty
   * @param sigmas each in (0, 1], without that of the result; or empty
   */
  public record Points(int steps, List<Double> timesteps, List<Double> sigmas) {
    /** Copies the lists. */
    public Points {
      timesteps = List.copyOf(timesteps);
      sigmas = List.copyOf(sigmas);
      if (steps < 0) {
        throw new IllegalArgumentException("steps: expected at least 1, found " + steps);
      }
      for (double sigma : sigmas) {
        if (!(sigma > 0 && sigma <= 1)) {
          throw new IllegalArgumentException(
              "sigmas: expected numbers above 0, at most 1, found " + sigma);
        }
      }
      for (double t : timesteps) {
        if (!(t > 0)) {
          throw new IllegalArgumentException("timesteps: expected numbers above 0, found " + t);
        }
      }
      if (!sigmas.isEmpty() && !timesteps.isEmpty() && sigmas.size() != timesteps.size()) {
        throw new IllegalArgumentException(
            "timesteps: expected %d, one for each of sigmas, found %d"
                .formatted(sigmas.size(), timesteps.size()));
      }
    }
  }

  /**
   * σ' = m / (m + 1/σ - 1), which spends more steps on noise where m &gt; 1 (Esser et al. 2024, eq.
   * 23).
   *
   * @param m above 0
   * @param dynamic whether m was chosen for an image size (as e^μ, or μ itself), instead of once
   *     for the model
   * @param terminal what the last level is stretched to, above 0 and below 1, if anything
   */
  public record Shift(double m, boolean dynamic, OptionalDouble terminal) {
    /** Refuses what lies outside the ranges. */
    public Shift {
      if (!(m > 0 && m < Double.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException(
            (dynamic ? "mu" : "shift") + ": expected a shift above 0, found " + m);
      }
      double last = terminal.orElse(0.5);
      if (!(last > 0 && last < 1)) {
        throw new IllegalArgumentException(
            "shift_terminal: expected a number between 0 and 1, found " + last);
      }
    }

    static Shift of(SchedulerConfig config) {
      OptionalDouble terminal = config.number("shift_terminal");
      if (terminal.orElse(0) == 0) {
        terminal = OptionalDouble.empty(); // 0 says none in the reference
      }
      boolean linear = SigmaGrid.choice(config, "time_shift_type", "exponential", "linear");
      if (!config.flag("use_dynamic_shifting", false)) {
        return new Shift(config.number("shift", 1), false, terminal);
      }
      double mu =
          config
              .number("mu")
              .orElseThrow(
                  () ->
                      new IllegalArgumentException(
                          "mu: expected a number where use_dynamic_shifting is true, found none"));
      return new Shift(linear ? mu : Math.exp(mu), true, terminal);
    }

    private double[] apply(double[] sigmas) {
      double[] shifted = Sigmas.shift(sigmas, m);
      return terminal.isEmpty() ? shifted : Sigmas.stretch(shifted, terminal.getAsDouble());
    }
  }

  /**
   * What a configuration says, over T steps.
   *
   * @throws IllegalArgumentException naming the field, what was expected and what was found
   */
  public static FlowGrid of(SchedulerConfig config) {
    return new FlowGrid(
        new Points(
            0, SigmaGrid.Points.list(config, "timesteps"), SigmaGrid.Points.list(config, "sigmas")),
        Shift.of(config),
        SigmaSpacing.of(config),
        config.flag("invert_sigmas", false));
  }

  /** The same with this many evenly spaced levels, 0 for T, in place of given ones. */
  public FlowGrid withSteps(int steps) {
    return new FlowGrid(new Points(steps, List.of(), List.of()), shift, spacing, inverted);
  }

  /**
   * The levels and timesteps for a model of T training timesteps, one call of the model for each
   * level but the last.
   */
  public SamplingGrid over(int trainTimesteps) {
    double[] sigmas = shift.apply(unshifted(trainTimesteps));
    int n = sigmas.length;
    if (spacing.isFree()) {
      sigmas = spacing.sigmas(sigmas[n - 1], sigmas[0], n);
    }
    if (inverted) {
      sigmas = Arrays.stream(sigmas).map(s -> 1 - s).toArray();
    }
    double[] timesteps =
        points.timesteps().isEmpty() || inverted
            ? Arrays.stream(sigmas).map(s -> s * trainTimesteps).toArray()
            : SigmaGrid.array(points.timesteps());
    return new SamplingGrid(timesteps, Sigmas.append(sigmas, inverted ? 1 : 0), 1);
  }

  private double[] unshifted(int trainTimesteps) {
    if (!points.sigmas().isEmpty()) {
      return SigmaGrid.array(points.sigmas());
    }
    if (!points.timesteps().isEmpty()) {
      return points.timesteps().stream().mapToDouble(t -> t / trainTimesteps).toArray();
    }
    double[] ends = {1, 1.0 / trainTimesteps};
    if (!shift.dynamic()) {
      ends = Sigmas.shift(ends, shift.m()); // once here, once with all others, as the reference
    }
    int n = points.steps() == 0 ? trainTimesteps : points.steps();
    return Sigmas.linspace(ends[0], ends[1], n);
  }
}
