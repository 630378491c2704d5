package io.ddpm4j.runtime.sampling;

import io.ddpm4j.runtime.model.EpsilonModel;
import io.ddpm4j.runtime.schedule.FlowGrid;
import io.ddpm4j.runtime.schedule.NoiseLevels;
import io.ddpm4j.runtime.schedule.NoisePath;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.SamplingGrid;
import io.ddpm4j.runtime.schedule.SchedulerConfig;

/**
 * Euler's method along the velocity v = ε - x_0 that a flow matching model predicts (Lipman et al.
 * 2023; Esser et al. 2024).
 *
 * @param flowGrid the levels
 * @param stochastic whether each step predicts x_0 and adds fresh noise up to the next level,
 *     instead: one draw for each step, the last included
 */
public record FlowMatchEulerSampler(FlowGrid flowGrid, boolean stochastic) implements Sampler {
  static final String NAME = "flow_match_euler";

  /** What a configuration says, over T steps. */
  public static FlowMatchEulerSampler of(SchedulerConfig config) {
    return new FlowMatchEulerSampler(
        FlowGrid.of(config), config.flag("stochastic_sampling", false));
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public FlowMatchEulerSampler withSteps(int steps) {
    return new FlowMatchEulerSampler(flowGrid.withSteps(steps), stochastic);
  }

  @Override
  public SamplingGrid grid(NoiseSchedule schedule) {
    return flowGrid.over(schedule.trainTimesteps());
  }

  @Override
  public NoiseLevels levels(NoiseSchedule schedule) {
    return NoiseLevels.ofPath(NoisePath.FLOW, grid(schedule).sigmas());
  }

  @Override
  public void sample(EpsilonModel model, NoiseSchedule schedule, SamplingRun run) {
    SamplingGrid grid = grid(schedule);
    double[] timesteps = grid.timesteps();
    double[] sigmas = grid.sigmas();
    Clipping none = new Clipping.None();
    int first = run.start(levels(schedule), 1);
    for (int step = first; step < timesteps.length; step++) {
      float[] velocity = run.predict(model, timesteps[step]);
      double next = sigmas[step + 1];
      run.predictX0(none, 1, -sigmas[step], velocity);
      if (stochastic) {
        Vectors.combine(run.x(), 1 - next, run.predictedX0(), next, run.nextNoise());
      } else {
        Vectors.combine(run.x(), 1, run.x(), next - sigmas[step], velocity);
      }
      run.stepDone(step, timesteps.length, timesteps[step]);
    }
  }
}
