package io.ddpm4j.cli;

import io.ddpm4j.trainer.classifier.ClassifierTrainConfig;
import io.ddpm4j.trainer.loop.DataConfig;
import java.util.Collections;
import java.util.List;
import picocli.CommandLine.Option;

/** The hyperparameters of {@code ddpm train-classifier}, but for those of the data. */
final class ClassifierOptions {
  @Option(
      names = "--epochs",
      paramLabel = "N",
      converter = Numbers.Positive.class,
      description = "How often the images are gone through (default: ${DEFAULT-VALUE}).")
  private int epochs = 10;

  @Option(names = "--seed", description = "Decides everything random (default: ${DEFAULT-VALUE}).")
  private long seed;

  @Option(
      names = "--threads",
      paramLabel = "N",
      converter = Numbers.NotNegative.class,
      description = "Processor threads; 0 for all (default: ${DEFAULT-VALUE}).")
  private int threads;

  @Option(
      names = "--shift",
      paramLabel = "N",
      converter = Numbers.NotNegative.class,
      description =
          "Pixels by which an image is moved at most, another way each time (default:"
              + " ${DEFAULT-VALUE}).")
  private int shift = 2;

  @Option(
      names = "--held-out",
      paramLabel = "S",
      description =
          "The share of the images that is not trained on and chooses the best epoch (default:"
              + " ${DEFAULT-VALUE}).")
  private double heldOut = 0.05;

  @Option(
      names = "--widths",
      paramLabel = "N",
      split = ",",
      converter = Numbers.Positive.class,
      description =
          "Channels of each level, from full resolution down; the last is the number of features"
              + " (default: ${DEFAULT-VALUE}).")
  private List<Integer> widths = List.of(16, 32, 64, 96);

  @Option(
      names = "--blocks",
      paramLabel = "N",
      split = ",",
      converter = Numbers.NotNegative.class,
      description = "Residual blocks of each level (default: 1 each).")
  private List<Integer> blocks;

  @Option(
      names = "--groups",
      paramLabel = "N",
      converter = Numbers.Positive.class,
      description = "Groups of every norm, which divide every width (default: ${DEFAULT-VALUE}).")
  private int groups = 8;

  @Option(
      names = "--batch-size",
      paramLabel = "N",
      converter = Numbers.Positive.class,
      description = "Images of a step (default: ${DEFAULT-VALUE}).")
  private int batchSize = 64;

  @Option(
      names = "--learning-rate",
      paramLabel = "R",
      description =
          "The highest, from which it falls to 0 like half a cosine (default: ${DEFAULT-VALUE}).")
  private double learningRate = 0.002;

  @Option(
      names = "--warmup-steps",
      paramLabel = "N",
      converter = Numbers.NotNegative.class,
      description = "Steps in which the learning rate rises (default: ${DEFAULT-VALUE}).")
  private int warmupSteps = 200;

  @Option(
      names = "--weight-decay",
      paramLabel = "W",
      description = "AdamW's, of all parameters (default: ${DEFAULT-VALUE}).")
  private double weightDecay = 0.02;

  @Option(
      names = "--max-gradient-norm",
      paramLabel = "G",
      description = "Longer gradients are shortened to it (default: ${DEFAULT-VALUE}).")
  private double maxGradientNorm = 1;

  @Option(
      names = "--ema-decay",
      paramLabel = "D",
      description =
          "Of the averaged weights, which are the ones that are kept (default: ${DEFAULT-VALUE}).")
  private double emaDecay = 0.998;

  @Option(
      names = "--label-smoothing",
      paramLabel = "S",
      description = "The share of a label that all classes have (default: ${DEFAULT-VALUE}).")
  private double labelSmoothing = 0.05;

  /** All of a new run's. */
  ClassifierTrainConfig config(TrainDataOptions images, String data) {
    try {
      return new ClassifierTrainConfig(
          images.over(DataConfig.of(data)),
          shift,
          heldOut,
          widths,
          blocks == null ? Collections.nCopies(widths.size(), 1) : blocks,
          groups,
          epochs,
          batchSize,
          learningRate,
          warmupSteps,
          weightDecay,
          maxGradientNorm,
          emaDecay,
          labelSmoothing,
          seed,
          threads);
    } catch (IllegalArgumentException e) { // names the option
      throw new UsageException(e.getMessage());
    }
  }
}
