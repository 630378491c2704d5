package io.ddpm4j.exporter.convert;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.TensorType;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * A checkpoint in several files, as Hugging Face's libraries write it: an index, {@code
 * *.safetensors.index.json} or {@code *.bin.index.json}, says in which file of its folder each
 * tensor is.
 */
final class ShardedCheckpoint implements CheckpointFile {
  private static final long LONGEST = 100_000_000;

  private final Map<String, CheckpointFile> files = new LinkedHashMap<>(); // by file name
  private final Map<String, CheckpointFile> tensors = new LinkedHashMap<>(); // by tensor name

  private ShardedCheckpoint() {}

  static ShardedCheckpoint open(Path index) throws IOException {
    ShardedCheckpoint checkpoint = new ShardedCheckpoint();
    try {
      for (Map.Entry<String, JsonElement> entry : weightMap(index).entrySet()) {
        checkpoint.place(index, entry.getKey(), entry.getValue());
      }
      checkpoint.requireNoOthers(index);
      return checkpoint;
    } catch (IOException | RuntimeException e) {
      checkpoint.close();
      throw e;
    }
  }

  private static JsonObject weightMap(Path index) throws IOException {
    JsonElement map = null;
    try {
      if (Files.size(index) <= LONGEST
          && JsonParser.parseString(Files.readString(index)) instanceof JsonObject object) {
        map = object.get("weight_map");
      }
    } catch (JsonParseException | CharacterCodingException | StackOverflowError e) {
      map = null;
    }
    if (map == null || !map.isJsonObject() || map.getAsJsonObject().size() == 0) {
      throw new ConversionException(
          index + ": expected the index of a checkpoint with a weight_map, found other text");
    }
    return map.getAsJsonObject();
  }

  private void place(Path index, String tensor, JsonElement where) throws IOException {
    boolean text = where.isJsonPrimitive() && where.getAsJsonPrimitive().isString();
    String name = text ? where.getAsString() : "";
    if (!name.matches("[^/\\\\\0:]+") || name.matches("\\.+") || name.endsWith(".json")) {
      throw new ConversionException(
          index
              + ": weight_map: "
              + tensor
              + ": expected the name of a file beside the index, found "
              + (name.isEmpty() ? "none" : "'" + name + "'"));
    }
    CheckpointFile file = files.get(name);
    if (file == null) {
      file = CheckpointFile.open(index.resolveSibling(name));
      files.put(name, file);
    }
    if (!file.names().contains(tensor)) {
      throw new ConversionException(
          index.resolveSibling(name) + ": expected the tensor " + tensor + ", found none");
    }
    tensors.put(tensor, file);
  }

  private void requireNoOthers(Path index) throws IOException {
    for (Map.Entry<String, CheckpointFile> file : files.entrySet()) {
      for (String tensor : file.getValue().names()) {
        if (tensors.get(tensor) != file.getValue()) {
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
  public void close() throws IOException {
    for (CheckpointFile file : files.values()) {
      file.close();
    }
  }
}
