package io.ddpm4j.runtime.sampling;

import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.SamplingGrid;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import io.ddpm4j.runtime.schedule.SigmaGrid;
import java.util.ArrayList;
import java.util.List;

/**
 * A linear multistep method (Adams-Bashforth over uneven steps) along dx/dσ = (x - x_0)/σ: the
 * slopes of the last calls are interpolated by a polynomial in σ, which is integrated exactly over
 * the step (Crowson's k-diffusion).
 *
 * @param denoising from the network's output to x̂_0
 * @param sigmaGrid the noise levels
 * @param order how many slopes, at least 1; fewer at first
 */
public record LmsSampler(SigmaDenoising denoising, SigmaGrid sigmaGrid, int order)
    implements SigmaMethod, LinearSampler {
  static final String NAME = "lms";

  /** Refuses an order below 1. */
  public LmsSampler {
    if (order < 1) {
      throw new IllegalArgumentException("lms_order: expected at least 1, found " + order);
    }
  }

  /** What a configuration says, over every timestep. */
  public static LmsSampler of(SchedulerConfig config) {
    return new LmsSampler(
        SigmaDenoising.of(config), SigmaGrid.of(config), config.integer("lms_order", 4));
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public LmsSampler withSteps(int steps) {
    return new LmsSampler(denoising, sigmaGrid.withSteps(steps), order);
  }

  @Override
  public StepTable table(NoiseSchedule schedule, int first) {
    SamplingGrid grid = grid(schedule);
    double[] timesteps = grid.timesteps();
    double[] sigmas = grid.sigmas();
    List<LinearStep> steps = new ArrayList<>();
    for (int step = first; step < timesteps.length; step++) {
      double sigma = sigmas[step];
      steps.add(
          LinearStep.of(
                  timesteps[step], denoising.x0(sigma), StepWeights.ofX0(1, 0), StepNoise.NONE)
              .withInputScale(denoising.inputScale(sigma))
              .withHistory(StepWeights.ofX0(1 / sigma, -1 / sigma), weights(sigmas, step, first)));
    }
    return new StepTable(grid.initNoiseSigma(), denoising.clipping(), steps);
  }

  /** The weights of the slopes, newest first. */
  private double[] weights(double[] sigmas, int step, int first) {
    if (!(sigmas[step] > sigmas[step + 1])) {
      throw new IllegalArgumentException(
          "sigmas: expected falling levels, found %s before %s"
              .formatted(sigmas[step], sigmas[step + 1]));
    }
    double[] nodes = new double[Math.min(step - first + 1, order)];
    for (int k = 0; k < nodes.length; k++) {
      nodes[k] = sigmas[step - k];
    }
    return Lagrange.integrals(nodes, sigmas[step + 1]);
  }
}
