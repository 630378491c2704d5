package io.ddpm4j.trainer.loop;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import io.ddpm4j.runtime.model.ModelFormatException;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A {@code run.json}: whole, as every run writes it, or with only those fields that somebody has
 * something to say about. Immutable.
 */
public final class ConfigFile {
  private static final Pattern PLACE = Pattern.compile("line \\d+ column \\d+");

  private final Path file;
  private final JsonObject fields;

  private ConfigFile(Path file, JsonObject fields) {
    this.file = file;
    this.fields = fields;
  }

  /**
   * Reads a file.
   *
   * @throws IOException if it cannot be read or holds no JSON object
   */
  public static ConfigFile read(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new IOException(
          file
              + ": expected the run.json of a run, found "
              + (Files.isDirectory(file) ? "a folder" : "no such file"));
    }
    JsonElement element;
    try {
      JsonReader reader = new JsonReader(new StringReader(Files.readString(file)));
      reader.setStrictness(Strictness.STRICT);
      element = JsonParser.parseReader(reader);
      if (reader.peek() != JsonToken.END_DOCUMENT) {
        throw new JsonParseException("more than one value");
      }
    } catch (CharacterCodingException e) {
      throw new ModelFormatException(file + ": expected JSON in UTF-8, found other bytes", e);
    } catch (JsonParseException | IOException e) {
      Matcher place = PLACE.matcher(String.valueOf(e.getMessage()));
      throw new ModelFormatException(
          file
              + ": expected JSON, found something else"
              + (place.find() ? " at " + place.group() : ""),
          e);
    }
    if (!element.isJsonObject()) {
      throw new ModelFormatException(file + ": expected a JSON object, found " + element);
    }
    return new ConfigFile(file, element.getAsJsonObject());
  }

  /** The file. */
  public Path file() {
    return file;
  }

  /**
   * What it says the data are.
   *
   * @throws IOException if that is no text; the message names file and field
   */
  public Optional<String> dataSource() throws IOException {
    return text("data", "source");
  }

  /**
   * The model that it says the first weights come from.
   *
   * @throws IOException if that is no text; the message names file and field
   */
  public Optional<String> initialModel() throws IOException {
    return text("init", "model");
  }

  private Optional<String> text(String record, String field) throws IOException {
    JsonElement object = fields.get(record);
    if (object == null || object.isJsonNull()) {
      return Optional.empty();
    }
    if (!object.isJsonObject()) {
      throw new ModelFormatException(
          file + ": " + record + ": expected a JSON object, found " + object);
    }
    JsonElement value = object.getAsJsonObject().get(field);
    if (value == null || value.isJsonNull()) {
      return Optional.empty();
    }
    if (!value.isJsonPrimitive() || !value.getAsJsonPrimitive().isString()) {
      throw new ModelFormatException(
          file + ": " + record + "." + field + ": expected a text, found " + value);
    }
    return Optional.of(value.getAsString());
  }

  /** The same but for a field that something else decides, or a whole record of fields. */
  public ConfigFile without(String record, String... names) {
    JsonObject rest = fields.deepCopy();
    if (names.length == 0) {
      rest.remove(record);
    } else if (rest.get(record) instanceof JsonObject object) {
      for (String name : names) {
        object.remove(name);
      }
    }
    return new ConfigFile(file, rest);
  }

  /**
   * The configuration that it describes.
   *
   * @param defaults of the fields that it does not have
   * @throws IOException if a field is unknown, of another kind or out of range; the message names
   *     file and field, what was expected and what was found
   */
  public TrainConfig over(TrainConfig defaults) throws IOException {
    JsonObject whole = JsonParser.parseString(defaults.toJson()).getAsJsonObject();
    attention(whole);
    merge(fields, whole);
    try {
      return TrainConfig.fromJson(whole);
    } catch (IllegalArgumentException e) {
      throw new ModelFormatException(file + ": " + e.getMessage(), e);
    }
  }

  /**
   * Refuses widths that do not go with groups and heads: where no option says other ones, the file
   * is what is wrong.
   *
   * @param network of {@link #over}
   * @throws IOException naming file and field
   */
  public void requireWidths(NetworkConfig network) throws IOException {
    try {
      network.requireWidths();
    } catch (IllegalArgumentException e) {
      throw new ModelFormatException(file + ": " + ConfigFields.named(e.getMessage()), e);
    }
  }

  private static void merge(JsonObject from, JsonObject to) {
    for (String name : from.keySet()) {
      JsonElement value = from.get(name);
      if (value.isJsonObject() && to.get(name) instanceof JsonObject object) {
        merge(value.getAsJsonObject(), object);
      } else {
        to.add(name, value.deepCopy());
      }
    }
  }

  /** Another number of levels than the default has: attention at the coarsest, as in a preset. */
  private void attention(JsonObject whole) {
    JsonObject network = whole.getAsJsonObject("network");
    if (fields.get("network") instanceof JsonObject said
        && !said.has("attention")
        && said.get("channels") instanceof JsonArray channels
        && channels.size() != network.getAsJsonArray("attention").size()) {
      JsonArray attention = new JsonArray();
      for (int level = 1; level <= channels.size(); level++) {
        attention.add(level == channels.size());
      }
      network.add("attention", attention);
    }
  }
}
