package io.ddpm4j.runtime.schedule;

import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;

/**
 * Chooses the noise levels and timesteps of the methods that integrate over σ: Euler, Heun, LMS and
 * their kin (Karras et al. 2022, algorithms 1 and 2).
 *
 * @param points the timesteps, or the levels themselves
 * @param logLinear whether log σ falls in equal steps from the schedule's largest level to its
 *     smallest, one level more than there are timesteps; otherwise σ is interpolated at the
 *     timesteps
 * @param spacing how the levels are then spread anew
 * @param ends where that begins and ends
 * @param time what the model is told
 */
public record SigmaGrid(
    Points points, boolean logLinear, SigmaSpacing spacing, Ends ends, ModelTime time) {

  /** What the model is told of a noise level. */
  public enum ModelTime {
    /** Its timestep, fractional where the level lies between two. */
    TIMESTEP,
    /** Its timestep, rounded half to even where the levels were chosen freely. */
    ROUNDED,
    /** ¼ ln σ (Karras et al. 2022, table 1). */
    LOG_SIGMA
  }

  /**
   * Where the model is called.
   *
   * @param spaced evenly spaced timesteps, unless one of the lists says which
   * @param timesteps each in 0 to T-1, strictly falling; or empty
   * @param sigmas strictly falling, that of the result (which may be 0) at the end; or empty
   */
  public record Points(TimestepGrid.Spaced spaced, List<Double> timesteps, List<Double> sigmas) {
    /** Copies the lists. */
    public Points {
      timesteps = List.copyOf(timesteps);
      sigmas = List.copyOf(sigmas);
      if (!timesteps.isEmpty() && !sigmas.isEmpty()) {
        throw new IllegalArgumentException("timesteps: expected none beside sigmas, found both");
      }
      if (sigmas.size() == 1) {
        throw new IllegalArgumentException("sigmas: expected at least 2 levels, found 1");
      }
      double above = Double.POSITIVE_INFINITY;
      for (double sigma : sigmas) {
        if (!(sigma >= 0 && sigma < above)) {
          throw new IllegalArgumentException(
              "sigmas: expected falling numbers, the last at least 0, found " + sigmas);
        }
        above = sigma;
      }
    }

    /** What a configuration says. */
    static Points of(SchedulerConfig config) {
      return new Points(
          new TimestepGrid.Spaced(config.timestepSpacing(), 0, config.stepsOffset()),
          list(config, "timesteps"),
          list(config, "sigmas"));
    }

    static List<Double> list(SchedulerConfig config, String field) {
      return Arrays.stream(config.numbers(field).orElse(new double[0])).boxed().toList();
    }

    private double[] timesteps(int trainTimesteps) {
      if (timesteps.isEmpty()) {
        return spaced.positions(trainTimesteps);
      }
      double above = trainTimesteps;
      for (double t : timesteps) {
        if (!(t >= 0 && t < above)) {
          throw new IllegalArgumentException(
              "timesteps: expected falling values from at most %d to 0, found %s"
                  .formatted(trainTimesteps - 1, timesteps));
        }
        above = t;
      }
      return array(timesteps);
    }
  }

  /**
   * The ends of the levels.
   *
   * @param min the smallest freely spaced level; where absent, that of the last timestep
   * @param max the largest; where absent, that of the first timestep
   * @param lastIsMin whether the result keeps the noise of timestep 0, instead of none
   */
  public record Ends(OptionalDouble min, OptionalDouble max, boolean lastIsMin) {
    /** Refuses what is no range. */
    public Ends {
      double low = min.orElse(Double.MIN_NORMAL);
      double high = max.orElse(Double.MAX_VALUE);
      if (!(low > 0 && low < high && high < Double.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException(
            "sigma_min: expected 0 < sigma_min < sigma_max, found " + min + " and " + max);
      }
    }
  }

  /** Refuses timesteps one by one where the levels are chosen first. */
  public SigmaGrid {
    if (spacing.isFree() && !points.timesteps().isEmpty()) {
      throw new IllegalArgumentException(
          "timesteps: expected none where sigmas are spaced anew, found "
              + points.timesteps()
              + " with "
              + spacing);
    }
    if (time == ModelTime.LOG_SIGMA && !points.timesteps().isEmpty()) {
      throw new IllegalArgumentException(
          "timesteps: expected none with timestep_type continuous, found " + points.timesteps());
    }
  }

  /**
   * What a configuration says, over every timestep.
   *
   * @throws IllegalArgumentException naming the field, what was expected and what was found
   */
  public static SigmaGrid of(SchedulerConfig config) {
    boolean continuous = choice(config, "timestep_type", "discrete", "continuous");
    boolean velocity = config.predictionType() == PredictionType.V_PREDICTION;
    return new SigmaGrid(
        Points.of(config),
        choice(config, "interpolation_type", "linear", "log_linear"),
        SigmaSpacing.of(config),
        new Ends(
            config.number("sigma_min"),
            config.number("sigma_max"),
            choice(config, "final_sigmas_type", "zero", "sigma_min")),
        continuous && velocity ? ModelTime.LOG_SIGMA : ModelTime.TIMESTEP);
  }

  /** Whether a field says the second of two words; the first where it says nothing. */
  static boolean choice(SchedulerConfig config, String field, String first, String second) {
    String found = config.string(field).orElse(first);
    if (!found.equals(first) && !found.equals(second)) {
      throw new IllegalArgumentException(
          field + ": expected " + first + " or " + second + ", found \"" + found + "\"");
    }
    return found.equals(second);
  }

  /** The same with timesteps rounded where the levels are Karras's, as DPM2 has it. */
  public SigmaGrid withRoundedKarras() {
    ModelTime rounded = spacing == SigmaSpacing.KARRAS ? ModelTime.ROUNDED : time;
    return new SigmaGrid(points, logLinear, spacing, ends, rounded);
  }

  /** The same with this many evenly spaced points, 0 for T, in place of given ones. */
  public SigmaGrid withSteps(int steps) {
    TimestepGrid.Spaced spaced = points.spaced();
    return new SigmaGrid(
        new Points(
            new TimestepGrid.Spaced(spaced.spacing(), steps, spaced.offset()),
            List.of(),
            List.of()),
        logLinear,
        spacing,
        ends,
        time);
  }

  /**
   * The levels and timesteps over a schedule, one call of the model for each level but the last.
   * Methods with two calls for each step put theirs between these.
   */
  public SamplingGrid over(NoiseSchedule schedule) {
    double[] table = Sigmas.ofSchedule(schedule);
    double[] sigmas;
    double[] timesteps;
    if (!points.sigmas().isEmpty()) {
      sigmas = array(points.sigmas());
      timesteps = Sigmas.timesteps(Arrays.copyOf(sigmas, sigmas.length - 1), table);
    } else {
      timesteps = points.timesteps(schedule.trainTimesteps());
      sigmas = sigmas(timesteps, table);
      if (spacing.isFree()) {
        timesteps = Sigmas.timesteps(sigmas, table);
      }
      sigmas = Sigmas.append(sigmas, ends.lastIsMin() ? table[0] : 0);
    }
    if (time == ModelTime.LOG_SIGMA) {
      timesteps = Sigmas.logTimesteps(Arrays.copyOf(sigmas, sigmas.length - 1));
    } else if (time == ModelTime.ROUNDED) {
      timesteps = Arrays.stream(timesteps).map(Math::rint).toArray();
    }
    if (timesteps.length > 1 && timesteps[0] == timesteps[1]) {
      // The reference cannot tell its first two steps apart then and runs past its table.
      throw new IllegalArgumentException(
          ("sigmas: expected levels of different timesteps (the schedule's end at %s), "
                  + "found %s and %s, both at timestep %s")
              .formatted(table[table.length - 1], sigmas[0], sigmas[1], timesteps[0]));
    }
    double largest = Arrays.stream(sigmas).max().orElseThrow();
    boolean leading = points.spaced().spacing() == TimestepSpacing.LEADING;
    return new SamplingGrid(
        timesteps, sigmas, leading ? Math.sqrt(largest * largest + 1) : largest);
  }

  private double[] sigmas(double[] timesteps, double[] table) {
    int n = timesteps.length;
    double[] sigmas =
        logLinear
            ? Sigmas.exponential(table[0], table[table.length - 1], n + 1)
            : Sigmas.interpolate(timesteps, table);
    if (!spacing.isFree()) {
      return sigmas;
    }
    return spacing.sigmas(
        ends.min().orElse(sigmas[sigmas.length - 1]), ends.max().orElse(sigmas[0]), n);
  }

  static double[] array(List<Double> values) {
    return values.stream().mapToDouble(Double::doubleValue).toArray();
  }
}
