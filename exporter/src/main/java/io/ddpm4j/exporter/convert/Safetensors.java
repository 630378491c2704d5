package io.ddpm4j.exporter.convert;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.ddpm4j.exporter.graph.TensorData;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The safetensors file format: eight bytes of header length (little endian), a JSON header that
 * gives each tensor's type, shape and place, then the tensors' bytes. (Format as published by
 * Hugging Face, version 0.4 and later.)
 *
 * @param tensors by name, in the header's order
 * @param metadata the texts under {@code __metadata__}
 */
public record Safetensors(Map<String, TensorData> tensors, Map<String, String> metadata) {

  /** Copies both maps; refuses a tensor of the name that the metadata have. */
  public Safetensors {
    tensors = Collections.unmodifiableMap(new LinkedHashMap<>(tensors));
    metadata = Collections.unmodifiableMap(new LinkedHashMap<>(metadata));
    if (tensors.containsKey(SafetensorsHeader.METADATA)) {
      throw new IllegalArgumentException(
          "safetensors: expected tensors of other names than " + SafetensorsHeader.METADATA);
    }
  }

  /**
   * Reads a file of any size; one tensor may have just under 2 GiB.
   *
   * @throws IOException if it cannot be read, is cut short or is no safetensors file; the message
   *     names the file, what was expected and what was found
   */
  public static Safetensors read(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new IOException(file + ": expected a safetensors file, found no such file");
    }
    try (FileChannel channel = FileChannel.open(file)) {
      SafetensorsHeader header = SafetensorsHeader.read(file, channel);
      for (Map.Entry<String, String> unread : header.unread().entrySet()) {
        throw new ConversionException(
            file
                + ": tensor "
                + unread.getKey()
                + ": expected numbers that are read, found "
                + unread.getValue());
      }
      Map<String, TensorData> tensors = new LinkedHashMap<>();
      for (SafetensorsHeader.Entry entry : header.entries()) {
        tensors.put(entry.name(), header.tensor(channel, entry));
      }
      return new Safetensors(tensors, header.metadata());
    }
  }

  /**
   * Writes the file; tensors lie in map order without gaps, the first at a multiple of 8 bytes.
   *
   * @throws IOException if the file cannot be written
   */
  public void write(OutputStream out) throws IOException {
    JsonObject header = new JsonObject();
    if (!metadata.isEmpty()) {
      JsonObject meta = new JsonObject();
      metadata.forEach(meta::addProperty);
      header.add(SafetensorsHeader.METADATA, meta);
    }
    long offset = 0;
    for (Map.Entry<String, TensorData> entry : tensors.entrySet()) {
      JsonObject object = new JsonObject();
      object.addProperty("dtype", SafetensorsHeader.dtype(entry.getValue().dataType()));
      JsonArray shape = new JsonArray();
      for (long size : entry.getValue().shape().sizes()) {
        shape.add(size);
      }
      object.add("shape", shape);
      JsonArray offsets = new JsonArray();
      offsets.add(offset);
      offset += entry.getValue().byteSize();
      offsets.add(offset);
      object.add("data_offsets", offsets);
      header.add(entry.getKey(), object);
    }
    byte[] json = header.toString().getBytes(StandardCharsets.UTF_8);
    byte[] padded = Arrays.copyOf(json, (json.length + 7) / 8 * 8);
    Arrays.fill(padded, json.length, padded.length, (byte) ' ');
    out.write(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(padded.length).array());
    out.write(padded);
    WritableByteChannel channel = // which never copies a whole tensor
        out instanceof WritableByteChannel direct ? direct : Channels.newChannel(out);
    for (TensorData tensor : tensors.values()) {
      ByteBuffer bytes = tensor.bytes();
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
    }
  }
}
