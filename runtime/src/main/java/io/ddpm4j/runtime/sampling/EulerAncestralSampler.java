package io.ddpm4j.runtime.sampling;

import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.SamplingGrid;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import io.ddpm4j.runtime.schedule.SigmaGrid;
import io.ddpm4j.runtime.schedule.Sigmas;
import java.util.ArrayList;
import java.util.List;

/**
 * Ancestral sampling in terms of σ: Euler's step to σ_down = σ_to²/σ_from, then noise of deviation
 * σ_up up to σ_to (Song et al. 2021, appendix F; Crowson's k-diffusion). Noise is drawn at every
 * step, the last included.
 *
 * @param denoising from the network's output to x̂_0; ε or v
 * @param sigmaGrid the noise levels
 */
public record EulerAncestralSampler(SigmaDenoising denoising, SigmaGrid sigmaGrid)
    implements SigmaMethod, LinearSampler {
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
  public StepTable table(NoiseSchedule schedule, int first) {
    SamplingGrid grid = grid(schedule);
    double[] timesteps = grid.timesteps();
    double[] sigmas = grid.sigmas();
    List<LinearStep> steps = new ArrayList<>();
    for (int step = first; step < timesteps.length; step++) {
      double from = sigmas[step];
      double to = sigmas[step + 1];
      steps.add(
          LinearStep.of(
                  timesteps[step],
                  denoising.x0(from),
                  SigmaSteps.euler(from, Sigmas.ancestralDown(from, to)),
                  StepNoise.after(Sigmas.ancestralUp(from, to)))
              .withInputScale(denoising.inputScale(from)));
    }
    return new StepTable(grid.initNoiseSigma(), denoising.clipping(), steps);
  }
}
