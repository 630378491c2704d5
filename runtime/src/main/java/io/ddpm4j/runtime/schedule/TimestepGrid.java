package io.ddpm4j.runtime.schedule;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** The timesteps that a sampler visits, from noise to image. */
public sealed interface TimestepGrid {

  /**
   * The timesteps over a schedule of {@code trainTimesteps}, strictly falling, each in 0 to T-1.
   *
   * @throws IllegalArgumentException if they do not fit that schedule
   */
  int[] timesteps(int trainTimesteps);

  /** What a configuration says: {@code timesteps} one by one, otherwise every timestep. */
  static TimestepGrid of(SchedulerConfig config) {
    return config
        .numbers("timesteps")
        .<TimestepGrid>map(
            values -> new Custom(Arrays.stream(values).mapToObj(TimestepGrid::whole).toList()))
        .orElseGet(() -> new Spaced(config.timestepSpacing(), 0, config.stepsOffset()));
  }

  private static int whole(double value) {
    if (value != (int) value) {
      throw new IllegalArgumentException("timesteps: expected whole numbers, found " + value);
    }
    return (int) value;
  }

  /** The same spacing with another number of steps; custom timesteps give way to leading ones. */
  default TimestepGrid withSteps(int steps) {
    if (this instanceof Spaced spaced) {
      return new Spaced(spaced.spacing(), steps, spaced.offset());
    }
    return steps == 0 ? all() : new Spaced(TimestepSpacing.LEADING, steps, 0);
  }

  /** Every timestep: T-1, ..., 0. */
  static TimestepGrid all() {
    return new Spaced(TimestepSpacing.LEADING, 0, 0);
  }

  /**
   * Evenly spaced timesteps.
   *
   * @param steps how many; 0 for every timestep of the schedule
   * @param offset added to every timestep by {@link TimestepSpacing#LEADING}
   */
  record Spaced(TimestepSpacing spacing, int steps, int offset) implements TimestepGrid {
    /** Refuses a negative number of steps. */
    public Spaced {
      if (steps < 0) {
        throw new IllegalArgumentException("steps: expected at least 1, found " + steps);
      }
    }

    @Override
    public int[] timesteps(int trainTimesteps) {
      if (steps == 0) {
        return IntStream.range(0, trainTimesteps).map(i -> trainTimesteps - 1 - i).toArray();
      }
      return Custom.checked(spacing.timesteps(trainTimesteps, steps, offset), trainTimesteps);
    }

    /** The timesteps as {@link TimestepSpacing#positions} has them, T of them for 0 steps. */
    double[] positions(int trainTimesteps) {
      return spacing.positions(trainTimesteps, steps == 0 ? trainTimesteps : steps, offset);
    }
  }

  /** Timesteps given one by one. */
  record Custom(List<Integer> values) implements TimestepGrid {
    /** Copies the list. */
    public Custom {
      values = List.copyOf(values);
      if (values.isEmpty()) {
        throw new IllegalArgumentException("timesteps: expected at least one, found none");
      }
    }

    @Override
    public int[] timesteps(int trainTimesteps) {
      return checked(values.stream().mapToInt(Integer::intValue).toArray(), trainTimesteps);
    }

    private static int[] checked(int[] timesteps, int trainTimesteps) {
      int above = trainTimesteps;
      for (int t : timesteps) {
        if (t < 0 || t >= above) {
          throw new IllegalArgumentException(
              "timesteps: expected falling values from at most "
                  + (trainTimesteps - 1)
                  + " to 0, found "
                  + t
                  + (above == trainTimesteps ? "" : " after " + above));
        }
        above = t;
      }
      return timesteps;
    }
  }
}
