package io.ddpm4j.trainer.loop;

import io.ddpm4j.exporter.AtomicFile;
import io.ddpm4j.trainer.checkpoint.CheckpointStore;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Where the files of a run lie.
 *
 * <pre>
 * config.json            every hyperparameter
 * dataset.json           name, size and classes of the data
 * metrics.csv            a row a step
 * loss.png               the loss curve
 * samples/step-….png     sample grids
 * checkpoints/step-…/    see CheckpointStore
 * </pre>
 */
public record RunFolder(Path path) {
  public Path config() {
    return path.resolve("config.json");
  }

  public Path dataset() {
    return path.resolve("dataset.json");
  }

  public Path metrics() {
    return path.resolve("metrics.csv");
  }

  public Path lossCurve() {
    return path.resolve("loss.png");
  }

  public Path samples(long step) {
    return path.resolve("samples").resolve("step-%08d.png".formatted(step));
  }

  public CheckpointStore checkpoints() {
    return new CheckpointStore(path.resolve("checkpoints"));
  }

  /**
   * The configuration of an existing run.
   *
   * @throws IOException if there is no run
   */
  public TrainConfig readConfig() throws IOException {
    if (!Files.isRegularFile(config())) {
      throw new IOException(
          path
              + ": expected the folder of a run with a config.json, found "
              + (Files.isDirectory(path) ? "none in it" : "no such folder"));
    }
    try {
      return TrainConfig.fromJson(Files.readString(config()));
    } catch (IllegalArgumentException | java.nio.charset.CharacterCodingException e) {
      throw new IOException(config() + ": " + e.getMessage(), e);
    }
  }

  void writeText(Path file, String text) throws IOException {
    byte[] bytes = (text + "\n").getBytes(StandardCharsets.UTF_8);
    AtomicFile.write(file, out -> out.write(bytes));
  }
}
