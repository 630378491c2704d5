package io.ddpm4j.runtime.sampling;

import io.ddpm4j.runtime.model.EpsilonModel;
import io.ddpm4j.runtime.schedule.NoiseLevels;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.SamplingGrid;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import io.ddpm4j.runtime.schedule.Sigmas;
import io.ddpm4j.runtime.schedule.TimestepGrid;

/**
 * Multistep sampling of consistency models (Song et al. 2023, algorithm 1): each call predicts x_0
 * at once, and noise up to the next level follows. One step draws no noise; several draw it at each
 * step, the last included (with weight 0, since its level is {@code sigmaMin}).
 *
 * @param levels the range of noise levels and their spacing
 * @param sigmaData the standard deviation of the images, above 0
 * @param noiseScale the factor of all added noise
 * @param clipping what is done to the predicted x_0
 * @param timestepGrid which of T training levels are visited, counted from noise to image as they
 *     fall: timestep t stands for the t-th level of T from the top
 */
public record ConsistencyModelSampler(
    Levels levels,
    double sigmaData,
    double noiseScale,
    Clipping clipping,
    TimestepGrid timestepGrid)
    implements Sampler {
  static final String NAME = "consistency";
  private static final double TINY = 1e-44; // as the reference: keeps the logarithm of 0 finite

  /**
   * The training levels.
   *
   * @param min the smallest, above 0
   * @param max the largest
   * @param rho Karras et al. 2022, eq. 5
   */
  public record Levels(double min, double max, double rho) {
    /** Refuses what is no range of levels. */
    public Levels {
      if (!(min > 0 && min < max && max < Double.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException(
            "sigma_min: expected 0 < sigma_min < sigma_max, found " + min + " and " + max);
      }
      if (!(rho > 0)) {
        throw new IllegalArgumentException("rho: expected a number above 0, found " + rho);
      }
    }
  }

  /** Refuses what lies outside the ranges. */
  public ConsistencyModelSampler {
    if (!(sigmaData > 0) || !Double.isFinite(noiseScale)) {
      throw new IllegalArgumentException(
          "sigma_data: expected a number above 0 and a finite s_noise, found %s and %s"
              .formatted(sigmaData, noiseScale));
    }
  }

  /** What a configuration says, over every training level. */
  public static ConsistencyModelSampler of(SchedulerConfig config) {
    return new ConsistencyModelSampler(
        new Levels(
            config.number("sigma_min", 0.002),
            config.number("sigma_max", 80),
            config.number("rho", 7)),
        config.number("sigma_data", 0.5),
        config.number("s_noise", 1),
        config.flag("clip_denoised", true) ? new Clipping.Range(1) : new Clipping.None(),
        TimestepGrid.of(config));
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public ConsistencyModelSampler withSteps(int steps) {
    return new ConsistencyModelSampler(
        levels, sigmaData, noiseScale, clipping, timestepGrid.withSteps(steps));
  }

  @Override
  public SamplingGrid grid(NoiseSchedule schedule) {
    int trainTimesteps = schedule.trainTimesteps();
    int[] chosen = timestepGrid.timesteps(trainTimesteps);
    double[] ramp = new double[chosen.length];
    double[] timesteps = new double[chosen.length];
    for (int i = 0; i < chosen.length; i++) {
      ramp[i] = (double) chosen[chosen.length - 1 - i] / Math.max(trainTimesteps - 1, 1);
    }
    double[] sigmas = Sigmas.karras(levels.min(), levels.max(), ramp, levels.rho());
    for (int i = 0; i < chosen.length; i++) {
      timesteps[i] = 1000 * 0.25 * Math.log(sigmas[i] + TINY);
    }
    return new SamplingGrid(timesteps, Sigmas.append(sigmas, levels.min()), levels.max());
  }

  @Override
  public NoiseLevels levels(NoiseSchedule schedule) {
    return NoiseLevels.ofSigmas(grid(schedule).sigmas());
  }

  @Override
  public boolean tellsTimesteps() {
    return false;
  }

  @Override
  public void sample(EpsilonModel model, NoiseSchedule schedule, SamplingRun run) {
    SamplingGrid grid = grid(schedule);
    double[] timesteps = grid.timesteps();
    double[] sigmas = grid.sigmas();
    double data = sigmaData * sigmaData;
    double min = levels.min();
    int first = run.start(levels(schedule), grid.initNoiseSigma());
    for (int step = first; step < timesteps.length; step++) {
      double sigma = sigmas[step];
      double above = sigma - min;
      double scale = 1 / Math.sqrt(sigma * sigma + data);
      float[] output = run.predict(model, timesteps[step], scale);
      // Song et al. 2023, appendix C: x itself at the smallest level
      run.predictX0(clipping, data / (above * above + data), above * sigmaData * scale, output);
      if (timesteps.length == 1) {
        Vectors.combine(run.x(), 1, run.predictedX0());
      } else {
        double next = Math.min(Math.max(sigmas[step + 1], min), levels.max());
        double added = noiseScale * Math.sqrt(next * next - min * min);
        Vectors.combine(run.x(), 1, run.predictedX0(), added, run.nextNoise()); // line 4
      }
      run.stepDone(step, timesteps.length, timesteps[step]);
    }
  }
}
