package io.ddpm4j.cli;

import io.ddpm4j.runtime.schedule.VarianceType;
import io.ddpm4j.trainer.loop.DiffusionConfig;
import io.ddpm4j.trainer.loop.ObjectiveConfig;
import io.ddpm4j.trainer.objective.LossKind;
import io.ddpm4j.trainer.objective.TimestepSampling;
import picocli.CommandLine.Option;

/**
 * Options of {@code ddpm train} under "Objective": what the network is trained for. A field is null
 * where the user said nothing; then the preset decides.
 */
final class TrainObjectiveOptions {
  @Option(
      names = "--loss",
      paramLabel = "NAME",
      converter = Names.Losses.class,
      description =
          "simple, vlb (the variational bound) or hybrid (both, with a learned variance)"
              + " (default: ${bundle:preset.loss}; with --variance learned_range: hybrid).")
  private LossKind loss;

  @Option(
      names = "--variance",
      paramLabel = "NAME",
      converter = Names.TrainedVariance.class,
      description =
          "Of a sampling step: fixed_small, fixed_large or learned_range, which alone selects"
              + " --loss hybrid (default: fixed_small; with --loss hybrid: learned_range).")
  private VarianceType variance;

  @Option(
      names = "--min-snr",
      paramLabel = "G",
      arity = "0..1",
      fallbackValue = "5",
      converter = Numbers.AboveZero.class,
      description =
          "Weigh timesteps by the signal-to-noise ratio, G at most; 5 without a number (default:"
              + " all alike).")
  private Double minSnr;

  @Option(
      names = "--timestep-sampling",
      paramLabel = "NAME",
      converter = Names.Timesteps.class,
      description =
          "uniform, or loss-second-moment: timesteps of large losses more often (default:"
              + " ${bundle:preset.timestepSampling}).")
  private TimestepSampling timestepSampling;

  @Option(
      names = "--offset-noise",
      paramLabel = "X",
      description =
          "Add X times one number for each image and channel to the noise; 0.1 is usual"
              + " (default: ${bundle:preset.offsetNoise}).")
  private Double offsetNoise;

  @Option(
      names = "--model-guidance",
      paramLabel = "G",
      description =
          "Train towards what guidance of scale G makes of the network, so that sampling gets that"
              + " without guidance; needs --label-dropout (default: ${bundle:preset.modelGuidance}).")
  private Double modelGuidance;

  DiffusionConfig over(DiffusionConfig preset) {
    ObjectiveConfig said = preset.objective();
    return preset.withObjective(
        new ObjectiveConfig(
            loss(said),
            variance(said),
            Said.or(minSnr, said.minSnr()),
            timestepSampling == null ? said.timestepSampling() : timestepSampling.label(),
            Said.or(offsetNoise, said.offsetNoise()),
            Said.or(modelGuidance, said.modelGuidance())));
  }

  /** Who asks for a learned variance alone means the loss that trains it. */
  private String loss(ObjectiveConfig preset) {
    if (loss != null) {
      return loss.label();
    }
    boolean learned = variance == VarianceType.LEARNED_RANGE;
    return learned && preset.loss().equals(LossKind.SIMPLE.label())
        ? LossKind.HYBRID.label()
        : preset.loss();
  }

  private String variance(ObjectiveConfig preset) {
    if (variance != null) {
      return variance.label();
    }
    return loss == LossKind.HYBRID ? null : preset.varianceType();
  }
}
