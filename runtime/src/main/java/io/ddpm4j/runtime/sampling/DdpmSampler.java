package io.ddpm4j.runtime.sampling;

import io.ddpm4j.runtime.schedule.NoiseLevels;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.SamplingGrid;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import io.ddpm4j.runtime.schedule.TimestepGrid;
import io.ddpm4j.runtime.schedule.VarianceType;
import java.util.ArrayList;
import java.util.List;

/**
 * Ancestral sampling (Ho et al. 2020, algorithm 2), also over fewer timesteps than the model was
 * trained with: each step draws from the posterior q(x_previous | x_t, x̂_0).
 *
 * <p>Noise is drawn at every step with t &gt; 0. On the way to x_0 that is none where the timesteps
 * end at 0, as they do by default.
 *
 * @param denoising from the network's output to x̂_0
 * @param varianceType σ_t²
 * @param timestepGrid the timesteps
 */
public record DdpmSampler(Denoising denoising, VarianceType varianceType, TimestepGrid timestepGrid)
    implements LinearSampler {
  static final String NAME = "ddpm";

  /** What a configuration says, over every timestep. */
  public static DdpmSampler of(SchedulerConfig config) {
    return new DdpmSampler(Denoising.of(config), config.varianceType(), TimestepGrid.of(config));
  }

  @Override
  public String name() {
    return NAME;
  }

  /** The same sampler; custom timesteps give way to leading spacing. */
  @Override
  public DdpmSampler withSteps(int steps) {
    return withGrid(timestepGrid.withSteps(steps));
  }

  /** The same sampler over other timesteps. */
  public DdpmSampler withGrid(TimestepGrid timesteps) {
    return new DdpmSampler(denoising, varianceType, timesteps);
  }

  @Override
  public SamplingGrid grid(NoiseSchedule schedule) {
    return SamplingGrid.ofTimesteps(timestepGrid.timesteps(schedule.trainTimesteps()));
  }

  @Override
  public boolean learnsVariance() {
    return varianceType.isLearned();
  }

  @Override
  public NoiseLevels levels(NoiseSchedule schedule) {
    return NoiseLevels.ofTimesteps(schedule, timestepGrid.timesteps(schedule.trainTimesteps()));
  }

  @Override
  public StepTable table(NoiseSchedule schedule, int first) {
    int[] timesteps = timestepGrid.timesteps(schedule.trainTimesteps());
    denoising.check(schedule, timesteps);
    List<LinearStep> steps = new ArrayList<>();
    for (int step = first; step < timesteps.length; step++) {
      int t = timesteps[step];
      int previous = step + 1 < timesteps.length ? timesteps[step + 1] : -1;
      steps.add(
          LinearStep.of(
              t,
              Parameterization.of(denoising.predictionType(), schedule.alphaCumprod(t)).x0(),
              StepWeights.ofX0( // algorithm 2, line 4, as eq. 7 has it
                  schedule.posteriorMeanXt(t, previous), schedule.posteriorMeanX0(t, previous)),
              noise(schedule, t, previous)));
    }
    return new StepTable(1, denoising.clipping(), steps);
  }

  private StepNoise noise(NoiseSchedule schedule, int t, int previous) {
    if (t == 0) {
      return StepNoise.NONE;
    }
    return switch (varianceType) {
      case LEARNED -> StepNoise.learned();
      case LEARNED_RANGE ->
          StepNoise.learnedRange(
              Math.sqrt(schedule.variance(VarianceType.FIXED_SMALL, t, previous)),
              Math.sqrt(schedule.variance(VarianceType.FIXED_LARGE, t, previous)));
      default -> StepNoise.after(Math.sqrt(schedule.variance(varianceType, t, previous)));
    };
  }
}
