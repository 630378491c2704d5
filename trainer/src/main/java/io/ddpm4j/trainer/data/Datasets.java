package io.ddpm4j.trainer.data;

import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.function.Consumer;

/** Finds the data set that a user means. */
public final class Datasets {
  private static final int DEFAULT_FOLDER_IMAGE_SIZE = 32;

  private static final String LEGAL =
      EmojiDataset.NAME
          + ", "
          + FashionMnist.NAME
          + ", "
          + ShapesDataset.NAME
          + ", a folder of PNG or JPEG images, or an idx file of images";

  private Datasets() {}

  /**
   * Opens a data set by name or path. A name wins over a file of the same name in the working
   * folder; {@code ./shapes} means the file.
   *
   * @param source {@code emoji}, {@code fashion-mnist}, {@code shapes}, the path of a folder of
   *     images, or the path of an idx file of images
   * @param options what else the user said
   * @param warnings takes one sentence per image that is skipped
   * @throws DatasetOptionException if an option does not apply to the data set
   * @throws DatasetException if there is no such data set, or it cannot be read
   */
  public static ImageDataset open(String source, DatasetOptions options, Consumer<String> warnings)
      throws DatasetException {
    try {
      return switch (source) {
        case EmojiDataset.NAME -> emoji(options);
        case FashionMnist.NAME -> fashionMnist(options);
        case ShapesDataset.NAME -> shapes(options);
        default -> fromPath(source, options, warnings);
      };
    } catch (IllegalArgumentException e) { // a number out of range, said with what was expected
      throw new DatasetException(source + ": " + e.getMessage(), e);
    }
  }

  private static ImageDataset emoji(DatasetOptions options) throws DatasetException {
    refuseLabels(EmojiDataset.NAME, options);
    refuseFolderOptions(EmojiDataset.NAME, options);
    refuse(EmojiDataset.NAME, "the test split", options.split() == Split.TEST);
    return EmojiDataset.open(
        options.dataDir(), options.imageSize().orElse(EmojiDataset.DEFAULT_IMAGE_SIZE));
  }

  /** Whether a data set, by name or path, comes with images of its own to measure with. */
  public static boolean hasTestSplit(String source) {
    return source.equals(FashionMnist.NAME) || source.equals(ShapesDataset.NAME);
  }

  private static ImageDataset fashionMnist(DatasetOptions options) throws DatasetException {
    refuseLabels(FashionMnist.NAME, options);
    refuseFolderOptions(FashionMnist.NAME, options);
    refuse(FashionMnist.NAME, "--image-size", options.imageSize().isPresent());
    return FashionMnist.open(options.split(), options.dataDir());
  }

  private static ImageDataset shapes(DatasetOptions options) throws DatasetException {
    refuseLabels(ShapesDataset.NAME, options);
    refuseFolderOptions(ShapesDataset.NAME, options);
    refuse(ShapesDataset.NAME, "--data-dir", options.dataDir().isPresent());
    int side = options.imageSize().orElse(ShapesDataset.DEFAULT_IMAGE_SIZE);
    // Other seeds, other images: what is tested with was not trained on.
    return options.split() == Split.TRAIN
        ? new ShapesDataset(ShapesDataset.DEFAULT_SIZE, side, 0)
        : new ShapesDataset(ShapesDataset.DEFAULT_SIZE / 6, side, 1);
  }

  private static ImageDataset fromPath(
      String source, DatasetOptions options, Consumer<String> warnings) throws DatasetException {
    Path path = existing(source);
    refuse(source, "--data-dir", options.dataDir().isPresent());
    refuse(source, "the test split", options.split() == Split.TEST);
    if (Files.isDirectory(path)) {
      refuseLabels(source, options);
      return ImageFolderDataset.open(
          path,
          new ImageFolderOptions(
              options.imageSize().orElse(DEFAULT_FOLDER_IMAGE_SIZE),
              options.channels().orElse(3),
              options.background().orElse(ImageFolderOptions.DEFAULT_BACKGROUND),
              options.labelsFromFolders()),
          warnings);
    }
    refuseFolderOptions(source, options);
    refuse(source, "--image-size", options.imageSize().isPresent());
    return options.labels().isPresent()
        ? IdxDataset.open(path, options.labels().get())
        : IdxDataset.open(path);
  }

  private static Path existing(String source) throws DatasetException {
    try {
      Path path = Path.of(source);
      if (!source.isBlank() && Files.exists(path)) {
        return path;
      }
    } catch (InvalidPathException e) {
      // Neither a name nor a path: the same sentence.
    }
    throw new DatasetException("unknown data set '" + source + "': expected " + LEGAL);
  }

  private static void refuseLabels(String source, DatasetOptions options) throws DatasetException {
    refuse(source, "--labels", options.labels().isPresent());
  }

  private static void refuseFolderOptions(String source, DatasetOptions options)
      throws DatasetException {
    refuse(source, "--channels", options.channels().isPresent());
    refuse(source, "--background", options.background().isPresent());
    refuse(source, "--labels-from-folders", options.labelsFromFolders());
  }

  private static void refuse(String source, String option, boolean given) throws DatasetException {
    if (given) {
      throw new DatasetOptionException(option + " does not apply to data set " + source);
    }
  }
}
