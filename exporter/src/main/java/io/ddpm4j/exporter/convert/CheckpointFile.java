package io.ddpm4j.exporter.convert;

import io.ddpm4j.exporter.convert.torch.TorchFile;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.TensorType;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The tensors of a checkpoint file: safetensors, what {@code torch.save} wrote, or the index of a
 * checkpoint in several such files. Elements are read when a tensor is asked for, most of them
 * mapped into memory. {@link #close} is idempotent; tensors that were read stay readable.
 */
public interface CheckpointFile extends TensorSource, AutoCloseable {

  /** The files that hold the tensors: one, or an index and those that it names. */
  List<Path> files();

  /** Numbers, texts and truth values beside the tensors, by name. */
  Map<String, Object> values();

  /** Objects beside the tensors that are not followed, by name: what they are. */
  @Override
  default Map<String, String> skipped() {
    return Map.of();
  }

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
      String found =
          Files.isDirectory(file)
              ? "a folder"
              : Files.exists(file) ? "a pipe or a device" : "no such file";
      throw new ConversionException(file + ": expected a checkpoint file, found " + found);
    }
    byte[] start;
    try (InputStream in = Files.newInputStream(file)) {
      start = in.readNBytes(FileSignature.LENGTH);
    } catch (AccessDeniedException e) { // whose message is a bare path
      throw new IOException("cannot read " + file + ": permission denied", e);
    }
    if (isSafetensors(start)) { // before a pickle: the header's length may be any bytes
      return SafetensorsFile.open(file);
    }
    if (TorchFile.isOne(start)) {
      return of(file, TorchFile.open(file));
    }
    if (new String(start, StandardCharsets.ISO_8859_1).stripLeading().startsWith("{")) {
      return ShardedCheckpoint.open(file);
    }
    throw new ConversionException(
        file
            + ": expected safetensors, a file of torch.save or the index of such files, found "
            + FileSignature.describe(start));
  }

  /** A length below 2^56, little endian, and JSON; no text and no pickle has its zero there. */
  private static boolean isSafetensors(byte[] start) {
    return start.length > 8 && start[7] == 0 && start[8] == '{';
  }

  private static CheckpointFile of(Path path, TorchFile file) {
    return new CheckpointFile() {
      @Override
      public List<Path> files() {
        return List.of(path);
      }

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
      public Map<String, String> skipped() {
        return file.skipped();
      }

      @Override
      public Map<String, String> unread() {
        return file.unread();
      }

      @Override
      public void close() throws IOException {
        file.close();
      }
    };
  }
}
