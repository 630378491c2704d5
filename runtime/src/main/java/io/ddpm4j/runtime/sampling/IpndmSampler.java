package io.ddpm4j.runtime.sampling;

import io.ddpm4j.runtime.model.EpsilonModel;
import io.ddpm4j.runtime.schedule.NoiseLevels;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.SamplingGrid;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Pseudo linear multistep sampling for models of v = α·ε - σ·x_0 over continuous time (Liu et al.
 * 2022, eq. 12, as in Crowson's v-diffusion): ε is extrapolated from the last four calls and takes
 * the place of ε in a DDIM step. The first steps use fewer calls, hence no extra ones.
 *
 * <p>The model is told t = (2/π)·atan2(σ, α), from 1 (noise) to 0.
 *
 * @param steps how many; 0 for T
 * @param sigmas σ of every call and of the result, each in [0, 1], in place of {@code steps}; empty
 *     for sin²(π/2·t) with t evenly spaced
 */
public record IpndmSampler(int steps, List<Double> sigmas) implements Sampler {
  static final String NAME = "ipndm";
  private static final double MIN_ALPHA = 1e-8; // as the reference: x_0 stays finite in pure noise

  /** Weights of the last ε, newest first, by how many there are (Liu et al. 2022, eq. 9). */
  private static final double[][] ADAMS_BASHFORTH = {
    {1},
    {3 / 2.0, -1 / 2.0},
    {23 / 12.0, -16 / 12.0, 5 / 12.0},
    {55 / 24.0, -59 / 24.0, 37 / 24.0, -9 / 24.0}
  };

  /** Copies the list. */
  public IpndmSampler {
    sigmas = List.copyOf(sigmas);
    if (steps < 0 || sigmas.size() == 1) {
      throw new IllegalArgumentException(
          "steps: expected at least 1 (2 or more trained_betas), found "
              + (steps < 0 ? steps : sigmas));
    }
    for (double sigma : sigmas) {
      if (!(sigma >= 0 && sigma <= 1)) {
        throw new IllegalArgumentException("trained_betas: expected 0 to 1, found " + sigma);
      }
    }
  }

  /** What a configuration says: over {@code trained_betas} if there are any, otherwise T steps. */
  public static IpndmSampler of(SchedulerConfig config) {
    double[] betas = config.trainedBetas().orElse(new double[0]);
    return new IpndmSampler(0, Arrays.stream(betas).boxed().toList());
  }

  @Override
  public String name() {
    return NAME;
  }

  /** The same with another number of steps; it has no effect where the levels are given. */
  @Override
  public IpndmSampler withSteps(int count) {
    return new IpndmSampler(count, sigmas);
  }

  @Override
  public SamplingGrid grid(NoiseSchedule schedule) {
    double[] levels = sines(schedule);
    double[] timesteps = new double[levels.length - 1];
    for (int i = 0; i < timesteps.length; i++) {
      timesteps[i] = Math.atan2(levels[i], alpha(levels[i])) / Math.PI * 2;
    }
    return new SamplingGrid(timesteps, new double[0], 1);
  }

  private double[] sines(NoiseSchedule schedule) {
    if (!sigmas.isEmpty()) {
      return sigmas.stream().mapToDouble(Double::doubleValue).toArray();
    }
    int n = steps == 0 ? schedule.trainTimesteps() : steps;
    double[] levels = new double[n + 1];
    for (int i = 0; i < n; i++) {
      double sine = Math.sin((1 - (double) i / n) * Math.PI / 2);
      levels[i] = sine * sine;
    }
    return levels;
  }

  private static double alpha(double sigma) {
    return Math.sqrt(1 - sigma * sigma);
  }

  @Override
  public NoiseLevels levels(NoiseSchedule schedule) {
    double[] sines = sines(schedule);
    double[] cosines = Arrays.stream(sines).map(IpndmSampler::alpha).toArray();
    return new NoiseLevels(cosines, sines, IntStream.range(0, sines.length).toArray());
  }

  @Override
  public boolean tellsTimesteps() {
    return false;
  }

  @Override
  public void sample(EpsilonModel model, NoiseSchedule schedule, SamplingRun run) {
    double[] timesteps = grid(schedule).timesteps();
    double[] levels = sines(schedule);
    float[][] epsilons = {run.buffer(0), run.buffer(1), run.buffer(2), run.buffer(3)};
    float[] epsilon = run.buffer(4);
    float[] x = run.x();
    float[] x0 = run.predictedX0();
    int first = run.start(levels(schedule), 1);
    for (int step = first; step < timesteps.length; step++) {
      double sigma = levels[step];
      double alpha = alpha(sigma);
      float[] output = run.predict(model, timesteps[step]);
      Vectors.shift(epsilons);
      Vectors.combine(epsilons[0], sigma, x, alpha, output); // ε = σ·x + α·v
      double[] weights = ADAMS_BASHFORTH[Math.min(step - first, epsilons.length - 1)];
      Vectors.combine(epsilon, weights[0], epsilons[0]);
      Vectors.add(epsilon, weights, epsilons, 1, weights.length); // eq. 9
      double scale = 1 / Math.max(alpha, MIN_ALPHA);
      Vectors.combine(x0, scale, x, -scale * sigma, epsilon);
      Vectors.combine(x, alpha(levels[step + 1]), x0, levels[step + 1], epsilon); // eq. 11
      run.stepDone(step, timesteps.length, timesteps[step]);
    }
  }
}
