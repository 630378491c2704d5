package io.ddpm4j.testing;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Reads the JSON files of the reference data. */
public final class Json {
  private Json() {}

  /**
   * The object that a file of the reference data holds; where it is absent, the test is skipped.
   */
  public static JsonObject shared(String relative) {
    Path file = SharedData.path(relative);
    try {
      return JsonParser.parseString(Files.readString(file)).getAsJsonObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The objects of an array field. */
  public static List<JsonObject> objects(JsonObject parent, String field) {
    List<JsonObject> objects = new ArrayList<>();
    parent.getAsJsonArray(field).forEach(element -> objects.add(element.getAsJsonObject()));
    return objects;
  }

  /** An array of numbers; null becomes NaN, and "inf" and "-inf" infinite. */
  public static double[] doubles(JsonElement array) {
    JsonArray elements = array.getAsJsonArray();
    double[] values = new double[elements.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = number(elements.get(i));
    }
    return values;
  }

  /** A number, as in {@link #doubles}. */
  public static double number(JsonElement element) {
    if (element.isJsonNull()) {
      return Double.NaN;
    }
    if (element.getAsJsonPrimitive().isString()) {
      return element.getAsString().startsWith("-")
          ? Double.NEGATIVE_INFINITY
          : Double.POSITIVE_INFINITY;
    }
    return element.getAsDouble();
  }

  /** The integers of an array. */
  public static int[] ints(JsonElement array) {
    JsonArray elements = array.getAsJsonArray();
    int[] values = new int[elements.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = elements.get(i).getAsInt();
    }
    return values;
  }

  /** Whether a field is there and not null. */
  public static boolean has(JsonObject object, String field) {
    return object.has(field) && !object.get(field).isJsonNull();
  }
}
