package io.ddpm4j.cli;

import io.ddpm4j.trainer.loop.ReportingConfig;
import picocli.CommandLine.Option;

/** What a run measures and tells of itself. A field is null where the user said nothing. */
final class ReportingOptions {
  @Option(
      names = "--validation-every",
      paramLabel = "N",
      converter = Numbers.NotNegative.class,
      description =
          "Steps between measurements of the loss on held-out images; 0 for none"
              + " (default: ${bundle:preset.validationEvery}).")
  private Integer every;

  @Option(
      names = "--validation-images",
      paramLabel = "N",
      converter = Numbers.Positive.class,
      description =
          "Images that a measurement shows the network (default:"
              + " ${bundle:preset.validationImages}).")
  private Integer images;

  @Option(
      names = "--validation-share",
      paramLabel = "X",
      description =
          "Share of the images that is held out, of data without a test split; 0 to train on all"
              + " (default: ${bundle:preset.validationShare}).")
  private Double share;

  @Option(names = "--no-tensorboard", description = "Write no event files for TensorBoard.")
  private boolean noTensorboard;

  ReportingConfig over(ReportingConfig preset) {
    return new ReportingConfig(
        every == null ? preset.validationEvery() : every,
        images == null ? preset.validationImages() : images,
        share == null ? preset.validationShare() : share,
        preset.tensorboard() && !noTensorboard);
  }
}
