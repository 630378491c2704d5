package io.ddpm4j.trainer.data;

import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What a user may say about a data set besides its name. Whatever does not apply to the data set
 * named is refused, never ignored.
 *
 * @param split which part, of data sets that have two
 * @param dataDir where the files of a data set known by name are
 * @param labels idx file of labels beside an idx file of images
 * @param imageSize side in pixels of generated images and of images from a folder
 * @param channels 1 or 3, of images from a folder
 * @param background 0xRRGGBB behind transparent pixels, of images from a folder
 * @param labelsFromFolders whether sub-folders are classes, of images from a folder
 */
public record DatasetOptions(
    Split split,
    Optional<Path> dataDir,
    Optional<Path> labels,
    OptionalInt imageSize,
    OptionalInt channels,
    OptionalInt background,
    boolean labelsFromFolders) {
  /** Training images, everything else left to the data set. */
  public static final DatasetOptions DEFAULTS =
      new DatasetOptions(
          Split.TRAIN,
          Optional.empty(),
          Optional.empty(),
          OptionalInt.empty(),
          OptionalInt.empty(),
          OptionalInt.empty(),
          false);

  /** Refuses null. */
  public DatasetOptions {
    Objects.requireNonNull(split, "split");
    Objects.requireNonNull(dataDir, "dataDir");
    Objects.requireNonNull(labels, "labels");
    Objects.requireNonNull(imageSize, "imageSize");
    Objects.requireNonNull(channels, "channels");
    Objects.requireNonNull(background, "background");
  }

  /** The same with another split. */
  public DatasetOptions withSplit(Split value) {
    return new DatasetOptions(
        value, dataDir, labels, imageSize, channels, background, labelsFromFolders);
  }

  /** The same with the files of a named data set in this folder. */
  public DatasetOptions withDataDir(Path value) {
    return new DatasetOptions(
        split, Optional.of(value), labels, imageSize, channels, background, labelsFromFolders);
  }

  /** The same with this idx file of labels. */
  public DatasetOptions withLabels(Path value) {
    return new DatasetOptions(
        split, dataDir, Optional.of(value), imageSize, channels, background, labelsFromFolders);
  }

  /** The same with images of this many pixels a side. */
  public DatasetOptions withImageSize(int value) {
    return new DatasetOptions(
        split, dataDir, labels, OptionalInt.of(value), channels, background, labelsFromFolders);
  }

  /** The same with 1 or 3 channels. */
  public DatasetOptions withChannels(int value) {
    return new DatasetOptions(
        split, dataDir, labels, imageSize, OptionalInt.of(value), background, labelsFromFolders);
  }

  /** The same with this colour, 0xRRGGBB, behind transparent pixels. */
  public DatasetOptions withBackground(int value) {
    return new DatasetOptions(
        split, dataDir, labels, imageSize, channels, OptionalInt.of(value), labelsFromFolders);
  }

  /** The same with sub-folders as classes, or not. */
  public DatasetOptions withLabelsFromFolders(boolean value) {
    return new DatasetOptions(split, dataDir, labels, imageSize, channels, background, value);
  }
}
