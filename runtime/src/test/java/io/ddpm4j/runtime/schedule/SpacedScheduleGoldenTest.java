package io.ddpm4j.runtime.schedule;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.ddpm4j.testing.Json;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;

/** Schedules over some timesteps, against OpenAI's {@code space_timesteps} and its spaced betas. */
class SpacedScheduleGoldenTest {

  private static String sections(JsonElement element) {
    return element.isJsonArray()
        ? StreamSupport.stream(element.getAsJsonArray().spliterator(), false)
            .map(JsonElement::getAsString)
            .collect(Collectors.joining(","))
        : element.getAsString();
  }

  @Test
  void everySpacingIsReproduced() {
    List<JsonObject> rows = Json.objects(Json.shared("golden/math/respacing.json"), "rows");
    assertTrue(rows.size() >= 18, "rows: " + rows.size());
    int compared = 0;
    for (JsonObject row : rows) {
      int count = row.get("num_timesteps").getAsInt();
      String sections = sections(row.get("sections"));
      if (!Json.has(row, "timesteps")) { // the reference refuses it
        assertThrows(
            IllegalArgumentException.class,
            () -> new TimestepGrid.Respaced(sections).timesteps(count),
            sections);
        continue;
      }
      for (String name : List.of("linear", "cosine")) {
        if (!Json.has(row, "spaced_" + name)) {
          continue;
        }
        NoiseSchedule whole =
            name.equals("linear")
                ? NoiseSchedule.of(BetaSchedule.LINEAR, count, 0.1 / count, 20.0 / count)
                : NoiseSchedule.of(BetaSchedule.SQUAREDCOS_CAP_V2, count, 1e-4, 0.02);
        SpacedSchedule spaced = SpacedSchedule.of(whole, new TimestepGrid.Respaced(sections));
        assertArrayEquals(Json.ints(row.get("timesteps")), spaced.timesteps(), sections);
        JsonObject table = row.getAsJsonObject("spaced_" + name);
        int[] index = Json.ints(table.get("index"));
        double[] betas = Json.doubles(table.get("betas"));
        double[] alphas = Json.doubles(table.get("alphas_cumprod"));
        for (int i = 0; i < index.length; i++) {
          near(betas[i], spaced.schedule().beta(index[i]), sections + " beta " + index[i]);
          near(alphas[i], spaced.schedule().alphaCumprod(index[i]), sections + " ᾱ " + index[i]);
        }
        near(
            table.get("sum_betas").getAsDouble(),
            Arrays.stream(spaced.schedule().betas()).sum(),
            sections + " sum");
        compared++;
      }
    }
    assertTrue(compared >= 10, "compared: " + compared);
  }

  /** 1e-10 relative, and what 1 - ᾱ_t/ᾱ_s loses where the two are near each other. */
  private static void near(double expected, double found, String what) {
    assertEquals(expected, found, 1e-10 * Math.abs(expected), what);
  }

  @Test
  void allTimestepsAreTheScheduleItself() {
    NoiseSchedule whole = NoiseSchedule.linear();
    assertEquals(whole, SpacedSchedule.of(whole, TimestepGrid.all()).schedule());
    assertEquals(SpacedSchedule.all(whole), SpacedSchedule.of(whole, TimestepGrid.all()));
  }

  @Test
  void aScheduleThatEndsWithoutSignalStillDoes() {
    NoiseSchedule spaced = NoiseSchedule.linear().withZeroTerminalSnr().respaced(0, 500, 999);
    assertEquals(0, spaced.alphaCumprod(2));
    assertEquals(1, spaced.beta(2));
  }

  @Test
  void whatDoesNotRiseIsRefused() {
    NoiseSchedule whole = NoiseSchedule.linear();
    assertThrows(IllegalArgumentException.class, () -> whole.respaced(3, 3));
    assertThrows(IllegalArgumentException.class, () -> whole.respaced(0, 1000));
    assertThrows(IllegalArgumentException.class, () -> whole.respaced(-1, 5));
    assertThrows(IllegalArgumentException.class, () -> whole.respaced());
  }
}
