package io.ddpm4j.runtime.sampling;

import io.ddpm4j.runtime.model.EpsilonModel;
import io.ddpm4j.runtime.schedule.NoiseLevels;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.SamplingGrid;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import io.ddpm4j.runtime.schedule.TimestepGrid;

/**
 * Multistep sampling of latent consistency models (Luo et al. 2023, algorithm 3): the model's
 * consistency function c_skip x_t + c_out x̂_0 (eq. 9) gives an image at once; every step but the
 * last adds noise to it, up to the next timestep.
 *
 * @param denoising from the network's output to x̂_0
 * @param timestepScaling s in c_skip = σ²/((s·t)² + σ²) and c_out = s·t/√((s·t)² + σ²), σ = 0.5
 * @param timesteps the timesteps, among those of the distillation
 */
public record LcmSampler(
    Denoising denoising, double timestepScaling, TimestepGrid.Distilled timesteps)
    implements Sampler {
  static final String NAME = "lcm";
  private static final double SIGMA_DATA = 0.5;

  /** Refuses a scaling that is no number. */
  public LcmSampler {
    if (!Double.isFinite(timestepScaling)) {
      throw new IllegalArgumentException(
          "timestep_scaling: expected a finite number, found " + timestepScaling);
    }
  }

  /** What a configuration says, over every timestep of the distillation. */
  public static LcmSampler of(SchedulerConfig config) {
    return new LcmSampler(
        Denoising.of(config),
        config.number("timestep_scaling", 10),
        TimestepGrid.distilled(config));
  }

  @Override
  public String name() {
    return NAME;
  }

  /** The same sampler; 0 for every timestep of the distillation. */
  @Override
  public LcmSampler withSteps(int steps) {
    return new LcmSampler(denoising, timestepScaling, timesteps.withSteps(steps));
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
    denoising.check(schedule, visited);
    float[] x = run.x();
    float[] x0 = run.predictedX0();
    Parameterization[] weights = Parameterization.at(denoising.predictionType(), schedule, visited);
    int first = run.start(levels(schedule), 1);
    for (int step = first; step < visited.length; step++) {
      int t = visited[step];
      weights[step].predictX0(run, denoising.clipping(), run.predict(model, t));
      double scaled = t * timestepScaling;
      double norm = Math.hypot(scaled, SIGMA_DATA);
      double skip = SIGMA_DATA / norm * (SIGMA_DATA / norm);
      Vectors.combine(x0, scaled / norm, x0, skip, x); // eq. 9
      if (step + 1 < visited.length) {
        schedule.addNoise(x0, run.nextNoise(), visited[step + 1], x); // algorithm 3, line 4
      } else {
        System.arraycopy(x0, 0, x, 0, x.length);
      }
      run.stepDone(step, visited.length, t);
    }
  }
}
