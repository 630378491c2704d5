package io.ddpm4j.exporter.nn;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.util.ArrayList;
import java.util.List;

/**
 * A classifier of images.
 *
 * @param channels of an image
 * @param height of an image in pixels
 * @param width of an image in pixels
 * @param widths channels of each level, from the images' own size down; each further level has half
 *     the height and width, rounded up. The last is the number of features
 * @param blocks residual blocks of each level, as many numbers as there are levels
 * @param groups of every norm; they divide every width
 * @param classes at least 2
 */
public record ClassifierConfig(
    int channels,
    int height,
    int width,
    List<Integer> widths,
    List<Integer> blocks,
    int groups,
    int classes) {
  /** Refuses numbers out of range and widths that the groups do not divide. */
  public ClassifierConfig {
    widths = List.copyOf(widths);
    blocks = List.copyOf(blocks);
    require(channels > 0, "channels", "at least 1", channels);
    require(height > 0, "height", "at least 1", height);
    require(width > 0, "width", "at least 1", width);
    require(classes > 1, "classes", "at least 2", classes);
    require(groups > 0, "groups", "at least 1", groups);
    int of = groups;
    require(
        !widths.isEmpty() && widths.stream().allMatch(w -> w > 0 && w % of == 0),
        "widths",
        "a width for each level, each a multiple of the " + groups + " groups",
        widths);
    require(
        blocks.size() == widths.size() && blocks.stream().allMatch(b -> b >= 0),
        "blocks",
        "a number of at least 0 for each of the " + widths.size() + " levels",
        blocks);
  }

  /** The numbers that the network says of an image before it says the class. */
  public int features() {
    return widths.get(widths.size() - 1);
  }

  /** As JSON, for a file's metadata. */
  public String toJson() {
    JsonObject o = new JsonObject();
    o.addProperty("channels", channels);
    o.addProperty("height", height);
    o.addProperty("width", width);
    o.add("widths", array(widths));
    o.add("blocks", array(blocks));
    o.addProperty("groups", groups);
    o.addProperty("classes", classes);
    return o.toString();
  }

  /**
   * Reads {@link #toJson}'s text.
   *
   * @throws IllegalArgumentException if it is no such text; the message names the field
   */
  public static ClassifierConfig fromJson(String json) {
    JsonObject o;
    try {
      o = JsonParser.parseString(json).getAsJsonObject();
    } catch (JsonParseException | IllegalStateException e) {
      throw new IllegalArgumentException("classifier: expected a JSON object, found " + json, e);
    }
    return new ClassifierConfig(
        number(o.get("channels"), "channels"),
        number(o.get("height"), "height"),
        number(o.get("width"), "width"),
        numbers(o, "widths"),
        numbers(o, "blocks"),
        number(o.get("groups"), "groups"),
        number(o.get("classes"), "classes"));
  }

  private static JsonArray array(List<Integer> numbers) {
    JsonArray array = new JsonArray();
    numbers.forEach(array::add);
    return array;
  }

  private static int number(JsonElement value, String field) {
    try {
      return value.getAsBigDecimal().intValueExact();
    } catch (RuntimeException e) { // absent, no number, not whole
      require(false, field, "a whole number", value);
      throw new AssertionError(e);
    }
  }

  private static List<Integer> numbers(JsonObject o, String field) {
    if (!(o.get(field) instanceof JsonArray array)) {
      require(false, field, "a list of whole numbers", o.get(field));
      throw new AssertionError();
    }
    List<Integer> numbers = new ArrayList<>();
    array.forEach(each -> numbers.add(number(each, field)));
    return numbers;
  }

  private static void require(boolean ok, String field, String expected, Object found) {
    if (!ok) {
      throw new IllegalArgumentException(
          "classifier: " + field + ": expected " + expected + ", found " + found);
    }
  }
}
