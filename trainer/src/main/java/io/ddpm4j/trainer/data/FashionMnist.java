package io.ddpm4j.trainer.data;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Fashion-MNIST (Xiao, Rasul and Vollgraf 2017): 28x28 grey pictures of clothes in ten classes,
 * 60,000 to train on and 10,000 to test with. Nothing is downloaded: the four idx files are found
 * where Debian's package {@code dataset-fashion-mnist} puts them, or in a folder of the user's.
 */
public final class FashionMnist {
  /** The name by which {@link Datasets} knows it. */
  public static final String NAME = "fashion-mnist";

  /** Where Debian's package puts the files. */
  public static final Path DEBIAN_FOLDER = Path.of("/usr/share/datasets/fashion-mnist");

  /** The ten classes in label order. */
  public static final List<String> CLASS_NAMES =
      List.of(
          "t-shirt",
          "trouser",
          "pullover",
          "dress",
          "coat",
          "sandal",
          "shirt",
          "sneaker",
          "bag",
          "ankle boot");

  private FashionMnist() {}

  /**
   * Reads one split.
   *
   * @param dataDir the folder that holds the files, gzipped or not; if empty, {@link
   *     #DEBIAN_FOLDER}
   * @throws DatasetException if the files are not there (the message says how to get them) or
   *     damaged
   */
  public static ImageDataset open(Split split, Optional<Path> dataDir) throws DatasetException {
    return open(split, dataDir.orElse(DEBIAN_FOLDER));
  }

  static IdxDataset open(Split split, Path folder) throws DatasetException {
    String prefix = split == Split.TRAIN ? "train" : "t10k";
    return IdxDataset.open(
        NAME,
        find(folder, prefix + "-images-idx3-ubyte"),
        find(folder, prefix + "-labels-idx1-ubyte"),
        CLASS_NAMES);
  }

  private static Path find(Path folder, String file) throws DatasetException {
    for (String suffix : new String[] {"", ".gz"}) {
      Path candidate = folder.resolve(file + suffix);
      if (Files.exists(candidate)) {
        return candidate;
      }
    }
    throw new DatasetException(
        "Fashion-MNIST is not there: no "
            + file
            + " or "
            + file
            + ".gz in "
            + folder
            + "; install it with `apt install dataset-fashion-mnist`, or name the folder that"
            + " holds its idx files with --data-dir");
  }
}
