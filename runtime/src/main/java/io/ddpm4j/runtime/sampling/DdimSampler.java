package io.ddpm4j.runtime.sampling;

import io.ddpm4j.runtime.schedule.NoiseLevels;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.SamplingGrid;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import io.ddpm4j.runtime.schedule.TimestepGrid;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Denoising diffusion implicit models (Song et al. 2021): each step goes from x_t to x at an
 * earlier timestep s along √ᾱ_s x̂_0 + √(1-ᾱ_s-σ²) ε (eq. 12), with σ =
 * η√((1-ᾱ_s)/(1-ᾱ_t))·√(1-ᾱ_t/ᾱ_s) (eq. 16).
 *
 * <p>With evenly spaced timesteps s is t - ⌊T/n⌋, as in the reference implementation; with
 * timesteps given one by one, or in sections, s is the next of them.
 *
 * @param denoising from the network's output to x̂_0
 * @param eta η, 0 to 1: from no noise to that of ancestral sampling. Above 0 noise is drawn at
 *     every step
 * @param useClippedModelOutput whether ε follows from x_t and the clipped x̂_0, as in OpenAI's
 *     implementation, instead of being the network's
 * @param setAlphaToOne whether the last step ends at ᾱ = 1, the image; otherwise it ends at ᾱ_0
 * @param timestepGrid the timesteps
 */
public record DdimSampler(
    Denoising denoising,
    double eta,
    boolean useClippedModelOutput,
    boolean setAlphaToOne,
    TimestepGrid timestepGrid)
    implements LinearSampler {
  static final String NAME = "ddim";

  /** More steps than these, and clipping without its ε shows. */
  private static final int FEW = 100;

  /** Refuses an η that leaves no direction. */
  public DdimSampler {
    if (!(eta >= 0 && eta <= 1)) {
      throw new IllegalArgumentException("eta: expected 0 to 1, found " + eta);
    }
  }

  /** What a configuration says, over every timestep. */
  public static DdimSampler of(SchedulerConfig config) {
    return new DdimSampler(
        Denoising.of(config),
        config.number("eta", 0),
        config.flag("use_clipped_model_output", false),
        config.flag("set_alpha_to_one", true),
        TimestepGrid.of(config));
  }

  @Override
  public String name() {
    return NAME;
  }

  /**
   * With x̂_0 clipped and ε left as it was, each step leaves x a little off; in many that adds up.
   */
  @Override
  public Optional<String> warning(NoiseSchedule schedule) {
    int steps = levels(schedule).steps();
    return denoising.clipping().bounds() && !useClippedModelOutput && steps > FEW
        ? Optional.of(
            "%s in %d steps: x_0 is clipped and epsilon is not, so that images get worse with more than some %d steps; set use_clipped_model_output, or take fewer steps or another sampler"
                .formatted(NAME, steps, FEW))
        : Optional.empty();
  }

  /** The same sampler; custom timesteps give way to leading spacing. */
  @Override
  public DdimSampler withSteps(int steps) {
    return withGrid(timestepGrid.withSteps(steps));
  }

  /** The same sampler over other timesteps. */
  public DdimSampler withGrid(TimestepGrid timesteps) {
    return new DdimSampler(denoising, eta, useClippedModelOutput, setAlphaToOne, timesteps);
  }

  @Override
  public SamplingGrid grid(NoiseSchedule schedule) {
    return SamplingGrid.ofTimesteps(timestepGrid.timesteps(schedule.trainTimesteps()));
  }

  @Override
  public NoiseLevels levels(NoiseSchedule schedule) {
    return NoiseLevels.ofTimesteps(schedule, timestepGrid.timesteps(schedule.trainTimesteps()));
  }

  @Override
  public StepTable table(NoiseSchedule schedule, int first) {
    int[] timesteps = timestepGrid.timesteps(schedule.trainTimesteps());
    denoising.check(schedule, timesteps);
    List<LinearStep> steps = new ArrayList<>();
    for (int step = first; step < timesteps.length; step++) {
      int previous = previous(timesteps, step, schedule.trainTimesteps());
      steps.add(step(schedule, timesteps[step], previous));
    }
    return new StepTable(1, denoising.clipping(), steps);
  }

  private int previous(int[] timesteps, int step, int trainTimesteps) {
    int previous =
        timestepGrid instanceof TimestepGrid.Spaced
            ? timesteps[step] - trainTimesteps / timesteps.length
            : step + 1 < timesteps.length ? timesteps[step + 1] : -1;
    return Math.max(previous, setAlphaToOne ? -1 : 0); // below 0 is ᾱ = 1, or ᾱ_0
  }

  private LinearStep step(NoiseSchedule schedule, int t, int previous) {
    double alpha = schedule.alphaCumprod(t);
    double target = schedule.alphaCumprod(previous);
    Parameterization weights = Parameterization.of(denoising.predictionType(), alpha);
    double sigma = eta * Math.sqrt(schedule.posteriorVariance(t, previous)); // eq. 16
    double direction = Math.sqrt(Math.max(1 - target - sigma * sigma, 0)); // eq. 12
    double weightX = direction * weights.epsilonFromX();
    double weightX0 = Math.sqrt(target);
    double weightOutput = direction * weights.epsilonFromOutput();
    if (useClippedModelOutput) { // ε = (x - √ᾱ x̂_0) / √(1-ᾱ)
      weightX = direction / Math.sqrt(1 - alpha);
      weightX0 -= weightX * Math.sqrt(alpha);
      weightOutput = 0;
    }
    return LinearStep.of(
        t,
        weights.x0(),
        new StepWeights(weightX, weightX0, weightOutput),
        eta == 0 ? StepNoise.NONE : StepNoise.after(sigma));
  }
}
