package io.ddpm4j.exporter.convert;

import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.TensorType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A checkpoint in several files, as Hugging Face's libraries write it: an index, {@code
 * *.safetensors.index.json} or {@code *.bin.index.json}, says in which file of its folder each
 * tensor is.
 */
final class ShardedCheckpoint implements CheckpointFile {
  private static final int MOST_FILES = 500; // all are open; the largest models have 200

  private final Map<String, CheckpointFile> files = new LinkedHashMap<>(); // by file name
  private final Map<String, CheckpointFile> tensors = new LinkedHashMap<>(); // by tensor name
  private final Map<String, CheckpointFile> unread = new LinkedHashMap<>();
  private final Path index;

  private ShardedCheckpoint(Path index) {
    this.index = index;
  }

  static ShardedCheckpoint open(Path index) throws IOException {
    ShardedCheckpoint checkpoint = new ShardedCheckpoint(index);
    try {
      for (Map.Entry<String, String> entry : ShardIndex.read(index).entrySet()) {
        checkpoint.place(entry.getKey(), entry.getValue());
      }
      checkpoint.requireNoOthers();
      return checkpoint;
    } catch (IOException | RuntimeException e) {
      checkpoint.close();
      throw e;
    }
  }

  private void place(String tensor, String name) throws IOException {
    CheckpointFile file = files.get(name);
    if (file == null) {
      if (files.size() == MOST_FILES) {
        throw new ConversionException(
            index + ": expected at most " + MOST_FILES + " files, found more");
      }
      file = CheckpointFile.open(index.resolveSibling(name));
      files.put(name, file);
    }
    if (file.unread().containsKey(tensor)) {
      unread.put(tensor, file);
    } else if (file.names().contains(tensor)) {
      tensors.put(tensor, file);
    } else {
      throw new ConversionException(
          index.resolveSibling(name) + ": expected the tensor " + tensor + ", found none");
    }
  }

  private void requireNoOthers() throws IOException {
    for (Map.Entry<String, CheckpointFile> file : files.entrySet()) {
      for (String tensor : Checkpoint.names(file.getValue())) {
        if (tensors.get(tensor) != file.getValue() && unread.get(tensor) != file.getValue()) {
          throw new ConversionException(
              index + ": expected every tensor of " + file.getKey() + ", found no " + tensor);
        }
      }
    }
  }

  @Override
  public Set<String> names() {
    return Collections.unmodifiableSet(tensors.keySet());
  }

  @Override
  public TensorType type(String name) {
    return tensors.get(name).type(name);
  }

  @Override
  public TensorData data(String name) throws IOException {
    return tensors.get(name).data(name);
  }

  @Override
  public Map<String, Object> values() {
    Map<String, Object> values = new LinkedHashMap<>();
    files.values().forEach(file -> values.putAll(file.values()));
    return values;
  }

  @Override
  public Map<String, String> skipped() {
    Map<String, String> skipped = new LinkedHashMap<>();
    files.values().forEach(file -> skipped.putAll(file.skipped()));
    return skipped;
  }

  @Override
  public Map<String, String> unread() {
    Map<String, String> all = new LinkedHashMap<>();
    unread.forEach((name, file) -> all.put(name, file.unread().get(name)));
    return all;
  }

  @Override
  public List<Path> files() {
    List<Path> all = new ArrayList<>(List.of(index));
    files.values().forEach(file -> all.addAll(file.files()));
    return all;
  }

  @Override
  public void close() throws IOException {
    for (CheckpointFile file : files.values()) {
      file.close();
    }
  }
}
