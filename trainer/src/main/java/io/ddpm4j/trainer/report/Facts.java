package io.ddpm4j.trainer.report;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

/**
 * A table of names and values under a title.
 *
 * @param values by name, in the order in which they are shown
 */
public record Facts(String title, Map<String, String> values) {

  /** Of longer ones the ends are told: a schedule has a thousand betas. */
  private static final int LONGEST_LIST = 16;

  private static final BigDecimal SMALL = new BigDecimal("0.0001");

  /** Keeps the order, but not the map. */
  public Facts {
    values = new LinkedHashMap<>(values);
  }

  /**
   * A table for each object of a JSON object, of its values; what is null is left out.
   *
   * @param json whose values are objects of numbers, texts and lists of these
   */
  public static List<Facts> ofJson(String json) {
    List<Facts> tables = new ArrayList<>();
    for (Map.Entry<String, JsonElement> each :
        JsonParser.parseString(json).getAsJsonObject().entrySet()) {
      if (each.getValue().isJsonObject()) {
        tables.add(new Facts(words(each.getKey()), values(each.getValue().getAsJsonObject(), "")));
      }
    }
    return tables;
  }

  private static Map<String, String> values(JsonObject object, String prefix) {
    Map<String, String> values = new LinkedHashMap<>();
    object
        .entrySet()
        .forEach(
            each -> {
              String name = prefix.isEmpty() ? words(each.getKey()) : prefix + ", " + each.getKey();
              JsonElement value = each.getValue();
              if (value.isJsonObject()) {
                values.putAll(values(value.getAsJsonObject(), name));
              } else if (!value.isJsonNull()) {
                values.put(name, text(value));
              }
            });
    return values;
  }

  private static String text(JsonElement value) {
    if (value.isJsonArray()) {
      JsonArray list = value.getAsJsonArray();
      if (list.size() > LONGEST_LIST) {
        return text(list.get(0))
            + " to "
            + text(list.get(list.size() - 1))
            + ", "
            + list.size()
            + " in all";
      }
      return StreamSupport.stream(list.spliterator(), false)
          .map(Facts::text)
          .collect(Collectors.joining(", "));
    }
    return value.getAsJsonPrimitive().isNumber()
        ? number(value.getAsBigDecimal())
        : value.getAsString();
  }

  /** 0.0001 and 1e-8, not 1.0E-4. */
  private static String number(BigDecimal value) {
    BigDecimal shortest = value.stripTrailingZeros();
    return value.abs().compareTo(SMALL) < 0
        ? shortest.toString().toLowerCase(Locale.ROOT)
        : shortest.toPlainString();
  }

  /** Label dropout, of labelDropout. */
  private static String words(String name) {
    String spaced = name.replaceAll("(?<=[a-z0-9])(?=[A-Z])", " ").toLowerCase(Locale.ROOT);
    String first = spaced.substring(0, 1).toUpperCase(Locale.ROOT);
    return (first + spaced.substring(1)).replaceAll("(?i)\\bema\\b", "EMA");
  }
}
