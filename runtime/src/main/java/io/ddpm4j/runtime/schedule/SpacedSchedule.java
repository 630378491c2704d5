package io.ddpm4j.runtime.schedule;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * A schedule over some of the timesteps of another, as OpenAI's {@code SpacedDiffusion}: a chain of
 * fewer and larger steps, for which the network is told the timesteps that it was trained on.
 *
 * @param timesteps of the whole schedule, rising; index i is timestep i of {@code schedule}
 * @param schedule over them, its betas derived from the ᾱ that are kept
 */
public record SpacedSchedule(int[] timesteps, NoiseSchedule schedule) {
  /** Copies the array. */
  public SpacedSchedule {
    if (timesteps.length != schedule.trainTimesteps()) {
      throw new IllegalArgumentException(
          "timesteps: expected as many as the schedule has, %d, found %d"
              .formatted(schedule.trainTimesteps(), timesteps.length));
    }
    timesteps = timesteps.clone();
  }

  /** Every timestep: the schedule itself. */
  public static SpacedSchedule all(NoiseSchedule schedule) {
    return new SpacedSchedule(IntStream.range(0, schedule.trainTimesteps()).toArray(), schedule);
  }

  /**
   * The timesteps of a grid, such as {@link TimestepGrid.Respaced}.
   *
   * @throws IllegalArgumentException if they do not fit the schedule
   */
  public static SpacedSchedule of(NoiseSchedule schedule, TimestepGrid grid) {
    int[] falling = grid.timesteps(schedule.trainTimesteps());
    int[] rising = Arrays.stream(falling).sorted().toArray();
    return new SpacedSchedule(rising, schedule.respaced(rising));
  }

  /** How many timesteps are kept. */
  public int steps() {
    return timesteps.length;
  }

  /** The timestep of the whole schedule that the network is told. */
  public int timestep(int index) {
    return timesteps[index];
  }

  /** A copy of all of them. */
  @Override
  public int[] timesteps() {
    return timesteps.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof SpacedSchedule that
        && Arrays.equals(timesteps, that.timesteps)
        && schedule.equals(that.schedule);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(timesteps) + schedule.hashCode();
  }

  @Override
  public String toString() {
    return "SpacedSchedule[%d of timesteps up to %d, %s]"
        .formatted(steps(), timesteps[steps() - 1], schedule);
  }
}
