package io.ddpm4j.runtime.sampling;

import io.ddpm4j.runtime.model.EpsilonModel;
import io.ddpm4j.runtime.schedule.NoiseLevels;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.SamplingGrid;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import io.ddpm4j.runtime.schedule.TimestepGrid;
import io.ddpm4j.runtime.schedule.TimestepSpacing;
import java.util.Arrays;

/**
 * DDIM backwards, from an image to the noise that gives it (Song et al. 2021, §4.3; Mokady et al.
 * 2023, eq. 3): x_t = √ᾱ_t x̂_0 + √(1-ᾱ_t) ε, with x̂_0 and ε of x at the timestep before. A run
 * starts from the image that it knows, or without one from noise, as any other run.
 *
 * <p>The model is told t, the timestep that a step goes to, while x is still at that before: so
 * does the reference implementation. Where x has no noise yet and the network predicts x_0, ε is
 * taken as 0; the reference divides by 0 there.
 *
 * @param denoising from the network's output to x̂_0
 * @param setAlphaToOne whether the first step starts at ᾱ = 1; otherwise it starts at ᾱ_0
 * @param timestepGrid the timesteps, which are visited in reverse; not {@code linspace}
 */
public record DdimInverseSampler(
    Denoising denoising, boolean setAlphaToOne, TimestepGrid timestepGrid) implements Sampler {
  static final String NAME = "ddim_inverse";

  /** Refuses a spacing that the method does not have. */
  public DdimInverseSampler {
    if (timestepGrid instanceof TimestepGrid.Spaced spaced
        && spaced.spacing() == TimestepSpacing.LINSPACE) {
      throw new IllegalArgumentException(
          "timestep_spacing: expected leading or trailing, found linspace");
    }
  }

  /** What a configuration says, over every timestep. */
  public static DdimInverseSampler of(SchedulerConfig config) {
    return new DdimInverseSampler(
        Denoising.of(config), config.flag("set_alpha_to_one", true), TimestepGrid.of(config));
  }

  @Override
  public String name() {
    return NAME;
  }

  /** The same sampler; custom timesteps give way to leading spacing. */
  @Override
  public DdimInverseSampler withSteps(int steps) {
    return new DdimInverseSampler(denoising, setAlphaToOne, timestepGrid.withSteps(steps));
  }

  @Override
  public SamplingGrid grid(NoiseSchedule schedule) {
    return SamplingGrid.ofTimesteps(rising(schedule));
  }

  private int[] rising(NoiseSchedule schedule) {
    int[] falling = timestepGrid.timesteps(schedule.trainTimesteps());
    int[] rising = new int[falling.length];
    for (int i = 0; i < rising.length; i++) {
      rising[i] = falling[falling.length - 1 - i];
    }
    return rising;
  }

  @Override
  public NoiseLevels levels(NoiseSchedule schedule) {
    return NoiseLevels.ofTimesteps(schedule, rising(schedule));
  }

  @Override
  public boolean isInverse() {
    return true;
  }

  @Override
  public void sample(EpsilonModel model, NoiseSchedule schedule, SamplingRun run) {
    int[] timesteps = rising(schedule);
    int[] before = new int[timesteps.length];
    Arrays.setAll(before, step -> before(timesteps, step, schedule.trainTimesteps()));
    Parameterization[] parameterizations =
        Parameterization.at(denoising.predictionType(), schedule, before);
    float[] x = run.x();
    run.startFromImage(1);
    for (int step = 0; step < timesteps.length; step++) {
      int t = timesteps[step];
      double target = schedule.alphaCumprod(t);
      float[] output = run.predict(model, t);
      Parameterization weights = parameterizations[step];
      weights.predictX0(run, denoising.clipping(), output);
      double direction = Math.sqrt(1 - target);
      Vectors.combine(
          x,
          direction * weights.epsilonFromX(),
          x,
          Math.sqrt(target),
          run.predictedX0(),
          direction * weights.epsilonFromOutput(),
          run.withoutVariance(output));
      run.stepDone(step, timesteps.length, t);
    }
  }

  private int before(int[] timesteps, int step, int trainTimesteps) {
    int before =
        timestepGrid instanceof TimestepGrid.Spaced
            ? timesteps[step] - trainTimesteps / timesteps.length
            : step > 0 ? timesteps[step - 1] : -1;
    return Math.max(before, setAlphaToOne ? -1 : 0); // below 0 is ᾱ = 1, or ᾱ_0
  }
}
