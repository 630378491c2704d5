package io.ddpm4j.runtime.schedule;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.List;

/**
 * The ways in which files give a schedule number by number: {@code trained_betas} as diffusers has
 * it, {@code betas}, or {@code alphas_cumprod}, from which the betas follow. Only one of them.
 */
final class BetaLists {
  private static final String TRAINED_BETAS = "trained_betas";
  private static final String BETAS = "betas";
  private static final String ALPHAS_CUMPROD = "alphas_cumprod";

  private BetaLists() {}

  /**
   * The same object with {@code trained_betas} in place of the other lists.
   *
   * @throws IllegalArgumentException naming the field, what was expected and what was found
   */
  static JsonObject asTrainedBetas(JsonObject json) {
    List<String> given = new ArrayList<>(List.of(TRAINED_BETAS, BETAS, ALPHAS_CUMPROD));
    given.removeIf(field -> !json.has(field) || json.get(field).isJsonNull());
    if (given.size() > 1) {
      throw new IllegalArgumentException(
          "expected one list that makes the schedule, found " + String.join(" and ", given));
    }
    if (given.isEmpty() || given.get(0).equals(TRAINED_BETAS)) {
      return json;
    }
    String field = given.get(0);
    JsonElement list = json.get(field);
    JsonObject copy = json.deepCopy();
    copy.remove(field);
    copy.add(TRAINED_BETAS, field.equals(BETAS) ? list(field, list) : betas(list(field, list)));
    return copy;
  }

  private static JsonArray list(String field, JsonElement element) {
    if (!element.isJsonArray() || element.getAsJsonArray().isEmpty()) {
      throw new IllegalArgumentException(
          field
              + ": expected a list of numbers, found "
              + (element.isJsonArray() ? "an empty one" : element));
    }
    return element.getAsJsonArray();
  }

  /** β_t = 1 - ᾱ_t/ᾱ_{t-1}, with ᾱ_{-1} = 1. */
  private static JsonArray betas(JsonArray alphasCumprod) {
    JsonArray betas = new JsonArray();
    double before = 1;
    for (int t = 0; t < alphasCumprod.size(); t++) {
      double here = SchedulerConfig.number(ALPHAS_CUMPROD + "[" + t + "]", alphasCumprod.get(t));
      if (!(here > 0 && here < before)) {
        throw new IllegalArgumentException(
            "alphas_cumprod[%d]: expected a number above 0 and below %s, found %s"
                .formatted(t, t == 0 ? "1" : "the one before it, " + before, alphasCumprod.get(t)));
      }
      betas.add((before - here) / before); // exact to the last bits where both are near each other
      before = here;
    }
    return betas;
  }
}
