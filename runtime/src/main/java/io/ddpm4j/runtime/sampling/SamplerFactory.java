package io.ddpm4j.runtime.sampling;

import io.ddpm4j.runtime.schedule.SchedulerConfig;

/**
 * Makes a sampler that fits a model: what it predicts and how to clip stand in its configuration.
 */
@FunctionalInterface
public interface SamplerFactory {

  /** The sampler for a model of this configuration. */
  Sampler create(SchedulerConfig config);

  /**
   * The configuration from which {@link #create} makes the sampler: its schedule is the one that is
   * sampled with, and pictures carry it. Here it is the model's own.
   */
  default SchedulerConfig configuration(SchedulerConfig model) {
    return model;
  }
}
