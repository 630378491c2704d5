package io.ddpm4j.exporter.convert;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import io.ddpm4j.exporter.OneLine;
import java.io.IOException;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * Arguments of a network's constructor, given as a JSON object. They are taken one by one, so that
 * what is left over is known; null counts as absent.
 */
final class Arguments {
  private final JsonObject object;
  private final Set<String> seen = new HashSet<>();

  private Arguments(JsonObject object) {
    this.object = object;
  }

  /**
   * Reads a JSON object.
   *
   * @param json null where nothing is given
   * @throws IllegalArgumentException if it is none
   */
  static Arguments parse(String json) {
    if (json == null) {
      return new Arguments(new JsonObject());
    }
    JsonElement element = null;
    try {
      JsonReader reader = new JsonReader(new StringReader(json));
      reader.setStrictness(Strictness.STRICT);
      element = JsonParser.parseReader(reader);
      if (reader.peek() != JsonToken.END_DOCUMENT) {
        element = null;
      }
    } catch (JsonParseException | IOException | IllegalStateException e) {
      element = null; // said below
    }
    if (element == null || !element.isJsonObject()) {
      throw new IllegalArgumentException(
          "config: expected a JSON object of the constructor's arguments, found " + shorten(json));
    }
    return new Arguments(element.getAsJsonObject());
  }

  /** All of it, as it was given. */
  JsonObject object() {
    return object;
  }

  /** Whether the argument is given and not null. */
  boolean has(String key) {
    seen.add(key);
    return object.has(key) && !object.get(key).isJsonNull();
  }

  /** Whether the argument is given, be it as null. */
  boolean mentions(String key) {
    seen.add(key);
    return object.has(key);
  }

  /** A whole number. */
  OptionalInt integer(String key) {
    return has(key) ? OptionalInt.of(integer(key, object.get(key))) : OptionalInt.empty();
  }

  /** A number. */
  OptionalDouble number(String key) {
    if (!has(key)) {
      return OptionalDouble.empty();
    }
    return OptionalDouble.of(number(key, object.get(key)));
  }

  /** A truth value. */
  Optional<Boolean> bool(String key) {
    if (!has(key)) {
      return Optional.empty();
    }
    return Optional.of(bool(key, object.get(key)));
  }

  /** A text. */
  Optional<String> text(String key) {
    if (!has(key)) {
      return Optional.empty();
    }
    require(isText(object.get(key)), key, "a text", object.get(key));
    return Optional.of(object.get(key).getAsString());
  }

  /** One of a few texts. */
  Optional<String> word(String key, List<String> legal) {
    Optional<String> word = text(key);
    word.ifPresent(
        w -> require(legal.contains(w), key, "one of " + String.join(", ", legal), quoted(w)));
    return word;
  }

  /** Whether the argument is a text. */
  boolean isText(String key) {
    return has(key) && isText(object.get(key));
  }

  /** Whether the argument is a number. */
  boolean isNumber(String key) {
    return has(key)
        && object.get(key).isJsonPrimitive()
        && object.get(key).getAsJsonPrimitive().isNumber();
  }

  /** A list of whole numbers; one number stands for {@code count} equal ones. */
  Optional<List<Integer>> integers(String key, int count) {
    return list(key, count, element -> integer(key, element));
  }

  /** A list of numbers. */
  Optional<List<Double>> numbers(String key) {
    return list(key, 1, element -> number(key, element));
  }

  /** A list of truth values; one value stands for {@code count} equal ones. */
  Optional<List<Boolean>> bools(String key, int count) {
    return list(key, count, element -> bool(key, element));
  }

  private <T> Optional<List<T>> list(String key, int count, Function<JsonElement, T> read) {
    if (!has(key)) {
      return Optional.empty();
    }
    List<T> values = new ArrayList<>();
    if (object.get(key) instanceof JsonArray array) {
      array.forEach(element -> values.add(read.apply(element)));
    } else {
      T value = read.apply(object.get(key));
      for (int i = 0; i < count; i++) {
        values.add(value);
      }
    }
    return Optional.of(values);
  }

  /** Refuses an argument that is given and is not what the tensors say. */
  void agree(String key, Object inTensors) {
    agree(key, inTensors, text -> text.equals(inTensors.toString()));
  }

  /** Refuses an argument that is given as a list and is not what the tensors say. */
  void agree(String key, List<?> inTensors) {
    if (has(key)) {
      JsonArray array = new JsonArray();
      for (Object value : inTensors) {
        array.add(
            value instanceof Boolean b ? new JsonPrimitive(b) : new JsonPrimitive((Number) value));
      }
      require(object.get(key).equals(array), key, array + ", as the tensors are", object.get(key));
    }
  }

  private void agree(String key, Object inTensors, Predicate<String> equal) {
    if (has(key)) {
      JsonElement found = object.get(key);
      require(
          found.isJsonPrimitive() && equal.test(found.getAsString()),
          key,
          inTensors + ", as the tensors are",
          found);
    }
  }

  /** Passes over arguments that say nothing of the network's output. */
  void ignore(Set<String> keys) {
    seen.addAll(keys);
  }

  /** Refuses an argument that nothing asked for. */
  void requireNoOther(String constructor) {
    for (String key : object.keySet()) {
      if (!seen.contains(key)) {
        throw new IllegalArgumentException(
            "config: expected arguments of " + constructor + ", found " + quoted(key));
      }
    }
  }

  /** Refuses the argument. */
  void require(boolean ok, String key, String expected, Object found) {
    if (!ok) {
      throw wrong(key, expected, shorten(found.toString()));
    }
  }

  /** That an argument is not what was expected. */
  static IllegalArgumentException wrong(String key, String expected, String found) {
    return new IllegalArgumentException(
        "config: " + key + ": expected " + expected + ", found " + found);
  }

  private static double number(String key, JsonElement element) {
    boolean number = element.isJsonPrimitive() && element.getAsJsonPrimitive().isNumber();
    if (!number || !Double.isFinite(element.getAsDouble())) {
      throw wrong(key, "a number", shorten(element.toString()));
    }
    return element.getAsDouble();
  }

  private static int integer(String key, JsonElement element) {
    double value = number(key, element);
    if (value != (int) value) {
      throw wrong(key, "an integer", shorten(element.toString()));
    }
    return (int) value;
  }

  private static boolean bool(String key, JsonElement element) {
    if (!element.isJsonPrimitive() || !element.getAsJsonPrimitive().isBoolean()) {
      throw wrong(key, "true or false", shorten(element.toString()));
    }
    return element.getAsBoolean();
  }

  private static boolean isText(JsonElement element) {
    return element.isJsonPrimitive() && element.getAsJsonPrimitive().isString();
  }

  private static String quoted(String text) {
    return "\"" + text + "\"";
  }

  private static String shorten(String text) {
    String line = OneLine.of(text.replaceAll("\\s+", " "));
    return line.length() > 60 ? line.substring(0, 60) + "..." : line;
  }
}
