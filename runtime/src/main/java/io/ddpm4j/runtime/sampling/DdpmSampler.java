package io.ddpm4j.runtime.sampling;

import io.ddpm4j.runtime.model.EpsilonModel;
import io.ddpm4j.runtime.schedule.NoiseLevels;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.SamplingGrid;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import io.ddpm4j.runtime.schedule.TimestepGrid;
import io.ddpm4j.runtime.schedule.VarianceType;

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
    implements Sampler {
  static final String NAME = "ddpm";
  private static final double MIN_VARIANCE = 1e-20;

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
  public void sample(EpsilonModel model, NoiseSchedule schedule, SamplingRun run) {
    int[] timesteps = timestepGrid.timesteps(schedule.trainTimesteps());
    denoising.check(schedule, timesteps);
    float[] x = run.x();
    float[] x0 = run.predictedX0();
    int first = run.start(levels(schedule), 1); // algorithm 2, line 1
    for (int step = first; step < timesteps.length; step++) {
      int t = timesteps[step];
      int previous = step + 1 < timesteps.length ? timesteps[step + 1] : -1;
      float[] output = run.predict(model, t);
      run.predictX0(denoising, schedule, t, output);
      double weightX0 = schedule.posteriorMeanX0(t, previous);
      double weightXt = schedule.posteriorMeanXt(t, previous);
      if (t > 0 && !varianceType.isLearned()) {
        double sigma = Math.sqrt(schedule.variance(varianceType, t, previous));
        Vectors.combine(x, weightX0, x0, weightXt, x, sigma, run.nextNoise()); // line 3
      } else {
        Vectors.combine(x, weightX0, x0, weightXt, x); // eq. 7
        if (t > 0) {
          addLearnedNoise(schedule, t, previous, output, run);
        }
      }
      run.stepDone(step, timesteps.length, t);
    }
  }

  private void addLearnedNoise(
      NoiseSchedule schedule, int t, int previous, float[] output, SamplingRun run) {
    float[] x = run.x();
    float[] z = run.nextNoise();
    double logSmall = Math.log(schedule.variance(VarianceType.FIXED_SMALL, t, previous));
    double logLarge = Math.log(schedule.variance(VarianceType.FIXED_LARGE, t, previous));
    int elements = run.elements();
    for (int i = 0; i < x.length; i++) {
      double v = output[i / elements * run.stride() + elements + i % elements];
      double sigma =
          varianceType == VarianceType.LEARNED
              ? Math.sqrt(Math.max(v, MIN_VARIANCE))
              : Math.exp(0.5 * ((v + 1) / 2 * (logLarge - logSmall) + logSmall)); // Nichol, eq. 15
      x[i] += (float) (sigma * z[i]);
    }
  }
}
