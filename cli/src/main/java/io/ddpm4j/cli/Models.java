package io.ddpm4j.cli;

import io.ddpm4j.exporter.proto.OnnxReader;
import io.ddpm4j.runtime.model.ModelMetadata;
import io.ddpm4j.trainer.classifier.ClassifierFolder;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Finds the model that a user means. */
final class Models {
  /** The model that is used where none is named. */
  static final String DEFAULT = "fashion-mnist";

  private static final String FOLDER = "models";
  static final String FILE = "model.onnx";

  private Models() {}

  /**
   * The file or folder of a model.
   *
   * @param name a path, or the name of a shipped model; null for the default one. A file of that
   *     name wins over a shipped model
   */
  static Path resolve(String name) throws IOException {
    Path shipped = home().resolve(FOLDER).resolve(path(name == null ? DEFAULT : name));
    boolean there = Files.isRegularFile(shipped.resolve(FILE));
    if (name == null) {
      if (!there) {
        throw new FileNotFoundException(
            shipped.resolve(FILE) + ": the model that ships with ddpm is not there; name a model");
      }
      return shipped;
    }
    Path path = path(name);
    if (Files.isDirectory(path) && !Files.exists(path.resolve(FILE)) && isRun(path)) {
      throw new FileNotFoundException(
          name + ": expected a model, found a training run; first: ddpm export " + name);
    }
    if (Files.exists(path)) {
      return path;
    }
    if (there) {
      return shipped;
    }
    throw new FileNotFoundException(name + ": there is no such file or folder" + orShipped(path));
  }

  /** The folder of something that ships, other than what is sampled. */
  static Path shipped(String name) throws IOException {
    Path folder = home().resolve(FOLDER).resolve(name);
    if (!Files.isRegularFile(folder.resolve(FILE))) {
      throw new FileNotFoundException(
          folder.resolve(FILE) + ": the model that ships with ddpm is not there");
    }
    return folder;
  }

  /** For a bare name, which may have been meant for a shipped model: the names of those. */
  private static String orShipped(Path path) throws IOException {
    Path folder = home().resolve(FOLDER);
    if (path.getParent() != null || !Files.isDirectory(folder)) {
      return "";
    }
    try (Stream<Path> all = Files.list(folder)) {
      String names =
          all.filter(model -> Files.isRegularFile(model.resolve(FILE)) && makesImages(model))
              .map(model -> model.getFileName().toString())
              .sorted()
              .collect(Collectors.joining(", "));
      return names.isEmpty() ? "" : "; the shipped models are: " + names;
    }
  }

  /** Whether a shipped model is one to sample from; one that cannot be read shall be seen, too. */
  private static boolean makesImages(Path folder) {
    try {
      Map<String, String> metadata = OnnxReader.read(folder.resolve(FILE)).metadata();
      return !ModelMetadata.isClassifier(metadata);
    } catch (IOException e) {
      return true;
    }
  }

  /** The folder of the training run that is meant; empty if it is none. */
  static Optional<Path> run(String name) throws IOException {
    return Optional.of(path(name)).filter(Models::isRun);
  }

  /** Whether a folder is that of a training run, of which a classifier's is none. */
  static boolean isRun(Path folder) {
    return !Files.exists(folder.resolve(ClassifierFolder.CONFIG))
        && (Files.exists(folder.resolve("metrics.csv"))
            || Files.exists(folder.resolve("run.json")));
  }

  private static Path path(String name) throws IOException {
    try {
      return Path.of(name);
    } catch (InvalidPathException e) {
      throw new FileNotFoundException(name + ": there is no such file");
    }
  }

  /** Where ddpm lies: the launcher says it. */
  private static Path home() {
    return Path.of(System.getProperty("ddpm4j.home", ""));
  }
}
