package io.ddpm4j.runtime.schedule;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.ddpm4j.testing.Json;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Every table of the reference implementations that a noise schedule can give. */
class NoiseScheduleGoldenTest {
  private static final double RELATIVE = 1e-10;

  private static void assertClose(double expected, double actual, String what) {
    assertEquals(expected, actual, Math.abs(expected) * RELATIVE + 1e-300, what);
  }

  @TestFactory
  Stream<DynamicTest> everyNamedScheduleHasTheReferenceBetas() {
    return Json.shared("golden/schedulers/schedules.json")
        .getAsJsonObject("tables")
        .entrySet()
        .stream()
        .map(e -> DynamicTest.dynamicTest(e.getKey(), () -> checkSchedule(e.getValue())));
  }

  private static void checkSchedule(JsonElement element) {
    JsonObject table = element.getAsJsonObject();
    NoiseSchedule schedule = SchedulerConfig.parse(table.get("config").toString()).noiseSchedule();
    double[] betas = Json.doubles(table.get("betas"));
    double[] alphas = Json.doubles(table.get("alphas_cumprod"));
    assertEquals(table.get("T").getAsInt(), schedule.trainTimesteps());
    assertEquals(betas.length, schedule.trainTimesteps());
    for (int t = 0; t < betas.length; t++) {
      assertClose(betas[t], schedule.beta(t), "beta " + t);
      assertClose(alphas[t], schedule.alphaCumprod(t), "alphas_cumprod " + t);
    }
    if (table.has("sum_betas")) {
      assertClose(
          table.get("sum_betas").getAsDouble(), Arrays.stream(schedule.betas()).sum(), "sum");
    }
  }

  @TestFactory
  Stream<DynamicTest> everyMathTableIsReproduced() {
    return Json.shared("golden/math/tables.json").getAsJsonObject("tables").entrySet().stream()
        .map(e -> DynamicTest.dynamicTest(e.getKey(), () -> checkMath(e)));
  }

  /** The tables are named schedule_T; betas scaled by 1000/T as improved-diffusion does. */
  private static void checkMath(Map.Entry<String, JsonElement> entry) {
    JsonObject table = entry.getValue().getAsJsonObject();
    String[] name = entry.getKey().split("_");
    int count = Integer.parseInt(name[1]);
    boolean linear = name[0].equals("linear");
    double scale = linear ? table.get("beta_scale").getAsDouble() : 1;
    BetaSchedule kind = linear ? BetaSchedule.LINEAR : BetaSchedule.SQUAREDCOS_CAP_V2;
    if (Arrays.stream(Json.doubles(table.get("betas"))).anyMatch(beta -> beta >= 1)) {
      Exception e =
          assertThrows(
              IllegalArgumentException.class,
              () -> NoiseSchedule.of(kind, count, scale * 1e-4, scale * 0.02));
      assertTrue(e.getMessage().contains("beta[" + (count - 1) + "] = 1.0"), e.getMessage());
      return;
    }
    NoiseSchedule s = NoiseSchedule.of(kind, count, scale * 1e-4, scale * 0.02);
    Map<String, IntToDoubleFunction> columns =
        Map.ofEntries(
            Map.entry("betas", s::beta),
            Map.entry("alphas_cumprod", s::alphaCumprod),
            Map.entry("alphas_cumprod_prev", t -> s.alphaCumprod(t - 1)),
            Map.entry("alphas_cumprod_next", t -> t + 1 == count ? 0 : s.alphaCumprod(t + 1)),
            Map.entry("sqrt_alphas_cumprod", s::sqrtAlphaCumprod),
            Map.entry("sqrt_one_minus_alphas_cumprod", s::sqrtOneMinusAlphaCumprod),
            Map.entry("log_one_minus_alphas_cumprod", t -> Math.log(1 - s.alphaCumprod(t))),
            Map.entry("sqrt_recip_alphas_cumprod", t -> Math.sqrt(1 / s.alphaCumprod(t))),
            Map.entry("sqrt_recipm1_alphas_cumprod", t -> Math.sqrt(1 / s.snr(t))),
            Map.entry("posterior_variance", s::posteriorVariance),
            Map.entry("posterior_log_variance_clipped", s::posteriorLogVarianceClipped),
            Map.entry("posterior_mean_coef1", t -> s.posteriorMeanX0(t, t - 1)),
            Map.entry("posterior_mean_coef2", t -> s.posteriorMeanXt(t, t - 1)));
    int[] timesteps = Json.ints(table.get("t"));
    for (String column : table.keySet()) {
      if (List.of("t", "beta_scale", "sum_betas", "sum_alphas_cumprod").contains(column)) {
        continue;
      }
      double[] expected = Json.doubles(table.get(column));
      for (int i = 0; i < timesteps.length; i++) {
        assertClose(
            expected[i], columns.get(column).applyAsDouble(timesteps[i]), column + timesteps[i]);
      }
    }
    assertClose(
        table.get("sum_alphas_cumprod").getAsDouble(),
        Arrays.stream(s.alphasCumprod()).sum(),
        "sum");
  }

  @TestFactory
  Stream<DynamicTest> everyPosteriorRowIsReproduced() {
    return Json.objects(Json.shared("golden/schedulers/ddpm_posterior.json"), "rows").stream()
        .map(
            row ->
                DynamicTest.dynamicTest(
                    row.get("config") + " " + row.get("set_timesteps") + " t=" + row.get("t"),
                    () -> checkPosterior(row)));
  }

  private static void checkPosterior(JsonObject row) {
    NoiseSchedule s = SchedulerConfig.parse(row.get("config").toString()).noiseSchedule();
    int t = row.get("t").getAsInt();
    int previous = row.get("prev_t").getAsInt();
    assertClose(row.get("coef_x0").getAsDouble(), s.posteriorMeanX0(t, previous), "coef_x0");
    assertClose(row.get("coef_xt").getAsDouble(), s.posteriorMeanXt(t, previous), "coef_xt");
    double small = s.variance(VarianceType.FIXED_SMALL, t, previous);
    double large = s.variance(VarianceType.FIXED_LARGE, t, previous);
    for (String key : row.keySet()) {
      if (!key.startsWith("_get_variance:")) {
        continue;
      }
      switch (key.substring("_get_variance:".length()).split("\\(")[0]) {
        case "fixed_small" -> assertClose(row.get(key).getAsDouble(), small, key);
        case "fixed_small_log" ->
            assertClose(
                row.get(key).getAsDouble(),
                Math.sqrt(s.variance(VarianceType.FIXED_SMALL_LOG, t, previous)),
                key);
        case "fixed_large" -> assertClose(row.get(key).getAsDouble(), large, key);
        case "fixed_large_log" ->
            assertClose(
                row.get(key).getAsDouble(),
                Math.log(s.variance(VarianceType.FIXED_LARGE_LOG, t, previous)),
                key);
        case "learned_range" -> {
          double[] expected = Json.doubles(row.get(key));
          for (int i = 0; i < expected.length; i++) {
            double weight = i / (expected.length - 1.0);
            double found = weight * Math.log(large) + (1 - weight) * Math.log(small);
            assertClose(expected[i], found, key + i);
          }
        }
        default -> throw new AssertionError("not understood: " + key);
      }
    }
  }

  @TestFactory
  Stream<DynamicTest> everyRespacingHasTheReferenceTimesteps() {
    return Json.objects(Json.shared("golden/math/respacing.json"), "rows").stream()
        .map(
            row ->
                DynamicTest.dynamicTest(
                    row.get("sections") + " of " + row.get("num_timesteps"),
                    () -> checkRespacing(row)));
  }

  private static void checkRespacing(JsonObject row) {
    int count = row.get("num_timesteps").getAsInt();
    TimestepGrid grid =
        TimestepGrid.of(
            SchedulerConfig.ddpm()
                .withJson("timestep_respacing", row.get("sections").getAsString()));
    if (Json.has(row, "error")) {
      Exception e = assertThrows(IllegalArgumentException.class, () -> grid.timesteps(count));
      assertTrue(e.getMessage().startsWith("respacing: expected"), e.getMessage());
      return;
    }
    int[] rising = IntStream.of(grid.timesteps(count)).sorted().toArray();
    assertArrayEquals(Json.ints(row.get("timesteps")), rising);
    int[] falling = grid.timesteps(count);
    assertTrue(falling[0] == rising[rising.length - 1], "from noise to image");
    for (String name : List.of("spaced_linear", "spaced_cosine")) {
      if (row.has(name)) {
        double scale = 1000.0 / count;
        BetaSchedule kind =
            name.endsWith("linear") ? BetaSchedule.LINEAR : BetaSchedule.SQUAREDCOS_CAP_V2;
        NoiseSchedule schedule = NoiseSchedule.of(kind, count, scale * 1e-4, scale * 0.02);
        checkSpacedBetas(row.getAsJsonObject(name), rising, schedule);
      }
    }
  }

  private static void checkSpacedBetas(JsonObject table, int[] rising, NoiseSchedule schedule) {
    double[] betas = new double[rising.length];
    for (int i = 0; i < rising.length; i++) {
      betas[i] = schedule.beta(rising[i], i == 0 ? -1 : rising[i - 1]);
    }
    int[] index = Json.ints(table.get("index"));
    for (int i = 0; i < index.length; i++) {
      double alpha = Json.doubles(table.get("alphas_cumprod"))[i];
      // 1 - (a ratio near 1) has lost the digits that the betas lack here
      assertEquals(Json.doubles(table.get("betas"))[i], betas[index[i]], 1e-12, "beta");
      // likewise: the reference multiplies 1 - beta, and a beta may be 1 - 1e-6
      double allowed = alpha * RELATIVE + 1e-15;
      assertEquals(alpha, schedule.alphaCumprod(rising[index[i]]), allowed, "alphas_cumprod");
    }
    assertClose(table.get("sum_betas").getAsDouble(), Arrays.stream(betas).sum(), "sum");
  }

  @TestFactory
  Stream<DynamicTest> noisingAndVelocityAgree() {
    return Json.objects(Json.shared("golden/schedulers/add_noise_velocity.json"), "cases").stream()
        .filter(c -> c.has("velocity")) // the others index the levels of a sampler's grid
        .map(
            c ->
                DynamicTest.dynamicTest(
                    c.get("scheduler") + " " + c.get("config"), () -> checkAddNoise(c)));
  }

  private static void checkAddNoise(JsonObject c) {
    JsonObject config = c.getAsJsonObject("config").deepCopy();
    config.add("_class_name", c.get("scheduler"));
    NoiseSchedule s = SchedulerConfig.parse(config.toString()).noiseSchedule();
    JsonArray timesteps = c.getAsJsonArray("timesteps");
    int elements = 48;
    for (int k = 0; k < timesteps.size(); k++) {
      float[] x0 = new float[elements];
      float[] z = new float[elements];
      for (int i = 0; i < elements; i++) {
        int flat = k * elements + i;
        x0[i] = (float) (flat * 37 % 101 / 50.5 - 1);
        z[i] = (float) (Math.sqrt(2) * Math.sin(1.7 * flat + 0.3));
      }
      float[] xt = new float[elements];
      float[] v = new float[elements];
      int t = timesteps.get(k).getAsInt();
      s.addNoise(x0, z, t, xt);
      s.velocity(x0, z, t, v);
      double[] noised = Json.doubles(c.get("add_noise"));
      double[] velocity = Json.doubles(c.get("velocity"));
      for (int i = 0; i < elements; i++) {
        assertEquals(noised[k * elements + i], xt[i], 1e-6);
        assertEquals(velocity[k * elements + i], v[i], 1e-6);
      }
    }
  }

  @Test
  void theFilesHoldWhatTheseTestsAreFor() {
    assertTrue(
        Json.shared("golden/schedulers/schedules.json").getAsJsonObject("tables").size() >= 13);
    assertTrue(Json.objects(Json.shared("golden/schedulers/ddpm.json"), "cases").size() >= 77);
    assertTrue(
        Json.objects(Json.shared("golden/schedulers/ddpm_posterior.json"), "rows").size() >= 22);
  }
}
