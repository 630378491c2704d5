package io.ddpm4j.runtime.sampling;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import io.ddpm4j.runtime.schedule.SamplingGrid;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import io.ddpm4j.testing.Json;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The reference implementation's timesteps and noise levels, of every class that has a sampler. */
class SamplerGridsGoldenTest {
  private static final int ELEMENTS = 48; // [1, 3, 4, 4]

  private static Stream<JsonObject> rows(String file, String field) {
    List<JsonObject> rows =
        Json.objects(Json.shared("golden/schedulers/" + file), field).stream()
            .filter(row -> Samplers.classNames().contains(row.get("scheduler").getAsString()))
            .toList();
    assertTrue(!rows.isEmpty(), file);
    return rows.stream();
  }

  @TestFactory
  Stream<DynamicTest> everySpacingHasTheReferenceTimesteps() {
    return rows("timesteps.json", "rows")
        .map(
            row -> {
              JsonObject name = row.deepCopy();
              name.remove("timesteps");
              return DynamicTest.dynamicTest(name.toString(), () -> checkTimesteps(row));
            });
  }

  private static void checkTimesteps(JsonObject row) {
    JsonObject json = new JsonObject();
    json.add("_class_name", row.get("scheduler"));
    json.add("timestep_spacing", row.get("spacing"));
    json.add("steps_offset", row.get("steps_offset"));
    if (row.get("scheduler").getAsString().equals("PNDMScheduler")) {
      json.addProperty("skip_prk_steps", true); // the rows do not say so, their lengths do
    }
    SchedulerConfig config = SchedulerConfig.parse(json.toString());
    int steps = row.get("n").getAsInt();
    if (Json.has(row, "error")) {
      Exception e =
          assertThrows(
              IllegalArgumentException.class,
              () -> Samplers.of(config).withSteps(steps).grid(config.noiseSchedule()));
      assertTrue(e.getMessage().contains("expected"), e.getMessage());
      return;
    }
    SamplingGrid grid = Samplers.of(config).withSteps(steps).grid(config.noiseSchedule());
    assertArrayEquals(Json.doubles(row.get("timesteps")), grid.timesteps(), 1e-10 * 1000);
  }

  /**
   * Noised images by the levels of a grid; timesteps of a schedule of betas have their own test.
   */
  @TestFactory
  Stream<DynamicTest> noisingByALevelAgrees() {
    return rows("add_noise_velocity.json", "cases")
        .filter(c -> c.has("timestep_indices"))
        .map(
            c ->
                DynamicTest.dynamicTest(
                    c.get("scheduler") + " " + c.get("config"), () -> checkNoised(c)));
  }

  private static void checkNoised(JsonObject c) {
    JsonObject json = c.getAsJsonObject("config").deepCopy();
    json.add("_class_name", c.get("scheduler"));
    SchedulerConfig config = SchedulerConfig.parse(json.toString());
    SamplingGrid grid =
        Samplers.of(config)
            .withSteps(c.get("num_inference_steps").getAsInt())
            .grid(config.noiseSchedule());
    int[] indices = Json.ints(c.get("timestep_indices"));
    double[] timesteps = Json.doubles(c.get("timesteps"));
    double[] expected = Json.doubles(c.get("add_noise"));
    for (int k = 0; k < indices.length; k++) {
      assertEquals(timesteps[k], grid.timesteps()[indices[k]], 1e-10 * 1000);
      double sigma = grid.sigmas()[indices[k]];
      // a run that starts from deviation 1 keeps x as √ᾱ x_0 + √(1-ᾱ) ε, others as x_0 + σ ε
      double scale = grid.initNoiseSigma() == 1 ? 1 / Math.hypot(1, sigma) : 1;
      for (int i = k * ELEMENTS; i < (k + 1) * ELEMENTS; i++) {
        double x0 = i * 37 % 101 / 50.5 - 1;
        double z = Math.sqrt(2) * Math.sin(1.7 * i + 0.3);
        double found = scale * (x0 + sigma * z);
        assertEquals(expected[i], found, 1e-10 * Math.max(1, Math.abs(expected[i])));
      }
    }
  }
}
