package io.ddpm4j.runtime.sampling;

import io.ddpm4j.runtime.model.EpsilonModel;
import io.ddpm4j.runtime.schedule.NoiseLevels;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.SamplingGrid;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import io.ddpm4j.runtime.schedule.Sigmas;

/**
 * Predictor and corrector for the variance-exploding SDE (Song et al. 2021, algorithms 2 and 4):
 * Langevin steps at each level, then a reverse diffusion step to the next. The model predicts the
 * score ∇log p(x) and is told σ itself.
 *
 * <p>The step size of Langevin dynamics follows from the norms of score and noise, here image by
 * image, so that an image does not depend on the others in its batch; the reference takes the mean
 * of the norms over the batch. A step calls the model {@code correctSteps + 1} times and draws as
 * often. The run ends with the mean of the last step, without its noise.
 *
 * @param levels the range of noise levels
 * @param snr algorithm 4's r, above 0
 * @param samplingEps the smallest continuous time, 0 to 1
 * @param correctSteps Langevin steps at each level, at least 0
 * @param steps how many levels; 0 for T
 */
public record ScoreSdeVeSampler(
    Levels levels, double snr, double samplingEps, int correctSteps, int steps) implements Sampler {
  static final String NAME = "score_sde_ve";

  /**
   * The noise levels, a geometric sequence.
   *
   * @param min the smallest, above 0
   * @param max the largest
   */
  public record Levels(double min, double max) {
    /** Refuses what is no range of levels. */
    public Levels {
      if (!(min > 0 && min < max && max < Double.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException(
            "sigma_min: expected 0 < sigma_min < sigma_max, found " + min + " and " + max);
      }
    }
  }

  /** Refuses what lies outside the ranges. */
  public ScoreSdeVeSampler {
    if (!(snr > 0)) {
      throw new IllegalArgumentException("snr: expected a number above 0, found " + snr);
    }
    if (!(samplingEps >= 0 && samplingEps < 1)) {
      throw new IllegalArgumentException(
          "sampling_eps: expected 0 to 1 (excluded), found " + samplingEps);
    }
    if (correctSteps < 0 || steps < 0) {
      throw new IllegalArgumentException(
          "correct_steps: expected at least 0, found %d (in %d steps)"
              .formatted(correctSteps, steps));
    }
  }

  /** What a configuration says, over T steps. */
  public static ScoreSdeVeSampler of(SchedulerConfig config) {
    return new ScoreSdeVeSampler(
        new Levels(config.number("sigma_min", 0.01), config.number("sigma_max", 1348)),
        config.number("snr", 0.15),
        config.number("sampling_eps", 1e-5),
        config.integer("correct_steps", 1),
        0);
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public ScoreSdeVeSampler withSteps(int count) {
    return new ScoreSdeVeSampler(levels, snr, samplingEps, correctSteps, count);
  }

  /** Continuous times from 1 on, and the level at each; no further level, since it ends at 0. */
  @Override
  public SamplingGrid grid(NoiseSchedule schedule) {
    int n = steps == 0 ? schedule.trainTimesteps() : steps;
    double[] timesteps = Sigmas.linspace(1, samplingEps, n);
    double[] sigmas = new double[n];
    for (int i = 0; i < n; i++) {
      sigmas[i] = levels.min() * Math.pow(levels.max() / levels.min(), timesteps[i]);
    }
    return new SamplingGrid(timesteps, sigmas, levels.max());
  }

  @Override
  public NoiseLevels levels(NoiseSchedule schedule) {
    return NoiseLevels.ofSigmas(Sigmas.append(grid(schedule).sigmas(), 0));
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
    int n = timesteps.length;
    double[] discrete = discrete(n);
    int first = run.start(levels(schedule), grid.initNoiseSigma());
    for (int step = first; step < n; step++) {
      for (int k = 0; k < correctSteps; k++) {
        correct(run.predict(model, sigmas[step]), run);
      }
      float[] score = run.predict(model, sigmas[step]);
      int index = (int) (timesteps[step] * (n - 1));
      double sigma = discrete[index];
      double next = index == 0 ? 0 : discrete[index - 1];
      double variance = sigma * sigma - next * next;
      Vectors.combine(run.predictedX0(), 1, run.x(), variance, score); // algorithm 2, line 3
      Vectors.combine(
          run.x(), 1, run.predictedX0(), Math.sqrt(variance), run.nextNoise()); // lines 4 and 5
      run.stepDone(step, n, timesteps[step]);
    }
    Vectors.combine(run.x(), 1, run.predictedX0());
    run.keepKnown();
  }

  /** n levels, rising from the smallest, which is all there is of one. */
  private double[] discrete(int n) {
    double[] logs = Sigmas.linspace(Math.log(levels.min()), Math.log(levels.max()), n);
    for (int i = 0; i < n; i++) {
      logs[i] = Math.exp(logs[i]);
    }
    return logs;
  }

  /** One Langevin step (algorithm 4, lines 4 to 6). */
  private void correct(float[] score, SamplingRun run) {
    float[] x = run.x();
    float[] z = run.nextNoise();
    int elements = run.elements();
    for (int from = 0; from < x.length; from += elements) {
      double ratio = snr * norm(z, from, elements) / norm(score, from, elements);
      double size = 2 * ratio * ratio; // line 5
      double scale = Math.sqrt(2 * size);
      for (int i = from; i < from + elements; i++) {
        x[i] = (float) (x[i] + size * score[i] + scale * z[i]); // line 6
      }
    }
  }

  private static double norm(float[] values, int from, int count) {
    double sum = 0;
    for (int i = from; i < from + count; i++) {
      sum += (double) values[i] * values[i];
    }
    return Math.sqrt(sum);
  }
}
