package io.ddpm4j.runtime.schedule;

import java.util.Arrays;
import java.util.List;

/**
 * The noise levels of the fast solvers (DPM-Solver, DEIS, UniPC, SA-Solver) over a schedule of
 * betas: n levels and a last one, that of the result. The timesteps are whole numbers. Where
 * ᾱ_{T-1} = 0, it counts as 2^-24, since the solvers step in log-SNR.
 *
 * @param levels how the levels are spaced
 * @param spacing for {@link Levels#SCHEDULE}: of T/(n+1) where a spacing includes 0, which is left
 *     to the last level
 * @param steps n; 0 for every timestep of the schedule
 * @param stepsOffset added to every timestep by {@link TimestepSpacing#LEADING}
 * @param timesteps for {@link Levels#SCHEDULE}: falling timesteps given one by one, or none
 * @param flowShift for the flow levels: s becomes shift·s / (1 + (shift-1)·s); above 0
 * @param lambdaMinClipped for {@link Levels#SCHEDULE}: timesteps with a smaller λ are left out; -∞
 *     for none
 * @param roundsTimesteps whether timesteps of Karras' and Lu's levels are rounded; all others lose
 *     their fraction
 * @param end the last level
 */
public record SolverSigmas(
    Levels levels,
    TimestepSpacing spacing,
    int steps,
    int stepsOffset,
    List<Integer> timesteps,
    double flowShift,
    double lambdaMinClipped,
    boolean roundsTimesteps,
    End end)
    implements SolverGrid {
  private static final double SMALLEST_ALPHA_CUMPROD = Math.pow(2, -24);
  private static final double RHO = 7; // Karras et al. 2022, after eq. 5
  private static final double BETA = 0.6; // Lee et al. 2024
  private static final double BELOW_ONE = 1e-6; // at level 1 nothing is left of the image

  /** How levels are spaced between the schedule's largest and smallest. */
  public enum Levels {
    /** Those of evenly spaced timesteps. */
    SCHEDULE,
    /** Karras et al. 2022, eq. 5. */
    KARRAS,
    /** Evenly in λ, with rounded timesteps (Lu et al. 2022, DPM-Solver, §3.4). */
    LU,
    /** Evenly in log σ. */
    EXPONENTIAL,
    /** Quantiles of Beta(0.6, 0.6) (Lee et al. 2024). */
    BETA,
    /** A straight path's, from 1 - 1/T. */
    FLOW,
    /** A straight path's, from 1. */
    FLOW_FROM_ONE;

    private boolean isFlow() {
      return this == FLOW || this == FLOW_FROM_ONE;
    }

    private static Levels of(SchedulerConfig config, Levels flow) {
      List<String> flags =
          List.of(
              "use_karras_sigmas",
              "use_lu_lambdas",
              "use_exponential_sigmas",
              "use_beta_sigmas",
              "use_flow_sigmas");
      List<String> set = flags.stream().filter(flag -> config.flag(flag, false)).toList();
      if (set.size() > 1) {
        throw new IllegalArgumentException(
            set.get(0) + ": expected one way to space sigmas, found " + String.join(", ", set));
      }
      Levels[] known = {KARRAS, LU, EXPONENTIAL, BETA, flow};
      return set.isEmpty() ? SCHEDULE : known[flags.indexOf(set.get(0))];
    }
  }

  /** The last level. */
  public enum End {
    /** 0: the image itself. */
    ZERO("zero"),
    /** That of timestep 0. */
    SIGMA_MIN("sigma_min"),
    /** That of timestep 0, or the smallest once more where levels are not those of timesteps. */
    SMALLEST_AGAIN("smallest"),
    /** The largest: the grid rises, for turning an image into its noise. */
    SIGMA_MAX("sigma_max");

    private final String label;

    End(String label) {
      this.label = label;
    }

    private String label() {
      return label;
    }

    /** What {@code final_sigmas_type} says. */
    public static End of(SchedulerConfig config) {
      return config.choice("final_sigmas_type", new End[] {ZERO, SIGMA_MIN}, End::label);
    }
  }

  /** Refuses what has no meaning; copies the list. */
  public SolverSigmas {
    timesteps = List.copyOf(timesteps);
    if (steps < 0) {
      throw new IllegalArgumentException("steps: expected at least 1, found " + steps);
    }
    if (!(flowShift > 0)) {
      throw new IllegalArgumentException("flow_shift: expected above 0, found " + flowShift);
    }
    if (Double.isNaN(lambdaMinClipped)) {
      throw new IllegalArgumentException("lambda_min_clipped: expected a number, found NaN");
    }
    boolean rises = end == End.SIGMA_MAX;
    if (!timesteps.isEmpty() && (levels != Levels.SCHEDULE || rises)) {
      throw new IllegalArgumentException(
          "timesteps: expected none with %s, found a list"
              .formatted(rises ? "an inverse scheduler" : levels + " sigmas"));
    }
    if (levels.isFlow() && rises) {
      throw new IllegalArgumentException(
          "use_flow_sigmas: expected false for an inverse scheduler, found true");
    }
  }

  /**
   * What a configuration says.
   *
   * @param end the last level of the configuration's class
   * @param roundsTimesteps whether that class rounds
   * @param flow the flow levels of that class
   */
  public static SolverSigmas of(
      SchedulerConfig config, End end, boolean roundsTimesteps, Levels flow) {
    SolverGrid.refuseSigmas(config);
    List<Integer> given =
        TimestepGrid.of(config) instanceof TimestepGrid.Custom custom ? custom.values() : List.of();
    return new SolverSigmas(
        Levels.of(config, flow),
        config.string("timestep_spacing").isPresent()
            ? config.timestepSpacing()
            : TimestepSpacing.LINSPACE,
        0,
        config.stepsOffset(),
        given,
        shift(config, flow),
        config.number("lambda_min_clipped", Double.NEGATIVE_INFINITY),
        roundsTimesteps,
        end);
  }

  /** {@code flow_shift}, or what a call's {@code mu} makes of it. */
  private static double shift(SchedulerConfig config, Levels flow) {
    if (!config.isSet("mu")) {
      return config.number("flow_shift", 1);
    }
    String type = config.string("time_shift_type").orElse("exponential");
    boolean linear = type.equals("linear") && flow == Levels.FLOW_FROM_ONE;
    if (!config.flag("use_dynamic_shifting", false) || !linear && !type.equals("exponential")) {
      throw new IllegalArgumentException(
          "mu: expected use_dynamic_shifting and an exponential time_shift_type, found "
              + (config.flag("use_dynamic_shifting", false) ? type : "no use_dynamic_shifting"));
    }
    double mu = config.number("mu", 0);
    return linear ? mu : Math.exp(mu);
  }

  @Override
  public NoisePath path() {
    return levels.isFlow() ? NoisePath.FLOW : NoisePath.VARIANCE_PRESERVING;
  }

  @Override
  public boolean endsAtZero() {
    return end == End.ZERO;
  }

  /** The same grid of another length; timesteps given one by one give way to the spacing. */
  @Override
  public SolverSigmas withSteps(int count) {
    return new SolverSigmas(
        levels,
        spacing,
        count,
        stepsOffset,
        List.of(),
        flowShift,
        lambdaMinClipped,
        roundsTimesteps,
        end);
  }

  @Override
  public SamplingGrid over(NoiseSchedule schedule) {
    double[] alphasCumprod = schedule.alphasCumprod();
    int count = alphasCumprod.length;
    if (alphasCumprod[count - 1] == 0) {
      alphasCumprod[count - 1] = SMALLEST_ALPHA_CUMPROD;
    }
    double[] table = Sigmas.ofSchedule(alphasCumprod);
    int noisiest = noisiest(table);
    double[] chosen;
    double[] values;
    if (levels == Levels.SCHEDULE) {
      chosen = scheduleTimesteps(noisiest, count);
      values = Sigmas.interpolate(chosen, table);
    } else {
      values = spaced(table, steps == 0 ? count : steps);
      chosen = levels.isFlow() ? scaled(values, count) : Sigmas.timesteps(values, table);
      boolean rounds = roundsTimesteps && (levels == Levels.KARRAS || levels == Levels.LU);
      for (int i = 0; i < chosen.length; i++) {
        chosen[i] = rounds ? Math.rint(chosen[i]) : (int) chosen[i];
      }
    }
    double last =
        switch (end) {
          case ZERO -> 0;
          case SIGMA_MIN -> table[0];
          case SMALLEST_AGAIN -> levels == Levels.SCHEDULE ? table[0] : values[values.length - 1];
          case SIGMA_MAX -> table[noisiest];
        };
    if (end == End.SIGMA_MAX) {
      chosen = Arrays.stream(chosen).distinct().toArray(); // as the reference: the levels stay
    }
    return new SamplingGrid(chosen, Sigmas.append(values, last), 1);
  }

  /** The largest timestep whose λ is not clipped. */
  private int noisiest(double[] table) {
    int noisiest = table.length - 1;
    while (noisiest >= 0 && -Math.log(table[noisiest]) < lambdaMinClipped) {
      noisiest--;
    }
    if (noisiest < 0) {
      throw new IllegalArgumentException(
          "lambda_min_clipped: expected at most %s, the schedule's largest lambda, found %s"
              .formatted(-Math.log(table[0]), lambdaMinClipped));
    }
    return noisiest;
  }

  private double[] scheduleTimesteps(int noisiest, int count) {
    if (!timesteps.isEmpty()) {
      int[] checked = new TimestepGrid.Custom(timesteps).timesteps(count);
      return Arrays.stream(checked).asDoubleStream().toArray();
    }
    SolverTimesteps choice = new SolverTimesteps(noisiest, count, end == End.SIGMA_MAX);
    return steps == 0 ? choice.every() : choice.spaced(spacing, steps, stepsOffset);
  }

  private double[] spaced(double[] table, int n) {
    boolean rises = end == End.SIGMA_MAX;
    double min = table[rises ? table.length - 1 : 0];
    double max = table[rises ? 0 : table.length - 1];
    return switch (levels) {
      case KARRAS -> Sigmas.karras(min, max, n, RHO);
      case LU, EXPONENTIAL -> Sigmas.exponential(min, max, n);
      case BETA -> Sigmas.beta(min, max, n, BETA, BETA);
      case FLOW -> flow(1 - 1.0 / table.length, 0, n);
      case FLOW_FROM_ONE -> flow(1, 1.0 / table.length, n);
      case SCHEDULE -> throw new AssertionError(levels);
    };
  }

  /** n+1 points without the last, shifted. */
  private double[] flow(double from, double to, int n) {
    double[] values = Arrays.copyOf(Sigmas.linspace(from, to, n + 1), n);
    for (int i = 0; i < n; i++) {
      values[i] = Sigmas.shift(values[i], flowShift);
    }
    if (Math.abs(values[0] - 1) < BELOW_ONE) {
      values[0] -= BELOW_ONE;
    }
    return values;
  }

  private static double[] scaled(double[] values, double factor) {
    return Arrays.stream(values).map(value -> value * factor).toArray();
  }
}
