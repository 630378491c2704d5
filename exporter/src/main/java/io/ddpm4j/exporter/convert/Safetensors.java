package io.ddpm4j.exporter.convert;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The safetensors file format: eight bytes of header length (little endian), a JSON header that
 * gives each tensor's type, shape and place, then the tensors' bytes. (Format as published by
 * Hugging Face, version 0.4 and later.)
 *
 * @param tensors by name, in file order
 * @param metadata the texts under {@code __metadata__}
 */
public record Safetensors(Map<String, TensorData> tensors, Map<String, String> metadata) {
  private static final long MAX_HEADER = 100_000_000; // the limit of the reference implementation

  public Safetensors {
    tensors = Collections.unmodifiableMap(new LinkedHashMap<>(tensors));
    metadata = Collections.unmodifiableMap(new LinkedHashMap<>(metadata));
  }

  /**
   * Reads a file.
   *
   * @throws IOException if it cannot be read, is cut short or is no safetensors file; the message
   *     names the file, what was expected and what was found
   */
  public static Safetensors read(Path file) throws IOException {
    long size = Files.size(file);
    try (InputStream raw = Files.newInputStream(file);
        DataInputStream in = new DataInputStream(raw)) {
      byte[] prefix = in.readNBytes(8);
      long length =
          prefix.length < 8 ? -1 : ByteBuffer.wrap(prefix).order(ByteOrder.LITTLE_ENDIAN).getLong();
      if (length < 2 || length > MAX_HEADER || length > size - 8) {
        throw bad(file, "a header length from 2 to " + Math.max(2, size - 8), "" + length);
      }
      JsonObject header = header(file, in.readNBytes((int) length));
      Map<String, TensorData> tensors = new LinkedHashMap<>();
      Map<String, String> metadata = new LinkedHashMap<>();
      byte[] data = in.readAllBytes();
      for (Map.Entry<String, JsonElement> entry : header.entrySet()) {
        if (entry.getKey().equals("__metadata__")) {
          entry
              .getValue()
              .getAsJsonObject()
              .entrySet()
              .forEach(e -> metadata.put(e.getKey(), e.getValue().getAsString()));
        } else {
          tensors.put(entry.getKey(), tensor(file, entry.getKey(), entry.getValue(), data));
        }
      }
      return new Safetensors(tensors, metadata);
    } catch (EOFException e) {
      throw bad(file, "a whole file", "its end after " + size + " bytes");
    }
  }

  private static JsonObject header(Path file, byte[] bytes) throws IOException {
    try {
      return JsonParser.parseString(new String(bytes, StandardCharsets.UTF_8)).getAsJsonObject();
    } catch (JsonParseException | IllegalStateException e) {
      throw bad(file, "a JSON object as header", "something else");
    }
  }

  private static TensorData tensor(Path file, String name, JsonElement entry, byte[] data)
      throws IOException {
    try {
      JsonObject object = entry.getAsJsonObject();
      DataType type = dataType(object.get("dtype").getAsString());
      JsonArray dims = object.getAsJsonArray("shape");
      long[] sizes = new long[dims.size()];
      for (int i = 0; i < sizes.length; i++) {
        sizes[i] = dims.get(i).getAsLong();
      }
      JsonArray offsets = object.getAsJsonArray("data_offsets");
      long begin = offsets.get(0).getAsLong();
      long end = offsets.get(1).getAsLong();
      if (type == null) {
        throw bad(file, "a known dtype for " + name, object.get("dtype").getAsString());
      }
      long needed = Math.multiplyExact(Shape.of(sizes).elements(), (long) type.bytes());
      if (begin < 0 || end > data.length || end - begin != needed) {
        throw bad(
            file,
            needed + " bytes within " + data.length + " for " + name,
            "offsets " + begin + " to " + end);
      }
      byte[] bytes = java.util.Arrays.copyOfRange(data, (int) begin, (int) end);
      return TensorData.ofBytes(type, Shape.of(sizes), bytes);
    } catch (RuntimeException e) {
      throw bad(file, "dtype, shape and data_offsets for " + name, entry.toString());
    }
  }

  private static IOException bad(Path file, String expected, String found) {
    return new IOException(
        file + " is no whole safetensors file: expected " + expected + ", found " + found);
  }

  /**
   * Writes the file; tensors lie in map order, each aligned as the header's padding allows.
   *
   * @throws IOException if the file cannot be written
   */
  public void write(OutputStream out) throws IOException {
    JsonObject header = new JsonObject();
    if (!metadata.isEmpty()) {
      JsonObject meta = new JsonObject();
      metadata.forEach(meta::addProperty);
      header.add("__metadata__", meta);
    }
    long offset = 0;
    for (Map.Entry<String, TensorData> entry : tensors.entrySet()) {
      JsonObject object = new JsonObject();
      object.addProperty("dtype", dtype(entry.getValue().dataType()));
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
    StringBuilder json = new StringBuilder(header.toString());
    while (json.toString().getBytes(StandardCharsets.UTF_8).length % 8 != 0) {
      json.append(' ');
    }
    byte[] bytes = json.toString().getBytes(StandardCharsets.UTF_8);
    out.write(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(bytes.length).array());
    out.write(bytes);
    for (TensorData tensor : tensors.values()) {
      byte[] chunk = new byte[tensor.byteSize()];
      tensor.bytes().get(chunk);
      out.write(chunk);
    }
  }

  private static DataType dataType(String dtype) {
    return switch (dtype) {
      case "F32" -> DataType.FLOAT;
      case "F64" -> DataType.DOUBLE;
      case "F16" -> DataType.FLOAT16;
      case "BF16" -> DataType.BFLOAT16;
      case "I64" -> DataType.INT64;
      case "I32" -> DataType.INT32;
      case "I16" -> DataType.INT16;
      case "I8" -> DataType.INT8;
      case "U8" -> DataType.UINT8;
      case "BOOL" -> DataType.BOOL;
      default -> null;
    };
  }

  private static String dtype(DataType type) {
    return switch (type) {
      case FLOAT -> "F32";
      case DOUBLE -> "F64";
      case FLOAT16 -> "F16";
      case BFLOAT16 -> "BF16";
      case INT64 -> "I64";
      case INT32 -> "I32";
      case INT16 -> "I16";
      case INT8 -> "I8";
      case UINT8 -> "U8";
      case BOOL -> "BOOL";
      default -> throw new IllegalArgumentException("safetensors has no type for " + type);
    };
  }
}
