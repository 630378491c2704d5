package io.ddpm4j.trainer.classifier;

import io.ddpm4j.trainer.checkpoint.CheckpointStore;
import io.ddpm4j.trainer.loop.TrainingFolder;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
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
      Set.of(
          CONFIG,
          "dataset.json",
          "metrics.csv",
          "accuracy.png",
          "model.onnx",
          "test.csv",
          "checkpoints");

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
    return folder().checkpoints();
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
              + folder().lack());
    }
    try {
      return ClassifierTrainConfig.fromJson(Files.readString(config()));
    } catch (CharacterCodingException e) {
      throw new IOException(config() + ": expected JSON, found something that is no text", e);
    } catch (IllegalArgumentException e) {
      throw new IOException(config() + ": " + e.getMessage(), e);
    }
  }

  /** As {@link TrainingFolder#requireFree}. */
  void requireFree() throws IOException {
    folder().requireFree(this::readConfig);
  }

  private TrainingFolder folder() {
    return new TrainingFolder(path, OWN);
  }

  void writeText(Path file, String text) throws IOException {
    TrainingFolder.writeText(file, text);
  }
}
