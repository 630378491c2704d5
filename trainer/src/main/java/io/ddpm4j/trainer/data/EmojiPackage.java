package io.ddpm4j.trainer.data;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * An unpacked npm package {@code emoji-datasource-google}: {@code package.json} says which version
 * it is, {@code emoji.json} lists the emoji, and {@code img/google/64} holds a PNG file of 64x64
 * pixels for each.
 */
final class EmojiPackage {
  /** The package's name, which is that of its folder below {@code node_modules}. */
  static final String NAME = "emoji-datasource-google";

  /** The one version that is read: another one has other pictures. */
  static final String VERSION = "16.0.0";

  private static final String IMAGES = "img/google/64";

  /** Code points in hexadecimal: a name that leads nowhere else. */
  private static final Pattern IMAGE = Pattern.compile("[0-9a-f]+(-[0-9a-f]+)*\\.png");

  private final Path folder;

  private EmojiPackage(Path folder) {
    this.folder = folder;
  }

  /**
   * One emoji.
   *
   * @param image its file
   * @param category what Unicode files it under: {@code Food & Drink}
   */
  record Emoji(Path image, String category) {}

  /**
   * Opens a package.
   *
   * @param folder where its {@code package.json} lies
   * @throws DatasetException if the folder holds none, or another package or version
   */
  static EmojiPackage open(Path folder) throws DatasetException {
    Path file = folder.resolve("package.json");
    if (!Files.isRegularFile(file)) {
      throw new DatasetException(
          "the emoji are not there: no package.json of "
              + NAME
              + " in "
              + folder
              + "; install it with `npm install --no-save "
              + NAME
              + "@"
              + VERSION
              + "`, or unpack what `npm pack "
              + NAME
              + "@"
              + VERSION
              + "` fetches and name the folder that holds its package.json with --data-dir");
    }
    JsonElement root = parse(file);
    String found = (text(root, "name") + " " + text(root, "version")).strip();
    if (!found.equals(NAME + " " + VERSION)) {
      throw new DatasetException(
          file
              + ": expected version "
              + VERSION
              + " of "
              + NAME
              + ", found "
              + (found.isEmpty() ? "neither name nor version" : found));
    }
    return new EmojiPackage(folder);
  }

  /**
   * The emoji that have a picture, in the order of {@code emoji.json}. Its entries are the base
   * forms: those of other skin tones lie inside them.
   *
   * @throws DatasetException if the list is missing or damaged
   */
  List<Emoji> emoji() throws DatasetException {
    Path file = folder.resolve("emoji.json");
    if (!(parse(file) instanceof JsonArray entries)) {
      throw new DatasetException(file + ": expected a list of emoji, found something else");
    }
    List<Emoji> emoji = new ArrayList<>();
    for (JsonElement entry : entries) {
      String image = text(entry, "image");
      if (!IMAGE.matcher(image).matches()) {
        throw new DatasetException(
            file + ": expected an image named like 1f600.png, found '" + image + "'");
      }
      if (flag(entry, "has_img_google")) {
        emoji.add(new Emoji(folder.resolve(IMAGES).resolve(image), text(entry, "category")));
      }
    }
    return emoji;
  }

  private static JsonElement parse(Path file) throws DatasetException {
    try {
      return JsonParser.parseString(Files.readString(file));
    } catch (JsonParseException e) {
      throw new DatasetException(file + ": expected JSON, found a damaged file", e);
    } catch (IOException e) {
      throw new DatasetException(file + ": cannot be read: " + reason(e), e);
    }
  }

  /** Why a file could not be read. */
  static String reason(IOException e) {
    return e instanceof NoSuchFileException ? "no such file" : ImageDecoder.reason(e);
  }

  /** A string of an object; empty if there is none. */
  private static String text(JsonElement object, String key) {
    JsonElement value = member(object, key);
    return value != null && value.isJsonPrimitive() ? value.getAsString() : "";
  }

  private static boolean flag(JsonElement object, String key) {
    JsonElement value = member(object, key);
    return value != null && value.isJsonPrimitive() && value.getAsBoolean();
  }

  private static JsonElement member(JsonElement object, String key) {
    return object instanceof JsonObject o ? o.get(key) : null;
  }
}
