package io.ddpm4j.runtime.sampling;

import io.ddpm4j.runtime.model.EpsilonModel;
import io.ddpm4j.runtime.schedule.NoiseLevels;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.SamplingGrid;
import java.util.Optional;

/**
 * A reverse process: turns noise into images. Immutable and thread-safe; what one run needs lives
 * in its {@link SamplingRun} and on the stack of {@link #sample}.
 */
public interface Sampler {

  /** The method's name, as {@link Samplers#named} knows it. */
  String name();

  /** The same method with this many steps; 0 for every timestep of the schedule. */
  Sampler withSteps(int steps);

  /** Where a run over this schedule calls the model; methods without betas ignore the schedule. */
  SamplingGrid grid(NoiseSchedule schedule);

  /**
   * How image and noise are mixed in x before each step of a run over this schedule: what starting
   * from an image and keeping known pixels need.
   */
  NoiseLevels levels(NoiseSchedule schedule);

  /**
   * How many times a run over this schedule reports to a listener: as many as its grid is long.
   * That is once for each call of the model, so once for each step of most methods, and twice for
   * each but the last of {@code heun}: 39 for 20 steps. {@code repaint} reports its steps back to
   * more noise, too, which call no model. How many steps there are say the {@link #levels}.
   */
  default int steps(NoiseSchedule schedule) {
    return grid(schedule).steps();
  }

  /** Whether the model's output must hold a learned variance: twice the image's channels. */
  default boolean learnsVariance() {
    return false;
  }

  /**
   * Whether what the model is told are timesteps of the schedule, or numbers between two of them: a
   * network that takes whole timesteps alone is then told the nearest. Otherwise it is told a noise
   * level, which it has to take as it is.
   */
  default boolean tellsTimesteps() {
    return true;
  }

  /** Whether a run goes from an image to noise. */
  default boolean isInverse() {
    return false;
  }

  /** Whether a run can start from an image in the middle of the way; otherwise it takes noise. */
  default boolean startsFromImages() {
    return true;
  }

  /**
   * What a user should know before a run over this schedule, in a sentence; empty if there is
   * nothing.
   */
  default Optional<String> warning(NoiseSchedule schedule) {
    return Optional.empty();
  }

  /**
   * Runs the whole reverse process; afterwards {@link SamplingRun#x} holds x_0.
   *
   * @throws java.util.concurrent.CancellationException if the run was cancelled
   */
  void sample(EpsilonModel model, NoiseSchedule schedule, SamplingRun run);
}
