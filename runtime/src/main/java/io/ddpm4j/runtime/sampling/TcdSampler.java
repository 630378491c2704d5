package io.ddpm4j.runtime.sampling;

import io.ddpm4j.runtime.model.EpsilonModel;
import io.ddpm4j.runtime.schedule.NoiseLevels;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.PredictionType;
import io.ddpm4j.runtime.schedule.SamplingGrid;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import io.ddpm4j.runtime.schedule.TimestepGrid;

/**
 * Strategic stochastic sampling of trajectory consistency distillation (Zheng et al. 2024,
 * algorithm 4): each step goes by DDIM to s = ⌊(1-γ)·(next timestep)⌋ and, but at the last step,
 * adds noise up to the next timestep. After the last timestep comes 0, and x there is the result.
 *
 * <p>Clipping and thresholding stand in configurations of this class and have no effect, as in the
 * reference implementation.
 *
 * @param predictionType what the network predicts
 * @param eta γ, 0 to 1: from no noise to that of multistep consistency sampling. Above 0 noise is
 *     drawn at every step but the last
 * @param timesteps the timesteps, among those of the distillation
 */
public record TcdSampler(
    PredictionType predictionType, double eta, TimestepGrid.Distilled timesteps)
    implements Sampler {
  static final String NAME = "tcd";

  /** Refuses what the method does not know. */
  public TcdSampler {
    new Denoising(predictionType, new Clipping.None());
    if (!(eta >= 0 && eta <= 1)) {
      throw new IllegalArgumentException("eta: expected 0 to 1, found " + eta);
    }
  }

  /** What a configuration says, over every timestep of the distillation. */
  public static TcdSampler of(SchedulerConfig config) {
    return new TcdSampler(
        config.predictionType(), config.number("eta", 0.3), TimestepGrid.distilled(config));
  }

  @Override
  public String name() {
    return NAME;
  }

  /** The same sampler; 0 for every timestep of the distillation. */
  @Override
  public TcdSampler withSteps(int steps) {
    return new TcdSampler(predictionType, eta, timesteps.withSteps(steps));
  }

  @Override
  public SamplingGrid grid(NoiseSchedule schedule) {
    return SamplingGrid.ofTimesteps(timesteps.timesteps(schedule.trainTimesteps()));
  }

  @Override
  public NoiseLevels levels(NoiseSchedule schedule) {
    return NoiseLevels.ofTimesteps(schedule, timesteps.timesteps(schedule.trainTimesteps()));
  }

  @Override
  public void sample(EpsilonModel model, NoiseSchedule schedule, SamplingRun run) {
    int[] visited = timesteps.timesteps(schedule.trainTimesteps());
    Denoising denoising = new Denoising(predictionType, new Clipping.None());
    denoising.check(schedule, visited);
    float[] x = run.x();
    Parameterization[] parameterizations = Parameterization.at(predictionType, schedule, visited);
    int first = run.start(levels(schedule), 1);
    for (int step = first; step < visited.length; step++) {
      int t = visited[step];
      boolean last = step + 1 == visited.length;
      int next = last ? 0 : visited[step + 1];
      // In single precision, as the reference: the floor of a product that is nearly whole.
      int s = (int) ((float) (1 - eta) * next);
      float[] output = run.predict(model, t);
      Parameterization weights = parameterizations[step];
      weights.predictX0(run, denoising.clipping(), output);
      output = run.withoutVariance(output);
      double kept = eta > 0 && !last ? schedule.alphaCumprod(next) / schedule.alphaCumprod(s) : 1;
      double signal = Math.sqrt(kept * schedule.alphaCumprod(s));
      double sigma = Math.sqrt(kept * (1 - schedule.alphaCumprod(s)));
      double weightX = signal * weights.x0FromX() + sigma * weights.epsilonFromX();
      double weightOutput = signal * weights.x0FromOutput() + sigma * weights.epsilonFromOutput();
      if (eta > 0 && !last) {
        double added = Math.sqrt(1 - kept);
        Vectors.combine(x, weightX, x, weightOutput, output, added, run.nextNoise());
      } else {
        Vectors.combine(x, weightX, x, weightOutput, output);
      }
      run.stepDone(step, visited.length, t);
    }
  }
}
