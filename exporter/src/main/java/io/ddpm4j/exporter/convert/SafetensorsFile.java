package io.ddpm4j.exporter.convert;

import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.TensorType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A safetensors file whose tensors are mapped into memory when they are asked for. */
final class SafetensorsFile implements CheckpointFile {
  /** Up to so many bytes are read: a system has few maps, and checkpoints have many biases. */
  private static final int SMALL = 1 << 16;

  private final FileChannel channel;
  private final SafetensorsHeader header;
  private final Map<String, SafetensorsHeader.Entry> entries = new LinkedHashMap<>();

  private SafetensorsFile(FileChannel channel, SafetensorsHeader header) {
    this.channel = channel;
    this.header = header;
    header.entries().forEach(entry -> entries.put(entry.name(), entry));
  }

  static SafetensorsFile open(Path file) throws IOException {
    FileChannel channel = FileChannel.open(file);
    try {
      return new SafetensorsFile(channel, SafetensorsHeader.read(file, channel));
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  @Override
  public Set<String> names() {
    return Collections.unmodifiableSet(entries.keySet());
  }

  @Override
  public TensorType type(String name) {
    return new TensorType(entries.get(name).type(), entries.get(name).shape());
  }

  @Override
  public TensorData data(String name) throws IOException {
    SafetensorsHeader.Entry entry = entries.get(name);
    long size = entry.end() - entry.begin();
    if (size <= SMALL) {
      return header.tensor(channel, entry);
    }
    header.requireFits(entry);
    ByteBuffer bytes =
        channel.map(FileChannel.MapMode.READ_ONLY, header.dataStart() + entry.begin(), size);
    return TensorData.wrap(entry.type(), entry.shape(), bytes);
  }

  @Override
  public List<Path> files() {
    return List.of(header.file());
  }

  @Override
  public Map<String, Object> values() {
    return Collections.unmodifiableMap(header.metadata());
  }

  @Override
  public Map<String, String> unread() {
    return header.unread();
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
