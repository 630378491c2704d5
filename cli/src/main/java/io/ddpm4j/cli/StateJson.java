package io.ddpm4j.cli;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.ddpm4j.exporter.AtomicFile;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.CRC32;

/** JSON that a later start goes on with: it holds a checksum of itself. */
final class StateJson {
  private static final Gson GSON = new GsonBuilder().setPrettyPrinting().create();
  private static final String CHECKSUM = "crc32";

  private StateJson() {}

  /** Writes it, whole or not at all. */
  static void write(Path file, JsonObject state) throws IOException {
    // As it will be read: what is no number becomes a text, say.
    JsonObject checked = JsonParser.parseString(GSON.toJson(state)).getAsJsonObject();
    checked.addProperty(CHECKSUM, checksum(checked));
    writePlain(file, checked);
  }

  /** Writes JSON that nobody goes on with, whole or not at all. */
  static void writePlain(Path file, JsonObject object) throws IOException {
    Outputs.makeFolderOf(file);
    byte[] bytes = (GSON.toJson(object) + "\n").getBytes(StandardCharsets.UTF_8);
    AtomicFile.write(file, out -> out.write(bytes));
  }

  /**
   * Reads it.
   *
   * @throws IOException if it cannot be read or is damaged
   */
  static JsonObject read(Path file) throws IOException {
    try {
      JsonObject state = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
      JsonElement kept = state.remove(CHECKSUM);
      if (kept == null || kept.getAsLong() != checksum(state)) {
        throw damaged(file, null);
      }
      return state;
    } catch (RuntimeException | CharacterCodingException e) {
      throw damaged(file, e);
    }
  }

  /** Numbers are read as they are written, so that the text of what was read is the same. */
  private static long checksum(JsonObject state) {
    CRC32 crc = new CRC32();
    crc.update(GSON.toJson(state).getBytes(StandardCharsets.UTF_8));
    return crc.getValue();
  }

  /** What is said of a file that holds something else. */
  static IOException damaged(Path file, Exception cause) {
    return new IOException(
        file
            + ": expected the results of an evaluation, found a damaged file; delete it to begin"
            + " again",
        cause);
  }
}
