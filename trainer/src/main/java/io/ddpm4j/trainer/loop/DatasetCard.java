package io.ddpm4j.trainer.loop;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import io.ddpm4j.trainer.checkpoint.CheckpointException;
import io.ddpm4j.trainer.data.ImageDataset;
import io.ddpm4j.trainer.data.Sha256;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The data of a run, as {@code dataset.json} and the provenance of a model tell of them.
 *
 * @param images how many
 * @param classes names in label order; empty for unlabelled data
 * @param shape channels, height and width of an image; empty in files of early versions
 * @param fingerprint of labels and some pixels, hexadecimal; empty in files of early versions
 */
public record DatasetCard(
    String name,
    String description,
    int images,
    List<String> classes,
    List<Integer> shape,
    String fingerprint) {
  /** Images whose pixels are hashed: enough to tell sets apart, few enough where each is drawn. */
  private static final int HASHED_IMAGES = 256;

  /** That of some data. */
  public static DatasetCard of(ImageDataset data) {
    return new DatasetCard(
        data.name(),
        data.description(),
        data.size(),
        data.classNames(),
        List.of(data.channels(), data.height(), data.width()),
        fingerprint(data));
  }

  /** SHA-256 of all labels and of the pixels of evenly spaced images. */
  private static String fingerprint(ImageDataset data) {
    MessageDigest digest = Sha256.digest();
    for (int i = 0; i < data.size(); i++) {
      digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(0, data.label(i)));
    }
    byte[] image = new byte[data.imageBytes()];
    int hashed = Math.min(HASHED_IMAGES, data.size());
    for (long i = 0; i < hashed; i++) {
      data.read((int) (i * data.size() / hashed), image, 0);
      digest.update(image);
    }
    return Sha256.hex(digest);
  }

  /**
   * This card, read from a run's file, held against the data that were found.
   *
   * @throws CheckpointException if they are others
   */
  public void requireSame(DatasetCard found, Path file) throws CheckpointException {
    require(name.equals(found.name), file, "the data set " + name, found.name);
    require(images == found.images, file, images + " images", found.images);
    require(
        shape.isEmpty() || shape.equals(found.shape),
        file,
        "images of " + shape + " (channels, height, width)",
        found.shape);
    require(classes.equals(found.classes), file, "the classes " + classes, found.classes);
    require(
        fingerprint.isEmpty() || fingerprint.equals(found.fingerprint),
        file,
        "pixels and labels with SHA-256 " + fingerprint,
        found.fingerprint);
  }

  private static void require(boolean same, Path file, String expected, Object found)
      throws CheckpointException {
    if (!same) {
      throw new CheckpointException(
          file + ": the run began with other data: expected " + expected + ", found " + found);
    }
  }

  /** The text of {@code dataset.json}. */
  public String toJson() {
    JsonObject o = new JsonObject();
    o.addProperty("name", name);
    o.addProperty("description", description);
    o.addProperty("images", images);
    o.add("classes", array(classes));
    JsonArray sizes = new JsonArray();
    shape.forEach(sizes::add);
    o.add("shape", sizes);
    o.addProperty("sha256", fingerprint);
    return o.toString();
  }

  /** Texts as JSON. */
  public static JsonArray array(List<String> values) {
    JsonArray array = new JsonArray();
    values.forEach(array::add);
    return array;
  }

  /**
   * Reads a run's file.
   *
   * @return empty if there is none
   * @throws IOException if it is damaged
   */
  public static Optional<DatasetCard> read(Path file) throws IOException {
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    try {
      JsonElement root = JsonParser.parseString(Files.readString(file));
      if (!root.isJsonObject()) {
        throw new IllegalArgumentException("a JSON object");
      }
      JsonObject o = root.getAsJsonObject();
      List<String> classes = new ArrayList<>();
      for (JsonElement each : list(o, "classes", true)) {
        classes.add(text(each, "classes"));
      }
      List<Integer> shape = new ArrayList<>();
      for (JsonElement each : list(o, "shape", false)) {
        shape.add(count(each, "shape"));
      }
      return Optional.of(
          new DatasetCard(
              text(o.get("name"), "name"),
              text(o.get("description"), "description"),
              count(o.get("images"), "images"),
              List.copyOf(classes),
              List.copyOf(shape),
              o.has("sha256") ? text(o.get("sha256"), "sha256") : ""));
    } catch (JsonParseException | CharacterCodingException e) {
      throw new IOException(file + ": expected the data of a run as JSON, found no JSON", e);
    } catch (IllegalArgumentException e) {
      throw new IOException(
          file + ": expected the data of a run with " + e.getMessage() + ", found none", e);
    }
  }

  private static JsonArray list(JsonObject o, String field, boolean required) {
    JsonElement value = o.get(field);
    if (value == null && !required) {
      return new JsonArray();
    }
    if (value == null || !value.isJsonArray()) {
      throw new IllegalArgumentException("a list " + field);
    }
    return value.getAsJsonArray();
  }

  private static String text(JsonElement value, String field) {
    if (!(value instanceof JsonPrimitive primitive) || !primitive.isString()) {
      throw new IllegalArgumentException("a text " + field);
    }
    return primitive.getAsString();
  }

  private static int count(JsonElement value, String field) {
    if (value instanceof JsonPrimitive primitive && primitive.isNumber()) {
      try {
        return primitive.getAsBigDecimal().intValueExact();
      } catch (ArithmeticException e) {
        // The same sentence.
      }
    }
    throw new IllegalArgumentException("a whole number " + field);
  }
}
