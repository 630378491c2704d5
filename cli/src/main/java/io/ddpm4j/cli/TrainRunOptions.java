package io.ddpm4j.cli;

import io.ddpm4j.trainer.loop.RunConfig;
import picocli.CommandLine.Option;

/**
 * Options of {@code ddpm train} under "Run": length, seed, and what is kept. A field is null where
 * the user said nothing; then the preset decides.
 */
final class TrainRunOptions {
  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Decides everything random (default: 0).")
  private Long seed;

  @Option(
      names = "--threads",
      paramLabel = "N",
      converter = Numbers.NotNegative.class,
      description = "Processor threads; 0 for all (default: ${bundle:preset.threads}).")
  private Integer threads;

  @Option(
      names = "--checkpoint-every",
      paramLabel = "N",
      converter = Numbers.NotNegative.class,
      description =
          "Steps between checkpoints; 0 for one at the end (default:"
              + " ${bundle:preset.checkpointEvery}).")
  private Integer checkpointEvery;

  @Option(
      names = "--keep-checkpoints",
      paramLabel = "N",
      converter = Numbers.Positive.class,
      description = "Older ones are deleted (default: ${bundle:preset.keepCheckpoints}).")
  private Integer keepCheckpoints;

  @Option(
      names = "--sample-every",
      paramLabel = "N",
      converter = Numbers.NotNegative.class,
      description =
          "Steps between sample grids; 0 for none (default: ${bundle:preset.sampleEvery}).")
  private Integer sampleEvery;

  @Option(
      names = "--sample-images",
      paramLabel = "N",
      converter = Numbers.Positive.class,
      description = "Images in a sample grid (default: ${bundle:preset.sampleImages}).")
  private Integer sampleImages;

  @Option(
      names = "--sample-steps",
      paramLabel = "N",
      converter = Numbers.Positive.class,
      description = "Sampling steps of a sample grid (default: ${bundle:preset.sampleSteps}).")
  private Integer sampleSteps;

  RunConfig over(RunConfig preset, Integer steps) {
    return new RunConfig(
        Said.or(steps, preset.steps()),
        Said.or(seed, preset.seed()),
        Said.or(checkpointEvery, preset.checkpointEvery()),
        Said.or(keepCheckpoints, preset.keepCheckpoints()),
        Said.or(sampleEvery, preset.sampleEvery()),
        Said.or(sampleImages, preset.sampleImages()),
        Said.or(sampleSteps, preset.sampleSteps()),
        Said.or(threads, preset.threads()));
  }
}
