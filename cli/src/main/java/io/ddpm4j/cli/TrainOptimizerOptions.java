package io.ddpm4j.cli;

import io.ddpm4j.trainer.loop.OptimizerConfig;
import io.ddpm4j.trainer.optim.Decay;
import java.util.List;
import java.util.OptionalDouble;
import picocli.CommandLine.Option;

/**
 * Options of {@code ddpm train} under "Optimizer": the update. A field is null where the user said
 * nothing; then the preset decides.
 */
final class TrainOptimizerOptions {
  @Option(
      names = "--batch-size",
      paramLabel = "N",
      converter = Numbers.Positive.class,
      description = "Images of a batch (default: ${bundle:preset.batchSize}).")
  private Integer batchSize;

  @Option(
      names = "--accumulate",
      paramLabel = "N",
      converter = Numbers.Positive.class,
      description = "Batches whose gradients make one step (default: ${bundle:preset.accumulate}).")
  private Integer accumulate;

  @Option(
      names = "--learning-rate",
      paramLabel = "X",
      converter = Numbers.AboveZero.class,
      description = "Of Adam; may change with --resume (default: ${bundle:preset.learningRate}).")
  private Double learningRate;

  @Option(
      names = "--warmup-steps",
      paramLabel = "N",
      converter = Numbers.NotNegative.class,
      description =
          "Steps in which the learning rate rises (default: ${bundle:preset.warmupSteps}).")
  private Integer warmupSteps;

  @Option(
      names = "--lr-schedule",
      paramLabel = "NAME",
      converter = Names.LearningRates.class,
      description =
          "How the learning rate goes on after that: constant, linear or cosine, down to"
              + " --min-learning-rate at the end of the run (default:"
              + " ${bundle:preset.lrSchedule}).")
  private Decay lrSchedule;

  @Option(
      names = "--min-learning-rate",
      paramLabel = "X",
      description =
          "Where a linear or cosine schedule ends (default: ${bundle:preset.minLearningRate}).")
  private Double minLearningRate;

  @Option(
      names = "--weight-decay",
      paramLabel = "X",
      description =
          "Of all weights, as AdamW has it; 0 for Adam (default: ${bundle:preset.weightDecay}).")
  private Double weightDecay;

  @Option(
      names = "--beta1",
      paramLabel = "X",
      description = "Adam's decay of the mean (default: ${bundle:preset.beta1}).")
  private Double beta1;

  @Option(
      names = "--beta2",
      paramLabel = "X",
      description = "Adam's decay of the mean square (default: ${bundle:preset.beta2}).")
  private Double beta2;

  @Option(
      names = "--epsilon",
      paramLabel = "X",
      description = "Adam's guard against division by zero (default: ${bundle:preset.epsilon}).")
  private Double epsilon;

  @Option(
      names = "--max-gradient-norm",
      paramLabel = "X",
      description =
          "Longer gradients are scaled down; 0 for no clipping"
              + " (default: ${bundle:preset.maxGradientNorm}).")
  private Double maxGradientNorm;

  @Option(
      names = "--ema-decay",
      paramLabel = "X",
      split = ",",
      description =
          "Decay of the averaged weights; further ones average them another time, for export"
              + " --ema (default: ${bundle:preset.emaDecay}).")
  private List<Double> emaDecay;

  /** Empty where that is not said. */
  OptionalDouble learningRate() {
    return learningRate == null ? OptionalDouble.empty() : OptionalDouble.of(learningRate);
  }

  OptimizerConfig over(OptimizerConfig preset) {
    return new OptimizerConfig(
        Said.or(batchSize, preset.batchSize()),
        Said.or(learningRate, preset.learningRate()),
        Said.or(warmupSteps, preset.warmupSteps()),
        Said.or(beta1, preset.beta1()),
        Said.or(beta2, preset.beta2()),
        Said.or(epsilon, preset.epsilon()),
        Said.or(maxGradientNorm, preset.maxGradientNorm()),
        emaDecay == null ? preset.emaDecay() : emaDecay.get(0),
        Said.or(accumulate, (int) preset.accumulate()),
        lrSchedule == null ? preset.lrSchedule() : lrSchedule.label(),
        Said.or(minLearningRate, preset.minLearningRate()),
        Said.or(weightDecay, preset.weightDecay()),
        emaDecay == null ? preset.furtherEmaDecays() : emaDecay.subList(1, emaDecay.size()));
  }
}
