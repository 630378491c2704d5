package io.ddpm4j.trainer.loop;

import io.ddpm4j.exporter.convert.CheckpointFile;
import io.ddpm4j.exporter.convert.CheckpointFolder;
import io.ddpm4j.exporter.convert.ConversionException;
import io.ddpm4j.exporter.convert.UNetCheckpoint;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.nn.UNetConfig;
import io.ddpm4j.runtime.model.ModelFormatException;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import io.ddpm4j.trainer.data.Sha256;
import io.ddpm4j.trainer.step.TrainStepConfig;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A {@code UNet2DModel} as diffusers or a training script saves it: the folder of a pipeline with
 * {@code unet/} and {@code scheduler/}, the folder of the network alone, or a checkpoint file, with
 * or without a {@code config.json} beside it.
 *
 * @param sha256 of the weights' file, or of what it is of each of several
 * @param network empty if there are only weights
 * @param scheduler empty if nothing is said of the forward process
 * @param weights by parameter, as floats
 */
record DiffusersCheckpoint(
    String sha256,
    Optional<UNetConfig> network,
    Optional<SchedulerConfig> scheduler,
    Map<String, TensorData> weights) {
  private static final String FILE = ".*\\.(safetensors|bin|pt|pth|ckpt|json)";

  /** Whether it is a file or folder of that kind, whole or not. */
  static boolean is(Path path) throws IOException {
    return Files.isDirectory(path)
        ? CheckpointFolder.isOne(path)
        : path.getFileName().toString().matches(FILE);
  }

  /**
   * Reads the file or folder.
   *
   * @throws IOException if it cannot be read, or holds a network that ours cannot be; the message
   *     names the file, what was expected and what was found
   */
  static DiffusersCheckpoint read(Path path) throws IOException {
    if (!Files.isDirectory(path)) {
      return read(CheckpointFolder.beside(path));
    }
    CheckpointFolder folder = CheckpointFolder.of(path, Optional.empty());
    if (folder.config().isEmpty()) {
      throw new IOException(
          folder.weights().getParent() + ": expected config.json beside the weights, found none");
    }
    return read(folder);
  }

  private static DiffusersCheckpoint read(CheckpointFolder folder) throws IOException {
    Optional<SchedulerConfig> scheduler = scheduler(folder);
    try (CheckpointFile file = CheckpointFile.open(folder.weights())) {
      UNetCheckpoint checkpoint = UNetCheckpoint.of(file);
      Optional<UNetConfig> network = network(folder, checkpoint);
      Map<String, TensorData> weights =
          network.isPresent() ? checkpoint.weights(network.get()) : checkpoint.weights();
      return new DiffusersCheckpoint(sha256(file.files()), network, scheduler, weights);
    } catch (ConversionException e) {
      boolean named = e.getMessage().startsWith(folder.weights().toString());
      throw named ? e : new ModelFormatException(folder.weights() + ": " + e.getMessage(), e);
    }
  }

  private static Optional<UNetConfig> network(CheckpointFolder folder, UNetCheckpoint checkpoint)
      throws IOException {
    if (folder.config().isEmpty()) {
      return Optional.empty();
    }
    Path config = folder.config().get();
    try {
      UNetConfig network = checkpoint.network(text(config));
      TrainStepConfig.requireTrainable(network);
      return Optional.of(network);
    } catch (IllegalArgumentException e) {
      throw new ModelFormatException(config + ": " + e.getMessage(), e);
    }
  }

  private static Optional<SchedulerConfig> scheduler(CheckpointFolder folder) throws IOException {
    if (folder.scheduler().isEmpty()) {
      return Optional.empty();
    }
    Path file = folder.scheduler().get();
    try {
      return Optional.of(SchedulerConfig.parse(text(file)));
    } catch (IllegalArgumentException e) {
      throw new ModelFormatException(file + ": " + e.getMessage(), e);
    }
  }

  private static String text(Path file) throws IOException {
    try {
      return Files.readString(file);
    } catch (CharacterCodingException e) {
      throw new ModelFormatException(file + ": expected JSON, found something that is no text", e);
    }
  }

  private static String sha256(List<Path> files) throws IOException {
    if (files.size() == 1) {
      return Sha256.of(files.get(0));
    }
    StringBuilder all = new StringBuilder();
    for (Path file : files) {
      all.append(Sha256.of(file)).append('\n');
    }
    return Sha256.of(all.toString());
  }
}
