package io.ddpm4j.runtime.sampling;

import io.ddpm4j.runtime.model.EpsilonModel;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.SamplingGrid;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import io.ddpm4j.runtime.schedule.SigmaGrid;

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
    implements SigmaMethod {
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
  public void sample(EpsilonModel model, NoiseSchedule schedule, SamplingRun run) {
    SamplingGrid grid = grid(schedule);
    double[] timesteps = grid.timesteps();
    double[] sigmas = grid.sigmas();
    int first = run.start(levels(schedule), grid.initNoiseSigma());
    double[][] weights = weights(sigmas, first);
    int depth = weights[weights.length - 1].length;
    float[][] slopes = new float[depth][]; // newest first
    for (int k = 0; k < depth; k++) {
      slopes[k] = run.buffer(k);
    }
    float[] x = run.x();

    for (int step = first; step < timesteps.length; step++) {
      double sigma = sigmas[step];
      denoising.denoise(model, run, timesteps[step], sigma);
      Vectors.shift(slopes);
      Vectors.combine(slopes[0], 1 / sigma, x, -1 / sigma, run.predictedX0());
      Vectors.add(x, weights[step], slopes, 0, weights[step].length);
      run.stepDone(step, timesteps.length, timesteps[step]);
    }
  }

  /** For each step the weights of the slopes, newest first. */
  private double[][] weights(double[] sigmas, int first) {
    double[][] weights = new double[sigmas.length - 1][];
    for (int step = first; step < weights.length; step++) {
      if (!(sigmas[step] > sigmas[step + 1])) {
        throw new IllegalArgumentException(
            "sigmas: expected falling levels, found %s before %s"
                .formatted(sigmas[step], sigmas[step + 1]));
      }
      double[] nodes = new double[Math.min(step - first + 1, order)];
      for (int k = 0; k < nodes.length; k++) {
        nodes[k] = sigmas[step - k];
      }
      weights[step] = Lagrange.integrals(nodes, sigmas[step + 1]);
    }
    return weights;
  }
}
