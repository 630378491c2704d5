package io.ddpm4j.runtime.sampling;

import io.ddpm4j.runtime.schedule.SchedulerConfig;

/**
 * Makes a sampler that fits a model: what it predicts and how to clip stand in its configuration.
 */
@FunctionalInterface
public interface SamplerFactory {

  /** The sampler for a model of this configuration. */
  Sampler create(SchedulerConfig config);
}
