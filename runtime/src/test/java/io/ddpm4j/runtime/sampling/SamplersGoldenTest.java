package io.ddpm4j.runtime.sampling;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.ddpm4j.runtime.model.EpsilonModel;
import io.ddpm4j.runtime.schedule.NoiseLevels;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.SamplingGrid;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import io.ddpm4j.testing.Json;
import io.ddpm4j.testing.SharedData;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Every trajectory of the reference implementation's schedulers: every file, every case.
 *
 * <p>{@code -Dddpm4j.golden=euler,heun} runs some of the files only.
 */
class SamplersGoldenTest {
  private static final int ELEMENTS = 48; // [1, 3, 4, 4]
  private static final double TABLES = 1e-10; // relative

  /** Fields that say what to run; one that is not among them must fail, not be passed over. */
  private static final Set<String> UNDERSTOOD =
      Set.of(
          "id",
          "scheduler",
          "config",
          "num_inference_steps",
          "set_timesteps_args",
          "step_args",
          "model",
          "variance_model",
          "loop",
          "noise",
          "note",
          "error",
          "timesteps",
          "sigmas",
          "dtype",
          "order",
          "init_noise_sigma",
          "noise_draws_total",
          "noise_draws_after_step",
          "outputs",
          "pred_original_sample",
          "denoised",
          "pred_noised_sample",
          "prev_sample_mean",
          "sum_abs",
          "mean_abs",
          "has_nan_or_inf",
          "f32_max_abs_diff");

  /**
   * Fields that are left alone: the reference's own float32 numbers. The result in float32 is as
   * far from {@code outputs} as {@code f32_max_abs_diff} says, and the timesteps are those that
   * float32 moved, where ours agree with the ones in double.
   */
  private static final Set<String> OF_FLOAT32 = Set.of("final_f32", "timesteps_f32");

  /** By class: cases, and the worst error as a part of what is allowed. */
  private static final Map<String, double[]> TALLY = new TreeMap<>();

  @TestFactory
  Stream<DynamicContainer> everyCaseHasTheReferenceTrajectory() throws IOException {
    String only = System.getProperty("ddpm4j.golden", "");
    List<Path> files;
    try (Stream<Path> list = Files.list(SharedData.path("golden/schedulers"))) {
      files = list.filter(f -> f.toString().endsWith(".json")).sorted().toList();
    }
    List<DynamicContainer> containers = new ArrayList<>();
    for (Path file : files) {
      String name = file.getFileName().toString().replace(".json", "");
      JsonObject whole = Json.shared("golden/schedulers/" + file.getFileName());
      boolean asked = only.isEmpty() || List.of(only.split(",")).contains(name);
      if (asked && whole.has("cases")) {
        List<DynamicTest> tests =
            Json.objects(whole, "cases").stream()
                .filter(c -> c.has("outputs") || c.has("error"))
                .map(c -> DynamicTest.dynamicTest(c.get("id").getAsString(), () -> check(c)))
                .toList();
        containers.add(DynamicContainer.dynamicContainer(name, tests));
      }
    }
    return containers.stream();
  }

  @AfterAll
  static void printTable() {
    StringBuilder table = new StringBuilder("Reference trajectories: class, cases, worst error\n");
    TALLY.forEach(
        (name, t) ->
            table.append("  %-36s %4.0f  %.2f of what is allowed%n".formatted(name, t[0], t[1])));
    System.out.print(table);
  }

  private static void check(JsonObject c) {
    Set<String> unknown = new HashSet<>(c.keySet());
    unknown.removeAll(UNDERSTOOD);
    unknown.removeAll(OF_FLOAT32);
    assertEquals(Set.of(), unknown, "fields that this test does not understand");
    String scheduler = c.get("scheduler").getAsString();
    double[] tally = TALLY.computeIfAbsent(scheduler, k -> new double[2]);
    tally[0]++;
    if (Json.has(c, "error")) {
      Exception e = assertThrows(IllegalArgumentException.class, () -> new Run(c).sample());
      assertTrue(e.getMessage().contains("expected"), e.getMessage());
      return;
    }
    Run run = new Run(c);
    run.checkGrid();
    run.sample();
    assertEquals(c.get("noise_draws_total").getAsInt(), run.draws - 1, "draws"); // one is x_T
    if (Json.has(c, "has_nan_or_inf")) {
      for (float value : run.state.x()) {
        assertTrue(Float.isFinite(value), "the reference gives no finite result; ours must be");
      }
      return;
    }
    tally[1] = Math.max(tally[1], run.compare());
  }

  /** One case. */
  private static final class Run {
    private final JsonObject c;
    private final NoiseSchedule schedule;
    private final Sampler sampler;
    private final SamplingRun state;
    private final Map<Integer, float[]> trajectory = new HashMap<>();
    private final Map<Integer, float[]> predictions = new HashMap<>();
    private final List<Double> timesteps = new ArrayList<>();
    private int draws;

    Run(JsonObject c) {
      this.c = c;
      JsonObject json = c.getAsJsonObject("config").deepCopy();
      json.addProperty("_class_name", c.get("scheduler").getAsString());
      for (String args : List.of("set_timesteps_args", "step_args")) {
        if (Json.has(c, args)) {
          String scheduler = c.get("scheduler").getAsString();
          boolean order = scheduler.startsWith("LMS");
          for (Map.Entry<String, JsonElement> e : c.getAsJsonObject(args).entrySet()) {
            String name = order && e.getKey().equals("order") ? "lms_order" : e.getKey();
            json.add(name, e.getValue());
            if (name.equals("original_inference_steps") && scheduler.startsWith("TCD")) {
              json.addProperty("any_timestep", true); // what the argument of a call means there
            }
          }
        }
      }
      SchedulerConfig config = SchedulerConfig.parse(json.toString());
      assertEquals(List.of(), config.unknownFields(), "fields that the configuration passes over");
      schedule = config.noiseSchedule();
      Sampler plain = Samplers.of(config);
      boolean full = Json.has(c, "loop") && c.get("loop").getAsString().equals("full");
      boolean counted = Json.has(c, "num_inference_steps") && !full;
      boolean given = json.has("timesteps") || json.has("sigmas");
      sampler =
          counted && !given ? plain.withSteps(c.get("num_inference_steps").getAsInt()) : plain;
      state =
          SamplingRun.builder(1, 3, 4, 4)
              .learnsVariance(sampler.learnsVariance())
              .noise((z, firstImage, images, elements, draw) -> fill(z, draw))
              .listener(
                  step -> {
                    timesteps.add(step.timestep());
                    trajectory.put(step.index(), copy(step.x()));
                    predictions.put(step.index(), copy(step.predictedX0()));
                  })
              .known(config.className().startsWith("RePaint") ? known() : null)
              .build();
    }

    /** The image and the mask that the file states. */
    private static KnownImage known() {
      float[] image = new float[ELEMENTS];
      float[] mask = new float[ELEMENTS];
      for (int i = 0; i < ELEMENTS; i++) {
        image[i] = (float) (0.8 * Math.cos(0.23 * i));
        mask[i] = i / 2 % 2 == 0 ? 1 : 0;
      }
      return KnownImage.of(image, mask);
    }

    void checkGrid() {
      SamplingGrid grid = sampler.grid(schedule);
      // Relative above 1, absolute below: a timestep of 1e-15 is the rounding error of 0.
      close(Json.doubles(c.get("timesteps")), grid.timesteps(), TABLES, "timesteps");
      if (Json.has(c, "sigmas")) {
        close(Json.doubles(c.get("sigmas")), grid.sigmas(), 1e-300, "sigmas");
      }
      double sigma = c.get("init_noise_sigma").getAsDouble();
      assertEquals(sigma, grid.initNoiseSigma(), TABLES * sigma, "init_noise_sigma");
    }

    private static void close(double[] expected, double[] found, double floor, String what) {
      assertEquals(expected.length, found.length, what + ": how many");
      for (int i = 0; i < expected.length; i++) {
        double allowed = Math.max(TABLES * Math.abs(expected[i]), floor);
        assertEquals(expected[i], found[i], allowed, what + "[" + i + "]");
      }
    }

    void sample() {
      sampler.sample(this.model(), schedule, state);
    }

    /** The worst error of the trajectory as a part of what is allowed; fails above 1. */
    double compare() {
      double worst = compare("outputs", trajectory);
      assertArrayEquals(
          Json.doubles(c.get("timesteps")),
          timesteps.stream().mapToDouble(t -> t).toArray(),
          1e-6,
          "timesteps of the run");
      compareSums(allowed("outputs"));
      // What the listener sees as x_0 has these names in the reference.
      for (String field : List.of("pred_original_sample", "denoised", "prev_sample_mean")) {
        if (Json.has(c, field)) {
          worst = Math.max(worst, compare(field, predictions));
        }
      }
      if (Json.has(c, "pred_noised_sample")) {
        worst = Math.max(worst, compare("pred_noised_sample", withoutNoise()));
      }
      return worst;
    }

    /** 2e-5 of the largest number of all steps, or 3 times what float32 costs the reference. */
    private double allowed(String field) {
      double largest = 0;
      for (Map.Entry<String, JsonElement> e : c.getAsJsonObject(field).entrySet()) {
        double[] values = Json.doubles(e.getValue());
        largest = Math.max(largest, Arrays.stream(values).map(Math::abs).max().orElse(0));
      }
      return Math.max(2e-5 * largest, 3 * c.get("f32_max_abs_diff").getAsDouble());
    }

    private void compareSums(double allowed) {
      double sum = 0;
      for (float value : state.x()) {
        sum += Math.abs(value);
      }
      assertEquals(c.get("sum_abs").getAsDouble(), sum, ELEMENTS * allowed, "sum_abs");
      assertEquals(c.get("mean_abs").getAsDouble(), sum / ELEMENTS, allowed, "mean_abs");
    }

    /** TCD's x before a step's noise is added: x less that noise. */
    private Map<Integer, float[]> withoutNoise() {
      double gamma = ((TcdSampler) sampler).eta();
      double[] visited = sampler.grid(schedule).timesteps();
      Map<Integer, float[]> clean = new HashMap<>();
      for (Map.Entry<Integer, float[]> e : trajectory.entrySet()) {
        int step = e.getKey();
        float[] x = e.getValue().clone();
        if (gamma > 0 && step + 1 < visited.length) {
          int next = (int) visited[step + 1];
          int s = (int) ((float) (1 - gamma) * next);
          double kept = schedule.alphaCumprod(next) / schedule.alphaCumprod(s);
          for (int i = 0; i < ELEMENTS; i++) {
            x[i] = (float) ((x[i] - Math.sqrt(1 - kept) * noise(i, step)) / Math.sqrt(kept));
          }
        }
        clean.put(step, x);
      }
      return clean;
    }

    /**
     * What rounding alone does to x_0 before a call: x and ε, divided by √ᾱ, are then two numbers
     * of σ's size with half a unit in float32's last place each, of which x_0 is the difference.
     */
    private double roundingOfX0(int call) {
      NoiseLevels levels = sampler.levels(schedule);
      int step = 0;
      while (step + 1 < levels.steps() && levels.calls(step + 1) <= call) {
        step++;
      }
      double largest = sampler.grid(schedule).initNoiseSigma(); // draw 0 ends at 1
      if (call > 0) {
        largest = 0;
        for (float value : trajectory.get(call - 1)) {
          largest = Math.max(largest, Math.abs(value));
        }
      }
      double signal = levels.signal(step);
      return signal == 0 ? 0 : 0x1p-23 * largest / signal; // of ᾱ = 0 clipping makes ±1
    }

    private boolean predicts(String... types) {
      JsonObject config = c.getAsJsonObject("config");
      return Json.has(config, "prediction_type")
          && List.of(types).contains(config.get("prediction_type").getAsString());
    }

    private double compare(String field, Map<Integer, float[]> found) {
      double ofField = allowed(field);
      boolean cancels =
          field.equals("pred_original_sample")
              && !predicts("v_prediction", "sample")
              && !c.get("scheduler")
                  .getAsString()
                  .startsWith("EDM"); // its weights of x and output do not grow with σ
      double worst = 0;
      for (Map.Entry<String, JsonElement> e : c.getAsJsonObject(field).entrySet()) {
        double[] expected = Json.doubles(e.getValue());
        int call = Integer.parseInt(e.getKey());
        float[] actual = found.get(call);
        double allowed = cancels ? Math.max(ofField, roundingOfX0(call)) : ofField;
        assertTrue(Double.isFinite(allowed), field + ": allowed");
        for (int i = 0; i < ELEMENTS; i++) {
          String what = field + "[" + e.getKey() + "][" + i + "]";
          assertEquals(expected[i], actual[i], allowed, what);
          worst = Math.max(worst, Math.abs(expected[i] - actual[i]) / allowed);
        }
      }
      return worst;
    }

    private static float[] copy(FloatBuffer view) {
      float[] values = new float[view.capacity()];
      view.get(0, values);
      return values;
    }

    /** Draw 0 is the initial sample; draw k+1 is the file's k-th noise. */
    private void fill(float[] z, int draw) {
      draws++;
      for (int i = 0; i < ELEMENTS; i++) {
        z[i] = (float) (draw == 0 ? (i * 37 % 101) / 50.5 - 1 : noise(i, draw - 1));
      }
    }

    /** Element i of the file's k-th noise. */
    private static double noise(int i, int k) {
      return Math.sqrt(2) * Math.sin(1.7 * i + 0.9 * k + 0.3);
    }

    private EpsilonModel model() {
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
          if (sampler.learnsVariance()) {
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
}
