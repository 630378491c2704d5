package io.ddpm4j.runtime.sampling;

import io.ddpm4j.runtime.model.EpsilonModel;
import io.ddpm4j.runtime.schedule.FlowGrid;
import io.ddpm4j.runtime.schedule.NoiseLevels;
import io.ddpm4j.runtime.schedule.NoisePath;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.SamplingGrid;
import io.ddpm4j.runtime.schedule.SchedulerConfig;

/**
 * Heun's method along the velocity v = ε - x_0 that a flow matching model predicts (Lipman et al.
 * 2023; Karras et al. 2022, algorithm 2). Two calls of the model for each step but the last, which
 * is Euler's.
 *
 * @param flowGrid the levels of the steps
 * @param churn the noise before steps; where a step gets any, its second call draws too, as in the
 *     reference, to no effect
 */
public record FlowMatchHeunSampler(FlowGrid flowGrid, Churn churn) implements Sampler {
  static final String NAME = "flow_match_heun";

  /** What a configuration says, over T steps. */
  public static FlowMatchHeunSampler of(SchedulerConfig config) {
    return new FlowMatchHeunSampler(FlowGrid.of(config), Churn.of(config));
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public FlowMatchHeunSampler withSteps(int steps) {
    return new FlowMatchHeunSampler(flowGrid.withSteps(steps), churn);
  }

  @Override
  public SamplingGrid grid(NoiseSchedule schedule) {
    return flowGrid.over(schedule.trainTimesteps()).withCallsAtEnds();
  }

  @Override
  public NoiseLevels levels(NoiseSchedule schedule) {
    return NoiseLevels.ofPath(NoisePath.FLOW, flowGrid.over(schedule.trainTimesteps()).sigmas())
        .withCallsAtEnds();
  }

  @Override
  public void sample(EpsilonModel model, NoiseSchedule schedule, SamplingRun run) {
    SamplingGrid grid = grid(schedule);
    double[] timesteps = grid.timesteps();
    double[] sigmas = grid.sigmas();
    int calls = timesteps.length;
    Clipping none = new Clipping.None();
    float[] start = run.buffer(0);
    float[] slope = run.buffer(1);
    float[] x = run.x();
    int first = run.start(levels(schedule), 1);
    for (int call = 2 * first; call < calls; call++) {
      float[] velocity = run.predict(model, timesteps[call]);
      double sigma = sigmas[call];
      if (call % 2 == 0) {
        double raised = churn.raise(run, sigma, calls);
        run.predictX0(none, 1, -sigma, velocity);
        System.arraycopy(x, 0, start, 0, x.length);
        Vectors.combine(slope, sigma / raised, velocity);
        Vectors.combine(x, 1, start, sigmas[call + 1] - raised, slope);
      } else {
        double from = sigmas[call - 1];
        double gamma = churn.gamma(from, calls);
        run.predictX0(none, 1, -sigma, velocity);
        if (gamma > 0) {
          run.nextNoise();
        }
        double half = (sigma - from * (gamma + 1)) / 2;
        Vectors.combine(x, 1, start, half, slope, half, velocity);
      }
      run.stepDone(call, calls, timesteps[call]);
    }
  }
}
