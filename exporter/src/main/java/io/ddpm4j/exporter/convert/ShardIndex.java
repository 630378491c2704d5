package io.ddpm4j.exporter.convert;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.MalformedJsonException;
import java.io.EOFException;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** The JSON index of a checkpoint in several files: {@code {"weight_map": {tensor: file, ...}}}. */
final class ShardIndex {
  private static final long LONGEST = 32L << 20; // bytes; the largest models have some 10
  private static final int MOST = 1 << 18;
  private static final String MAP = "weight_map";

  private final Path index;
  private final JsonReader json;
  private final Map<String, String> files = new LinkedHashMap<>();

  private ShardIndex(Path index, Reader text) {
    this.index = index;
    this.json = new JsonReader(text);
    json.setStrictness(Strictness.STRICT);
  }

  /**
   * The file of each tensor, a plain name in the index's folder.
   *
   * @throws ConversionException if it is no such index, or names files elsewhere
   */
  static Map<String, String> read(Path index) throws IOException {
    if (Files.size(index) > LONGEST) {
      throw bad(index, "at most " + LONGEST + " bytes", Files.size(index) + "");
    }
    try (Reader text = Files.newBufferedReader(index)) {
      ShardIndex read = new ShardIndex(index, text);
      read.parse();
      if (read.files.isEmpty()) {
        throw bad(index, "a " + MAP, "other text");
      }
      return read.files;
    } catch (IllegalStateException
        | MalformedJsonException
        | EOFException
        | CharacterCodingException e) {
      throw bad(index, "a " + MAP, "other text");
    }
  }

  private void parse() throws IOException {
    json.beginObject();
    while (json.hasNext()) {
      if (!json.nextName().equals(MAP)) {
        json.skipValue();
      } else if (files.isEmpty()) {
        json.beginObject();
        while (json.hasNext()) {
          String tensor = json.nextName();
          if (tensor.length() > SafetensorsHeader.LONGEST_NAME) {
            throw bad(
                index,
                "names of at most " + SafetensorsHeader.LONGEST_NAME + " characters",
                "a longer one");
          }
          if (files.put(tensor, file(tensor)) != null) {
            throw bad(index, "each tensor once", tensor + " twice");
          }
          if (files.size() > MOST) {
            throw bad(index, "at most " + MOST + " tensors", "more");
          }
        }
        json.endObject();
      } else {
        throw bad(index, "one " + MAP, "two");
      }
    }
    json.endObject();
    if (json.peek() != JsonToken.END_DOCUMENT) {
      throw bad(index, "nothing behind the JSON", "more");
    }
  }

  private String file(String tensor) throws IOException {
    String name = json.peek() == JsonToken.STRING ? json.nextString() : "";
    if (!name.matches("[^/\\\\\\x00:]{1,255}") || name.matches("\\.+") || name.endsWith(".json")) {
      throw new ConversionException(
          index
              + ": "
              + MAP
              + ": "
              + tensor
              + ": expected the name of a file beside the index, found "
              + (name.isEmpty() ? "none" : "'" + name + "'"));
    }
    return name;
  }

  private static ConversionException bad(Path index, String expected, String found) {
    return new ConversionException(
        index + ": expected the index of a checkpoint with " + expected + ", found " + found);
  }
}
