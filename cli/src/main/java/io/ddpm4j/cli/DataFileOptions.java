package io.ddpm4j.cli;

import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** Options that say how the files of a data set are read, whatever the images are for. */
abstract class DataFileOptions {
  @Option(
      names = "--data-dir",
      paramLabel = "DIR",
      description =
          "Where the files of fashion-mnist or emoji are (default: where Debian's package or npm"
              + " puts them).")
  private Path dataDir; // null: not said, as the others

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
      names = "--background",
      paramLabel = "RRGGBB",
      converter = Colour.class,
      description = "Colour behind transparent pixels, of images from a folder (default: ffffff).")
  private Integer background;

  /** The folder of a data set that has a name. */
  final Optional<Path> dataDir() {
    return Optional.ofNullable(dataDir);
  }

  /** The labels' file. */
  final Optional<Path> labels() {
    return Optional.ofNullable(labels);
  }

  /** Whether sub-folders are classes. */
  final boolean labelsFromFolders() {
    return labelsFromFolders;
  }

  /** 0xRRGGBB. */
  final Optional<Integer> background() {
    return Optional.ofNullable(background);
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
