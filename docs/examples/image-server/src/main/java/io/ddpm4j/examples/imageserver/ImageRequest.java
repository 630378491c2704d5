package io.ddpm4j.examples.imageserver;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One image.
 *
 * @param className the model's own default if absent
 * @param seed 0 if not given: equal requests get equal images
 */
record ImageRequest(Optional<String> className, long seed) {
  private static final List<String> PARAMETERS = List.of("class", "seed");

  /**
   * Reads a query such as {@code class=sneaker&seed=7}.
   *
   * @param query raw; null if there is none
   * @throws IllegalArgumentException if a parameter is unknown, given twice or malformed
   */
  static ImageRequest parse(String query) {
    Map<String, String> given = new HashMap<>();
    for (String pair : query == null || query.isEmpty() ? new String[0] : query.split("&")) {
      String[] parts = pair.split("=", 2);
      String name = decode(parts[0]);
      if (parts.length < 2 || !PARAMETERS.contains(name)) {
        throw new IllegalArgumentException(
            "query: expected " + String.join("=... and ", PARAMETERS) + "=..., found " + pair);
      }
      if (given.put(name, decode(parts[1])) != null) {
        throw new IllegalArgumentException("query: expected one " + name + ", found two");
      }
    }
    return new ImageRequest(
        Optional.ofNullable(given.get("class")), seed(given.getOrDefault("seed", "0")));
  }

  private static String decode(String text) {
    return URLDecoder.decode(text, StandardCharsets.UTF_8);
  }

  private static long seed(String text) {
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("seed: expected a whole number, found " + text, e);
    }
  }
}
