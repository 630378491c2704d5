package io.ddpm4j.cli;

import io.ddpm4j.trainer.loop.DataConfig;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/**
 * Options of {@code ddpm train} under "Data": the training images. A field is null where the user
 * said nothing; then the preset decides.
 */
final class TrainDataOptions extends DataFileOptions {
  @Option(
      names = "--image-size",
      paramLabel = "N",
      converter = Numbers.Positive.class,
      description = "Height and width of shapes, emoji and images from a folder (default: 32).")
  private Integer imageSize;

  @Option(
      names = "--channels",
      paramLabel = "N",
      converter = Numbers.Positive.class,
      description = "1 (grey) or 3 (colour), of images from a folder (default: 3).")
  private Integer channels;

  @Option(
      names = "--horizontal-flips",
      description = "Mirror half of the images; of emoji, no letters, clocks and flags.")
  private boolean horizontalFlips;

  /** Refuses images that cannot be halved from level to level. */
  void requireFits(int levels) {
    int factor = 1 << Math.min(levels - 1, 30);
    if (imageSize != null && imageSize % factor != 0) {
      throw new UsageException(
          "--image-size: expected a multiple of %d, for the %d levels of the network, found %d"
              .formatted(factor, levels, imageSize));
    }
  }

  DataConfig over(DataConfig preset) {
    return new DataConfig(
        preset.source(),
        dataDir().map(Path::toString).orElse(preset.dataDir()),
        labels().map(Path::toString).orElse(preset.labels()),
        imageSize == null ? preset.imageSize() : imageSize,
        channels == null ? preset.channels() : channels,
        background().orElse(preset.background()),
        labelsFromFolders() || preset.labelsFromFolders(),
        horizontalFlips || preset.horizontalFlips());
  }
}
