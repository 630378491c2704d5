package io.ddpm4j.exporter.convert;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.ddpm4j.exporter.OneLine;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The small JSON files that lie beside weights. */
public final class JsonFiles {
  private static final long LONGEST = 16L << 20; // bytes; a list of betas has some 20,000

  private JsonFiles() {}

  /**
   * The text of such a file.
   *
   * @throws IOException if it cannot be read, is no text, or is longer than any of them
   */
  public static String text(Path file) throws IOException {
    if (Files.isRegularFile(file) && Files.size(file) > LONGEST) {
      throw new ConversionException(
          file + ": expected JSON of at most " + LONGEST + " bytes, found " + Files.size(file));
    }
    try {
      return Files.readString(file);
    } catch (CharacterCodingException e) {
      throw new IOException(file + ": expected JSON, found something that is no text", e);
    }
  }

  /** The object that the file holds. */
  static JsonObject object(Path file) throws IOException {
    String text = text(file);
    try {
      JsonElement json = JsonParser.parseString(text);
      if (json.isJsonObject()) {
        return json.getAsJsonObject();
      }
    } catch (JsonParseException e) {
      // said below
    }
    String start = text.substring(0, Math.min(40, text.length()));
    throw new ConversionException(
        OneLine.of(file + ": expected a JSON object, found '" + start + "'"));
  }
}
