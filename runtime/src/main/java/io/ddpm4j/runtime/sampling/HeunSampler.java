package io.ddpm4j.runtime.sampling;

import io.ddpm4j.runtime.model.EpsilonModel;
import io.ddpm4j.runtime.schedule.NoiseLevels;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.SamplingGrid;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import io.ddpm4j.runtime.schedule.SigmaGrid;

/**
 * Heun's method along dx/dσ = (x - x_0)/σ: Euler's step, then the mean of the slopes at both its
 * ends (Karras et al. 2022, algorithm 1). Two calls of the model for each step but the last, which
 * is Euler's.
 *
 * @param denoising from the network's output to x̂_0
 * @param sigmaGrid the noise levels of the steps
 */
public record HeunSampler(SigmaDenoising denoising, SigmaGrid sigmaGrid) implements SigmaMethod {
  static final String NAME = "heun";

  /** What a configuration says, over every timestep. */
  public static HeunSampler of(SchedulerConfig config) {
    return new HeunSampler(
        new SigmaDenoising(config.predictionType(), Clipping.of(config)), SigmaGrid.of(config));
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public HeunSampler withSteps(int steps) {
    return new HeunSampler(denoising, sigmaGrid.withSteps(steps));
  }

  @Override
  public SamplingGrid grid(NoiseSchedule schedule) {
    return sigmaGrid.over(schedule).withCallsAtEnds();
  }

  @Override
  public NoiseLevels levels(NoiseSchedule schedule) {
    return SigmaMethod.super.levels(schedule).withCallsAtEnds();
  }

  @Override
  public void sample(EpsilonModel model, NoiseSchedule schedule, SamplingRun run) {
    SamplingGrid grid = grid(schedule);
    double[] timesteps = grid.timesteps();
    double[] sigmas = grid.sigmas();
    float[] start = run.buffer(0);
    float[] firstX0 = run.buffer(1);
    float[] x = run.x();
    float[] x0 = run.predictedX0();
    int first = run.start(levels(schedule), grid.initNoiseSigma());
    for (int call = 2 * first; call < timesteps.length; call++) {
      double sigma = sigmas[call];
      denoising.denoise(model, run, timesteps[call], sigma);
      if (call % 2 == 0) {
        System.arraycopy(x, 0, start, 0, x.length);
        System.arraycopy(x0, 0, firstX0, 0, x.length);
        SigmaSteps.euler(x, x, x0, sigma, sigmas[call + 1]); // algorithm 1, lines 4 and 5
      } else {
        double from = sigmas[call - 1];
        double a = (sigma - from) / (2 * from);
        double b = (sigma - from) / (2 * sigma);
        Vectors.combine(x, 1 + a, start, -a, firstX0, b, x, -b, x0); // lines 7 and 8
      }
      run.stepDone(call, timesteps.length, timesteps[call]);
    }
  }
}
