package io.ddpm4j.trainer.loop;

import static io.ddpm4j.trainer.loop.Requirements.require;

import io.ddpm4j.trainer.data.DatasetOptions;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The training images. Absent options are null: they are left to the data set.
 *
 * @param source a data set's name, or a path
 * @param dataDir where the files of a data set known by name are
 * @param labels idx file of labels
 * @param imageSize side of the images in pixels
 * @param channels 1 or 3
 * @param background 0xRRGGBB behind transparent pixels
 * @param labelsFromFolders whether sub-folders are classes
 * @param horizontalFlips whether half of the images are mirrored
 */
public record DataConfig(
    String source,
    String dataDir,
    String labels,
    Integer imageSize,
    Integer channels,
    Integer background,
    boolean labelsFromFolders,
    boolean horizontalFlips) {

  /** Refuses a missing source. */
  public DataConfig {
    require(source != null, "data.source", "a data set's name or a path", "none");
  }

  /** A data set with nothing said about it. */
  public static DataConfig of(String source) {
    return new DataConfig(source, null, null, null, null, null, false, false);
  }

  /** What {@link io.ddpm4j.trainer.data.Datasets} is told, of the training images. */
  public DatasetOptions options() {
    return new DatasetOptions(
        DatasetOptions.DEFAULTS.split(),
        Optional.ofNullable(dataDir).map(Path::of),
        Optional.ofNullable(labels).map(Path::of),
        optional(imageSize),
        optional(channels),
        optional(background),
        labelsFromFolders);
  }

  private static OptionalInt optional(Integer value) {
    return value == null ? OptionalInt.empty() : OptionalInt.of(value);
  }
}
