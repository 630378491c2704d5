package io.ddpm4j.cli;

import io.ddpm4j.trainer.loop.DataConfig;
import java.nio.file.Path;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/**
 * Options of {@code ddpm train} under "Data": the training images. A field is null where the user
 * said nothing; then the preset decides.
 */
final class TrainDataOptions {
  @Option(
      names = "--data-dir",
      paramLabel = "DIR",
      description =
          "Where the files of fashion-mnist or emoji are (default: where Debian's package or npm"
              + " puts them).")
  private Path dataDir;

  @Option(
      names = "--labels",
      paramLabel = "FILE",
      description = "idx file of labels beside an idx file of images (default: none).")
  private Path labels;

  @Option(
      names = "--labels-from-folders",
      description = "Sub-folders of a folder of images are classes.")
  private boolean labelsFromFolders;

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
      names = "--background",
      paramLabel = "RRGGBB",
      converter = Colour.class,
      description = "Colour behind transparent pixels, of images from a folder (default: ffffff).")
  private Integer background;

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
        dataDir == null ? preset.dataDir() : dataDir.toString(),
        labels == null ? preset.labels() : labels.toString(),
        imageSize == null ? preset.imageSize() : imageSize,
        channels == null ? preset.channels() : channels,
        background == null ? preset.background() : background,
        labelsFromFolders || preset.labelsFromFolders(),
        horizontalFlips || preset.horizontalFlips());
  }

  /** A colour as in HTML, with or without #. */
  static final class Colour implements ITypeConverter<Integer> {
    @Override
    public Integer convert(String value) {
      if (!value.matches("#?[0-9a-fA-F]{6}")) {
        throw new TypeConversionException(
            "expected a colour such as ffffff for white, found '" + value + "'");
      }
      return Integer.parseInt(value.replace("#", ""), 16);
    }
  }
}
