package io.ddpm4j.runtime.sampling;

import io.ddpm4j.runtime.model.EpsilonModel;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.SamplingGrid;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import io.ddpm4j.runtime.schedule.SigmaGrid;

/**
 * Ancestral sampling in terms of σ: Euler's step to σ_down = σ_to²/σ_from, then noise of deviation
 * σ_up up to σ_to (Song et al. 2021, appendix F; Crowson's k-diffusion). Noise is drawn at every
 * step, the last included.
 *
 * @param denoising from the network's output to x̂_0; ε or v
 * @param sigmaGrid the noise levels
 */
public record EulerAncestralSampler(SigmaDenoising denoising, SigmaGrid sigmaGrid)
    implements SigmaMethod {
  static final String NAME = "euler_ancestral";

  /** What a configuration says, over every timestep. */
  public static EulerAncestralSampler of(SchedulerConfig config) {
    return new EulerAncestralSampler(SigmaDenoising.ofNoise(config), SigmaGrid.of(config));
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public EulerAncestralSampler withSteps(int steps) {
    return new EulerAncestralSampler(denoising, sigmaGrid.withSteps(steps));
  }

  @Override
  public void sample(EpsilonModel model, NoiseSchedule schedule, SamplingRun run) {
    SamplingGrid grid = grid(schedule);
    double[] timesteps = grid.timesteps();
    double[] sigmas = grid.sigmas();
    int first = run.start(levels(schedule), grid.initNoiseSigma());
    for (int step = first; step < timesteps.length; step++) {
      denoising.denoise(model, run, timesteps[step], sigmas[step]);
      SigmaSteps.ancestral(run, run.x(), sigmas[step], sigmas[step + 1], 1);
      run.stepDone(step, timesteps.length, timesteps[step]);
    }
  }
}
