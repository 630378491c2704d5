package io.ddpm4j.trainer.classifier;

import io.ddpm4j.exporter.AtomicFile;
import io.ddpm4j.trainer.checkpoint.CheckpointStore;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;

/**
 * Where the files of a classifier's training lie.
 *
 * <pre>
 * classifier.json     every hyperparameter
 * dataset.json        name, size, classes and fingerprint of the data
 * metrics.csv         a row an epoch
 * accuracy.png        its curve
 * model.onnx          the best epoch until now
 * test.csv            what the finished model takes the images of the test split for
 * checkpoints/step-…  see CheckpointStore
 * </pre>
 */
public record ClassifierFolder(Path path) {
  /** The file that tells such a folder from others. */
  public static final String CONFIG = "classifier.json";

  private static final Set<String> OWN =
      Set.of(CONFIG, "dataset.json", "metrics.csv", "accuracy.png", "model.onnx", "checkpoints");

  /** {@code classifier.json}: the {@link ClassifierTrainConfig}. */
  public Path config() {
    return path.resolve(CONFIG);
  }

  /** {@code dataset.json}. */
  public Path dataset() {
    return path.resolve("dataset.json");
  }

  /** {@code metrics.csv}: a header, and a row an epoch. */
  public Path metrics() {
    return path.resolve("metrics.csv");
  }

  /** {@code accuracy.png}: accuracy on the images that are held out, by epoch. */
  public Path curve() {
    return path.resolve("accuracy.png");
  }

  /** {@code model.onnx}: the best epoch's averaged weights. */
  public Path model() {
    return path.resolve("model.onnx");
  }

  /** {@code test.csv}: what images of the test split are taken for. */
  public Path test() {
    return path.resolve("test.csv");
  }

  /** The folder {@code checkpoints}; it need not be there yet. */
  public CheckpointStore checkpoints() {
    return new CheckpointStore(path.resolve("checkpoints"));
  }

  /**
   * The configuration of an existing run.
   *
   * @throws IOException if there is none
   */
  public ClassifierTrainConfig readConfig() throws IOException {
    if (!Files.isRegularFile(config())) {
      throw new IOException(
          path
              + ": expected the folder of a classifier's training with a classifier.json, found "
              + (Files.isDirectory(path) ? "none in it" : "no such folder"));
    }
    try {
      return ClassifierTrainConfig.fromJson(Files.readString(config()));
    } catch (IllegalArgumentException | CharacterCodingException e) {
      throw new IOException(config() + ": " + e.getMessage(), e);
    }
  }

  /** Refuses a folder in which a new run would write over files; hidden ones are passed over. */
  void requireFree() throws IOException {
    if (checkpoints().latest().isPresent()) {
      throw new IOException(
          path
              + ": expected a folder without a run, found one with checkpoints; resume it or"
              + " choose another folder");
    }
    if (!Files.isDirectory(path)) {
      return;
    }
    boolean begun = Files.exists(config());
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(path)) {
      for (Path entry : entries) {
        String name = entry.getFileName().toString();
        if (!name.startsWith(".") && !(begun && OWN.contains(name))) {
          throw new IOException(
              path
                  + ": expected an empty folder for a new run, found "
                  + name
                  + "; choose another folder");
        }
      }
    }
  }

  void writeText(Path file, String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    AtomicFile.write(file, out -> out.write(bytes));
  }
}
