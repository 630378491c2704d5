package io.ddpm4j.runtime.sampling;

import io.ddpm4j.runtime.model.EpsilonModel;
import io.ddpm4j.runtime.schedule.NoiseLevels;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.SamplingGrid;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import io.ddpm4j.runtime.schedule.SigmaGrid;
import io.ddpm4j.runtime.schedule.Sigmas;

/**
 * Stochastic DPM-Solver++ with the midpoint in log σ (Lu et al. 2022, in the form of Crowson's
 * k-diffusion): an ancestral step to the midpoint, where the model predicts the x_0 of an ancestral
 * step over the whole distance. Two calls of the model and two draws of noise for each step but the
 * last, which is Euler's.
 *
 * <p>The two draws of a step are independent; the reference takes both from one Brownian path.
 *
 * @param denoising from the network's output to x̂_0; ε or v
 * @param sigmaGrid the noise levels of the steps
 * @param noiseScale the factor of all added noise
 */
public record DpmSolverSdeSampler(SigmaDenoising denoising, SigmaGrid sigmaGrid, double noiseScale)
    implements SigmaMethod {
  static final String NAME = "dpmpp_sde";

  /** Refuses a scale that is no number. */
  public DpmSolverSdeSampler {
    if (!Double.isFinite(noiseScale)) {
      throw new IllegalArgumentException("s_noise: expected a finite number, found " + noiseScale);
    }
  }

  /** What a configuration says, over every timestep. */
  public static DpmSolverSdeSampler of(SchedulerConfig config) {
    if (config.number("noise_sampler_seed").isPresent()) {
      throw new IllegalArgumentException(
          "noise_sampler_seed: expected none, since the run's seed says the noise, found "
              + config.integer("noise_sampler_seed", 0));
    }
    return new DpmSolverSdeSampler(
        SigmaDenoising.ofNoise(config), SigmaGrid.of(config), config.number("s_noise", 1));
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public DpmSolverSdeSampler withSteps(int steps) {
    return new DpmSolverSdeSampler(denoising, sigmaGrid.withSteps(steps), noiseScale);
  }

  @Override
  public SamplingGrid grid(NoiseSchedule schedule) {
    SamplingGrid steps = sigmaGrid.over(schedule);
    double[] sigmas = steps.sigmas();
    double[] middles = new double[steps.steps() - 1];
    for (int i = 0; i < middles.length; i++) {
      middles[i] = Sigmas.between(sigmas[i], sigmas[i + 1]);
    }
    return new SamplingGrid(
        Sigmas.interleave(
            steps.timesteps(), Sigmas.timesteps(middles, Sigmas.ofSchedule(schedule))),
        Sigmas.repeatInner(sigmas),
        steps.initNoiseSigma());
  }

  @Override
  public NoiseLevels levels(NoiseSchedule schedule) {
    return SigmaMethod.super.levels(schedule).withCallsAtEnds();
  }

  @Override
  public void sample(EpsilonModel model, NoiseSchedule schedule, SamplingRun run) {
    SamplingGrid grid = grid(schedule);
    double[] timesteps = grid.timesteps();
    double[] sigmas = sigmaGrid.over(schedule).sigmas();
    float[] start = run.buffer(0);
    float[] x = run.x();
    int begin = run.start(levels(schedule), grid.initNoiseSigma());
    for (int call = 2 * begin; call < timesteps.length; call++) {
      double from = sigmas[call / 2];
      double to = sigmas[call / 2 + 1];
      double middle = Sigmas.between(from, to);
      boolean first = call % 2 == 0;
      denoising.denoise(model, run, timesteps[call], first ? from : middle);
      if (to == 0) {
        SigmaSteps.euler(x, x, run.predictedX0(), from, to);
      } else if (first) {
        System.arraycopy(x, 0, start, 0, x.length);
        SigmaSteps.ancestral(run, x, from, middle, noiseScale);
      } else {
        SigmaSteps.ancestral(run, start, from, to, noiseScale);
      }
      run.stepDone(call, timesteps.length, timesteps[call]);
    }
  }
}
