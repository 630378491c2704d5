package io.ddpm4j.runtime.schedule;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/** The timesteps that a sampler visits, from noise to image. */
public sealed interface TimestepGrid {

  /**
   * The timesteps over a schedule of {@code trainTimesteps}, strictly falling, each in 0 to T-1.
   *
   * @throws IllegalArgumentException if they do not fit that schedule
   */
  int[] timesteps(int trainTimesteps);

  /**
   * What a configuration says: {@code timesteps} one by one or {@code timestep_respacing},
   * otherwise every timestep.
   *
   * @throws IllegalArgumentException if it says both, or what is no such thing
   */
  static TimestepGrid of(SchedulerConfig config) {
    Optional<String> respacing = config.timestepRespacing();
    if (respacing.isPresent()) {
      if (config.isSet("timesteps")) {
        throw new IllegalArgumentException(
            "timestep_respacing: expected it without timesteps, found both");
      }
      return new Respaced(respacing.get());
    }
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

  /** What a configuration of a distilled model's class says: {@link Distilled}. */
  static Distilled distilled(SchedulerConfig config) {
    return new Distilled(
        config.integer("original_inference_steps", 50),
        config.flag("any_timestep", false),
        config.number("strength", 1),
        0,
        Arrays.stream(config.numbers("timesteps").orElse(new double[0]))
            .mapToObj(TimestepGrid::whole)
            .toList());
  }

  /**
   * The same spacing with another number of steps; custom and respaced timesteps give way to
   * leading ones.
   */
  default TimestepGrid withSteps(int steps) {
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
    public Spaced withSteps(int count) {
      return new Spaced(spacing, count, offset);
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

  /**
   * A schedule cut into equal sections of which each gives some timesteps, both its ends included:
   * the {@code timestep_respacing} of Nichol and Dhariwal 2021. A text such as {@code "10,10,10"}
   * holds the count of each section, {@code "250"} is one section, and {@code "ddim25"} is every
   * (T/25)-th timestep from 0.
   *
   * @param sections the text
   */
  record Respaced(String sections) implements TimestepGrid {
    private static final String STRIDED = "ddim";

    /** Refuses what is no such text. */
    public Respaced {
      if (!sections.strip().matches(STRIDED + "[0-9]{1,6}|[0-9]{1,6}(\\s*,\\s*[0-9]{1,6})*")) {
        throw new IllegalArgumentException(
            "respacing: expected counts such as 10,10,10 or 250, or ddim25, found " + sections);
      }
      sections = sections.strip();
    }

    @Override
    public int[] timesteps(int trainTimesteps) {
      IntStream rising =
          sections.startsWith(STRIDED)
              ? strided(trainTimesteps, Integer.parseInt(sections.substring(STRIDED.length())))
              : sectioned(
                  trainTimesteps,
                  Arrays.stream(sections.split("\\s*,\\s*")).mapToInt(Integer::parseInt).toArray());
      int[] timesteps = rising.boxed().sorted(Comparator.reverseOrder()).mapToInt(t -> t).toArray();
      if (timesteps.length == 0) {
        throw new IllegalArgumentException(
            "respacing: expected at least one timestep, found " + sections);
      }
      return timesteps;
    }

    private static IntStream strided(int trainTimesteps, int count) {
      for (int stride = 1; stride < trainTimesteps; stride++) {
        if ((trainTimesteps + stride - 1) / stride == count) {
          int step = stride;
          return IntStream.range(0, count).map(i -> i * step);
        }
      }
      throw new IllegalArgumentException(
          "respacing: expected a count of multiples of a whole stride below %d, found ddim%d"
              .formatted(trainTimesteps, count));
    }

    private static IntStream sectioned(int trainTimesteps, int[] counts) {
      IntStream timesteps = IntStream.empty();
      int start = 0;
      for (int i = 0; i < counts.length; i++) {
        int size = trainTimesteps / counts.length + (i < trainTimesteps % counts.length ? 1 : 0);
        if (counts[i] > size) {
          throw new IllegalArgumentException(
              "respacing: expected at most %d timesteps in section %d, found %d"
                  .formatted(size, i, counts[i]));
        }
        double stride = counts[i] > 1 ? (size - 1.0) / (counts[i] - 1) : 1;
        int from = start;
        // Summed up as the reference does: products would round some timesteps differently.
        timesteps =
            IntStream.concat(
                timesteps,
                DoubleStream.iterate(0, position -> position + stride)
                    .limit(counts[i])
                    .mapToInt(position -> from + (int) Math.rint(position)));
        start += size;
      }
      return timesteps;
    }
  }

  /**
   * The timesteps of a model distilled over an even grid (Luo et al. 2023, §4.3): evenly spaced
   * entries of k·i - 1 for i = 1 to the number of distillation steps, k = ⌊T/original steps⌋.
   *
   * @param originalSteps how many timesteps the model was distilled over
   * @param anyTimestep whether the entries are those of the whole schedule instead (in diffusers: a
   *     call of TCD's {@code set_timesteps} that names the original steps)
   * @param strength the part of the way that is gone, above 0 and at most 1: below 1 the run starts
   *     from less noise
   * @param steps how many; 0 for all of them
   * @param values timesteps given one by one, in their place; empty if they are not
   */
  record Distilled(
      int originalSteps, boolean anyTimestep, double strength, int steps, List<Integer> values)
      implements TimestepGrid {
    /** Refuses numbers out of range. */
    public Distilled {
      values = List.copyOf(values);
      if (originalSteps < 1) {
        throw new IllegalArgumentException(
            "original_inference_steps: expected at least 1, found " + originalSteps);
      }
      if (!(strength > 0 && strength <= 1)) {
        throw new IllegalArgumentException(
            "strength: expected a number above 0 and at most 1, found " + strength);
      }
      if (steps < 0) {
        throw new IllegalArgumentException("steps: expected at least 1, found " + steps);
      }
    }

    @Override
    public Distilled withSteps(int count) {
      return new Distilled(originalSteps, anyTimestep, strength, count, List.of());
    }

    @Override
    public int[] timesteps(int trainTimesteps) {
      if (!values.isEmpty()) {
        int[] all = new Custom(values).timesteps(trainTimesteps);
        int kept = (int) (all.length * strength);
        checkSteps(kept, all.length);
        return Arrays.copyOfRange(all, all.length - kept, all.length);
      }
      if (originalSteps > trainTimesteps) {
        throw new IllegalArgumentException(
            "original_inference_steps: expected at most %d (the schedule's length), found %d"
                .formatted(trainTimesteps, originalSteps));
      }
      int k = anyTimestep ? 1 : trainTimesteps / originalSteps;
      int available = (int) ((anyTimestep ? trainTimesteps : originalSteps) * strength);
      int limit = Math.min(available, originalSteps);
      int count = steps == 0 ? limit : steps;
      checkSteps(count, limit);
      double stride = (double) available / count;
      return IntStream.range(0, count).map(i -> k * (available - (int) (i * stride)) - 1).toArray();
    }

    private void checkSteps(int count, int available) {
      if (count < 1 || count > available) {
        throw new IllegalArgumentException(
            "steps: expected 1 to %d (the distillation's steps times strength), found %d"
                .formatted(available, count));
      }
    }
  }
}
