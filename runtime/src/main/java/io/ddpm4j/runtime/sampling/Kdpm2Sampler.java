package io.ddpm4j.runtime.sampling;

import io.ddpm4j.runtime.model.EpsilonModel;
import io.ddpm4j.runtime.schedule.NoiseLevels;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.SamplingGrid;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import io.ddpm4j.runtime.schedule.SigmaGrid;
import io.ddpm4j.runtime.schedule.Sigmas;

/**
 * The midpoint method along dx/dσ = (x - x_0)/σ with the midpoint in log σ: DPM-Solver-2 of Karras
 * et al. 2022 (appendix B), as in Crowson's k-diffusion. Two calls of the model for each step but
 * the last, which is Euler's.
 *
 * <p>The ancestral form steps to a lower level and adds noise up to the next: one draw for each
 * step but the last.
 *
 * @param denoising from the network's output to x̂_0; ε or v
 * @param sigmaGrid the noise levels of the steps
 * @param ancestral whether noise is added
 */
public record Kdpm2Sampler(SigmaDenoising denoising, SigmaGrid sigmaGrid, boolean ancestral)
    implements SigmaMethod {
  static final String NAME = "kdpm2";
  static final String ANCESTRAL = "kdpm2_ancestral";

  /** What a configuration says, over every timestep, without noise. */
  public static Kdpm2Sampler of(SchedulerConfig config) {
    return new Kdpm2Sampler(
        SigmaDenoising.ofNoise(config), SigmaGrid.of(config).withRoundedKarras(), false);
  }

  /** What a configuration says, over every timestep, with noise. */
  public static Kdpm2Sampler ofAncestral(SchedulerConfig config) {
    Kdpm2Sampler plain = of(config);
    return new Kdpm2Sampler(plain.denoising, plain.sigmaGrid, true);
  }

  @Override
  public String name() {
    return ancestral ? ANCESTRAL : NAME;
  }

  @Override
  public Kdpm2Sampler withSteps(int steps) {
    return new Kdpm2Sampler(denoising, sigmaGrid.withSteps(steps), ancestral);
  }

  @Override
  public SamplingGrid grid(NoiseSchedule schedule) {
    SamplingGrid steps = sigmaGrid.over(schedule);
    double[] sigmas = steps.sigmas();
    double[] between =
        Sigmas.timesteps(middles(sigmas, steps.steps() - 1), Sigmas.ofSchedule(schedule));
    return new SamplingGrid(
        Sigmas.interleave(steps.timesteps(), between),
        Sigmas.repeatInner(Sigmas.append(sigmas, 0)),
        steps.initNoiseSigma());
  }

  /** Where the deterministic part of a step ends. */
  private double end(double from, double to) {
    return ancestral ? Sigmas.ancestralDown(from, to) : to;
  }

  private double[] middles(double[] sigmas, int count) {
    double[] middles = new double[count];
    for (int i = 0; i < count; i++) {
      middles[i] = Sigmas.between(sigmas[i], end(sigmas[i], sigmas[i + 1]));
    }
    return middles;
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
    float[] x0 = run.predictedX0();
    int first = run.start(levels(schedule), grid.initNoiseSigma());
    for (int call = 2 * first; call < timesteps.length; call++) {
      double from = sigmas[call / 2];
      double to = sigmas[call / 2 + 1];
      double end = end(from, to);
      double middle = to == 0 ? 0 : Sigmas.between(from, end);
      if (call % 2 == 0) {
        denoising.denoise(model, run, timesteps[call], from);
        System.arraycopy(x, 0, start, 0, x.length);
        SigmaSteps.euler(x, x, x0, from, middle);
      } else {
        denoising.denoise(model, run, timesteps[call], middle);
        double slope = (end - from) / middle;
        if (ancestral) {
          double up = Sigmas.ancestralUp(from, to);
          Vectors.combine(x, 1, start, slope, x, -slope, x0, up, run.nextNoise());
        } else {
          Vectors.combine(x, 1, start, slope, x, -slope, x0);
        }
      }
      run.stepDone(call, timesteps.length, timesteps[call]);
    }
  }
}
