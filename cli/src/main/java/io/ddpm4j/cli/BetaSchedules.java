package io.ddpm4j.cli;

import io.ddpm4j.runtime.DiffusionPipeline;
import io.ddpm4j.runtime.schedule.SchedulerConfig;

/** What only networks have that were trained with a schedule of betas. */
final class BetaSchedules {
  private BetaSchedules() {}

  /**
   * Refuses a model whose scheduler class has no betas: with DDPM's default ones in their place a
   * figure would be of another model.
   *
   * @param option that asks for what needs them
   */
  static void require(String option, DiffusionPipeline pipeline) {
    SchedulerConfig config = pipeline.schedulerConfig();
    if (!config.hasBetas()) {
      throw new UsageException(
          "%s: expected a model with a schedule of betas, found %s; betas that it was trained with all the same can be given with --scheduler FILE or --schedule NAME"
              .formatted(option, config.className()));
    }
  }
}
