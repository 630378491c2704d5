package io.ddpm4j.runtime.sampling;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.ddpm4j.runtime.model.EpsilonModel;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import io.ddpm4j.runtime.schedule.TimestepGrid;
import io.ddpm4j.testing.Json;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Every trajectory of the reference implementation's ancestral sampler. */
class DdpmGoldenTest {
  private static final int ELEMENTS = 48; // [1, 3, 4, 4]

  /** Fields that say what to run; one that is not among them must fail, not be passed over. */
  private static final Set<String> UNDERSTOOD =
      Set.of(
          "id",
          "scheduler",
          "config",
          "num_inference_steps",
          "set_timesteps_args",
          "model",
          "variance_model",
          "loop",
          "noise",
          "note",
          "error",
          "timesteps",
          "dtype",
          "order",
          "init_noise_sigma",
          "noise_draws_total",
          "noise_draws_after_step",
          "outputs",
          "pred_original_sample",
          "sum_abs",
          "mean_abs",
          "final_f32",
          "has_nan_or_inf",
          "f32_max_abs_diff");

  @TestFactory
  Stream<DynamicTest> everyCaseHasTheReferenceTrajectory() {
    return Json.objects(Json.shared("golden/schedulers/ddpm.json"), "cases").stream()
        .map(c -> DynamicTest.dynamicTest(c.get("id").getAsString(), () -> check(c)));
  }

  private static void check(JsonObject c) {
    Set<String> unknown = new HashSet<>(c.keySet());
    unknown.removeAll(UNDERSTOOD);
    assertEquals(Set.of(), unknown, "fields that this test does not understand");
    if (Json.has(c, "error")) {
      Exception e = assertThrows(IllegalArgumentException.class, () -> run(c, Map.of()));
      assertTrue(e.getMessage().contains("expected"), e.getMessage());
      return;
    }
    Map<Integer, float[]> trajectory = new HashMap<>();
    Map<Integer, float[]> predictions = new HashMap<>();
    int[] draws = new int[1];
    SamplingRun run = run(c, trajectory, predictions, draws);
    assertEquals(c.get("noise_draws_total").getAsInt(), draws[0] - 1, "draws"); // one is x_T
    if (Json.has(c, "has_nan_or_inf")) {
      // log(beta) taken for a variance there: ours is finite, and that of fixed_large
      c.getAsJsonObject("config").addProperty("variance_type", "fixed_large");
      assertArrayEquals(run(c, new HashMap<>()).x(), run.x(), 1e-6f);
      return;
    }
    double largest = 0;
    for (Map.Entry<String, JsonElement> e : c.getAsJsonObject("outputs").entrySet()) {
      largest =
          Math.max(
              largest, Arrays.stream(Json.doubles(e.getValue())).map(Math::abs).max().orElse(0));
    }
    double tolerance = Math.max(2e-5 * largest, 3 * c.get("f32_max_abs_diff").getAsDouble());
    compare(c, "outputs", trajectory, tolerance);
    if (Json.has(c, "pred_original_sample")) {
      compare(c, "pred_original_sample", predictions, Double.NaN);
    }
  }

  private static void compare(
      JsonObject c, String field, Map<Integer, float[]> found, double tolerance) {
    for (Map.Entry<String, JsonElement> e : c.getAsJsonObject(field).entrySet()) {
      double[] expected = Json.doubles(e.getValue());
      float[] actual = found.get(Integer.parseInt(e.getKey()));
      double largest = Arrays.stream(expected).map(Math::abs).max().orElse(0);
      double allowed = Double.isNaN(tolerance) ? Math.max(1e-4 * largest, 1e-5) : tolerance;
      for (int i = 0; i < ELEMENTS; i++) {
        assertEquals(expected[i], actual[i], allowed, field + "[" + e.getKey() + "][" + i + "]");
      }
    }
  }

  private static SamplingRun run(JsonObject c, Map<Integer, float[]> ignored) {
    return run(c, new HashMap<>(), new HashMap<>(), new int[1]);
  }

  private static SamplingRun run(
      JsonObject c,
      Map<Integer, float[]> trajectory,
      Map<Integer, float[]> predictions,
      int[] draws) {
    SchedulerConfig config = SchedulerConfig.parse(c.get("config").toString());
    NoiseSchedule schedule = config.noiseSchedule();
    DdpmSampler sampler = DdpmSampler.of(config);
    if (Json.has(c, "num_inference_steps") && !Json.has(c, "loop")) {
      sampler = sampler.withSteps(c.get("num_inference_steps").getAsInt());
    } else if (Json.has(c, "set_timesteps_args")) {
      JsonObject args = c.getAsJsonObject("set_timesteps_args");
      assertEquals(Set.of("timesteps"), args.keySet());
      int[] custom = Json.ints(args.get("timesteps"));
      sampler = sampler.withGrid(new TimestepGrid.Custom(Arrays.stream(custom).boxed().toList()));
    }
    int[] timesteps = sampler.grid().timesteps(schedule.trainTimesteps());
    assertArrayEquals(Json.ints(c.get("timesteps")), timesteps);
    SamplingRun run =
        SamplingRun.builder(1, 3, 4, 4)
            .learnsVariance(sampler.learnsVariance())
            .noise((z, firstImage, images, elements, draw) -> fill(z, draw, draws))
            .listener(
                step -> {
                  trajectory.put(step.index(), copy(step.x()));
                  predictions.put(step.index(), copy(step.predictedX0()));
                })
            .build();
    sampler.sample(model(c), schedule, run);
    return run;
  }

  private static float[] copy(FloatBuffer view) {
    float[] values = new float[view.capacity()];
    view.get(0, values);
    return values;
  }

  /** Draw 0 is the initial sample; draw k+1 is the file's k-th noise. */
  private static void fill(float[] z, int draw, int[] draws) {
    draws[0]++;
    for (int i = 0; i < ELEMENTS; i++) {
      z[i] =
          (float)
              (draw == 0
                  ? (i * 37 % 101) / 50.5 - 1
                  : Math.sqrt(2) * Math.sin(1.7 * i + 0.9 * (draw - 1) + 0.3));
    }
  }

  private static EpsilonModel model(JsonObject c) {
    String name = c.get("model").getAsString();
    String variance = Json.has(c, "variance_model") ? c.get("variance_model").getAsString() : "";
    return (x, images, t, output) -> {
      for (int i = 0; i < ELEMENTS; i++) {
        double value =
            switch (name) {
              case "ratio" -> x.get(i) * (t / (t + 1));
              case "affine" -> 0.3 * x.get(i) + 0.1 * Math.sin(i) + 0.01 * Math.sqrt(Math.abs(t));
              default -> throw new IllegalArgumentException("model " + name);
            };
        output.put(i, (float) value);
        if (!variance.isEmpty()) {
          double v =
              switch (variance) {
                case "0.5+0.4*sin(0.3*i)" -> 0.5 + 0.4 * Math.sin(0.3 * i);
                case "0.9*sin(0.3*i+0.01*t)" -> 0.9 * Math.sin(0.3 * i + 0.01 * t);
                default -> throw new IllegalArgumentException("variance_model " + variance);
              };
          output.put(ELEMENTS + i, (float) v);
        }
      }
    };
  }
}
