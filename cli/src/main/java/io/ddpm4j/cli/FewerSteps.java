package io.ddpm4j.cli;

import io.ddpm4j.runtime.sampling.Sampler;
import io.ddpm4j.runtime.sampling.SamplerFactory;
import io.ddpm4j.runtime.schedule.SchedulerConfig;

/**
 * A method with a number of steps of its own where the user says none.
 *
 * @param most the steps, or all of a model with fewer timesteps
 */
record FewerSteps(SamplerFactory method, int most) implements SamplerFactory {
  @Override
  public Sampler create(SchedulerConfig model) {
    SchedulerConfig used = configuration(model);
    return method.create(model).withSteps(Math.min(most, used.trainTimesteps()));
  }

  @Override
  public SchedulerConfig configuration(SchedulerConfig model) {
    return method.configuration(model);
  }
}
