package io.ddpm4j.runtime.sampling;

import io.ddpm4j.runtime.schedule.BetaSchedule;
import io.ddpm4j.runtime.schedule.NoiseLevels;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.PredictionType;
import io.ddpm4j.runtime.schedule.SamplingGrid;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import io.ddpm4j.runtime.schedule.TimestepGrid;
import io.ddpm4j.runtime.schedule.TimestepSpacing;
import io.ddpm4j.runtime.schedule.VarianceType;

/**
 * Ancestral sampling as unCLIP's prior and decoder do it (Ramesh et al. 2022): {@link DdpmSampler}
 * over timesteps that include both ends of a cosine schedule, for networks that predict ε or x_0.
 *
 * @param ancestral the sampler, of variance {@code fixed_small_log} or {@code learned_range}
 */
public record UnclipSampler(DdpmSampler ancestral) implements LinearSampler {
  static final String NAME = "unclip";

  /** Refuses what the method does not know. */
  public UnclipSampler {
    PredictionType type = ancestral.denoising().predictionType();
    if (type != PredictionType.EPSILON && type != PredictionType.SAMPLE) {
      throw new IllegalArgumentException(
          "prediction_type: expected epsilon or sample, found " + type.label());
    }
    VarianceType variance = ancestral.varianceType();
    if (variance != VarianceType.FIXED_SMALL_LOG && variance != VarianceType.LEARNED_RANGE) {
      throw new IllegalArgumentException(
          "variance_type: expected fixed_small_log or learned_range, found " + variance.label());
    }
    if (ancestral.timestepGrid() instanceof TimestepGrid.Spaced spaced && spaced.steps() == 1) {
      throw new IllegalArgumentException(
          "steps: expected at least 2, both ends of the schedule, found 1");
    }
  }

  /** What a configuration says, over every timestep. */
  public static UnclipSampler of(SchedulerConfig config) {
    if (config.betaSchedule() != BetaSchedule.SQUAREDCOS_CAP_V2) {
      throw new IllegalArgumentException(
          "beta_schedule: expected squaredcos_cap_v2, found " + config.betaSchedule().label());
    }
    DdpmSampler sampler = DdpmSampler.of(config);
    return new UnclipSampler(
        config.numbers("timesteps").isPresent() ? sampler : sampler.withGrid(evenly(0)));
  }

  private static TimestepGrid evenly(int steps) {
    return new TimestepGrid.Spaced(TimestepSpacing.LINSPACE, steps, 0);
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public UnclipSampler withSteps(int steps) {
    return new UnclipSampler(ancestral.withGrid(evenly(steps)));
  }

  @Override
  public SamplingGrid grid(NoiseSchedule schedule) {
    return ancestral.grid(schedule);
  }

  @Override
  public boolean learnsVariance() {
    return ancestral.learnsVariance();
  }

  @Override
  public NoiseLevels levels(NoiseSchedule schedule) {
    return ancestral.levels(schedule);
  }

  @Override
  public StepTable table(NoiseSchedule schedule, int first) {
    return ancestral.table(schedule, first);
  }
}
