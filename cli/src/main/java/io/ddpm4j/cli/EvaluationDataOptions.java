package io.ddpm4j.cli;

import io.ddpm4j.runtime.model.ModelMetadata.ImageShape;
import io.ddpm4j.trainer.data.DatasetException;
import io.ddpm4j.trainer.data.DatasetOptionException;
import io.ddpm4j.trainer.data.DatasetOptions;
import io.ddpm4j.trainer.data.Datasets;
import io.ddpm4j.trainer.data.EmojiDataset;
import io.ddpm4j.trainer.data.ImageDataset;
import io.ddpm4j.trainer.data.ShapesDataset;
import io.ddpm4j.trainer.data.Split;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Consumer;
import picocli.CommandLine.Option;

/** The images that a model is evaluated with: sized to the model. */
final class EvaluationDataOptions extends DataFileOptions {
  private static final String SPLIT = "--split";
  private static final int FIRST = -2; // before those that say where the files are

  private static final String NULL_CLASS = "--null-class";

  /** Options that say something of images which a model is shown, and nothing of samples. */
  static final Set<String> OF_ONE_PART = Set.of(SPLIT, NULL_CLASS);

  @Option(
      names = "--data",
      order = FIRST,
      required = true,
      paramLabel = "DATA",
      description =
          "Images, as for train: fashion-mnist, emoji, shapes, a folder of PNG or JPEG images, or"
              + " an idx file.")
  private String source;

  @Option(
      names = SPLIT,
      order = FIRST,
      paramLabel = "PART",
      converter = Names.Splits.class,
      description =
          "train or test, of data that have both (default: test where there is one, else all).")
  private Split split; // null: not said

  @Option(
      names = NULL_CLASS,
      description =
          "Tell a class-conditional network that the images are of no class, which it must have"
              + " learned with --label-dropout.")
  private boolean nullClass;

  /** The data as the user named them. */
  String source() {
    return source;
  }

  /** Whether they come with images of their own to measure with. */
  boolean hasTestSplit() {
    return Datasets.hasTestSplit(source);
  }

  /** Whether the network is told no class. */
  boolean nullClass() {
    return nullClass;
  }

  /** The data as the user named them, with the part that is taken. */
  String label() {
    return Datasets.hasTestSplit(source)
        ? source + " (" + split().name().toLowerCase(Locale.ROOT) + ")"
        : source;
  }

  private Split split() {
    return split != null ? split : Datasets.hasTestSplit(source) ? Split.TEST : Split.TRAIN;
  }

  /**
   * Opens the images.
   *
   * @throws UsageException if an option does not apply to them
   * @throws DatasetException if there are none, or they are not of the model's size
   */
  ImageDataset open(ImageShape shape, Consumer<String> warnings) throws DatasetException {
    if (split == Split.TEST && !hasTestSplit()) {
      throw new UsageException(
          "--split: expected train, since "
              + source
              + " has no test images of its own, found test");
    }
    return open(shape, split(), warnings);
  }

  /**
   * Opens one part of them.
   *
   * @param part {@link Split#TEST} only where there is one
   * @throws UsageException if an option does not apply to them
   * @throws DatasetException if there are none, or they are not of the model's size
   */
  ImageDataset open(ImageShape shape, Split part, Consumer<String> warnings)
      throws DatasetException {
    boolean folder = isFolder();
    boolean sized = folder || source.equals(ShapesDataset.NAME) || source.equals(EmojiDataset.NAME);
    if (sized && shape.height() != shape.width()) {
      throw new UsageException(
          "--data: expected images of %dx%d pixels, which the model has, found %s, which is square"
              .formatted(shape.height(), shape.width(), source));
    }
    DatasetOptions options =
        new DatasetOptions(
            part,
            dataDir(),
            labels(),
            sized ? OptionalInt.of(shape.height()) : OptionalInt.empty(),
            folder ? OptionalInt.of(shape.channels()) : OptionalInt.empty(),
            background().map(OptionalInt::of).orElse(OptionalInt.empty()),
            labelsFromFolders());
    ImageDataset data;
    try {
      data = Datasets.open(source, options, warnings);
    } catch (DatasetOptionException e) {
      throw new UsageException(e.getMessage());
    }
    if (data.channels() != shape.channels()
        || data.height() != shape.height()
        || data.width() != shape.width()) {
      throw new DatasetException(
          "%s: expected images of %dx%dx%d (channels, height, width), which the model has, found %dx%dx%d"
              .formatted(
                  source,
                  shape.channels(),
                  shape.height(),
                  shape.width(),
                  data.channels(),
                  data.height(),
                  data.width()));
    }
    return data;
  }

  /** Whether the data are a folder, which no name of a data set stands for. */
  private boolean isFolder() {
    try {
      return !Datasets.hasTestSplit(source)
          && !source.equals(EmojiDataset.NAME)
          && Files.isDirectory(Path.of(source));
    } catch (InvalidPathException e) {
      return false; // said when it is opened
    }
  }
}
