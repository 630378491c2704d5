package io.ddpm4j.exporter.convert;

import io.ddpm4j.exporter.convert.torch.TorchFile;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.TensorType;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;

/**
 * The tensors of a checkpoint file: safetensors, what {@code torch.save} wrote, or the index of a
 * checkpoint in several such files. Elements are read when a tensor is asked for, most of them
 * mapped into memory. {@link #close} is idempotent; tensors that were read stay readable.
 */
public interface CheckpointFile extends TensorSource, AutoCloseable {

  /** Numbers, texts and truth values beside the tensors, by name. */
  Map<String, Object> values();

  @Override
  void close() throws IOException;

  /**
   * Opens a file; its first bytes tell what it is, not its name.
   *
   * @throws IOException if it is missing, of another kind, damaged or hostile; the message is one
   *     sentence that names the file, what was expected and what was found
   */
  static CheckpointFile open(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new ConversionException(
          file
              + ": expected a checkpoint file, found "
              + (Files.exists(file) ? "none" : "no such file"));
    }
    byte[] start;
    try (InputStream in = Files.newInputStream(file)) {
      start = in.readNBytes(9);
    }
    if (TorchFile.isOne(start)) {
      return of(TorchFile.open(file));
    }
    if (start.length == 9 && start[8] == '{') {
      return SafetensorsFile.open(file);
    }
    if (start.length > 0 && (start[0] == '{' || Character.isWhitespace(start[0]))) {
      return ShardedCheckpoint.open(file);
    }
    throw new ConversionException(
        file
            + ": expected safetensors, a file of torch.save or the index of such files, found "
            + (start.length == 0 ? "an empty file" : "something else"));
  }

  private static CheckpointFile of(TorchFile file) {
    return new CheckpointFile() {
      @Override
      public Set<String> names() {
        return file.names();
      }

      @Override
      public TensorType type(String name) {
        return file.type(name);
      }

      @Override
      public TensorData data(String name) throws IOException {
        return file.data(name);
      }

      @Override
      public Map<String, Object> values() {
        return file.values();
      }

      @Override
      public void close() throws IOException {
        file.close();
      }
    };
  }
}
