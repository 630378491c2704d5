package io.ddpm4j.runtime.sampling;

import io.ddpm4j.runtime.model.EpsilonModel;
import io.ddpm4j.runtime.schedule.NoiseSchedule;

/**
 * A method whose steps are weighted sums with weights that are known before a run: it is a {@link
 * StepTable}, which other programs can follow as well.
 */
public interface LinearSampler extends Sampler {

  /**
   * The steps of a run over this schedule.
   *
   * @param first the step that the run begins with, 0 for one from noise: methods that look back
   *     have nothing to look back at there
   * @throws IllegalArgumentException if what the network predicts leaves x_0 infinite
   */
  StepTable table(NoiseSchedule schedule, int first);

  @Override
  default void sample(EpsilonModel model, NoiseSchedule schedule, SamplingRun run) {
    LinearRun.sample(this, model, schedule, run);
  }
}
