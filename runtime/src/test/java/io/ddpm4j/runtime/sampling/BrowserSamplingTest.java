package io.ddpm4j.runtime.sampling;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.ddpm4j.runtime.model.EpsilonModel;
import io.ddpm4j.runtime.schedule.BetaSchedule;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import io.ddpm4j.runtime.schedule.TimestepSpacing;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The noise, the schedules and the sampling loop of docs/browser are those of this module. */
class BrowserSamplingTest {
  private static final Path PAGES =
      Path.of(System.getProperty("ddpm4j.root", ".."), "docs/browser");
  private static final int IMAGES = 2;
  private static final int SIDE = 5;
  private static final int SIZE = SIDE * SIDE;

  /** One run of the loop. */
  private record Case(SchedulerConfig scheduler, int steps, long seed) {
    JsonObject toJson() {
      JsonObject o = new JsonObject();
      o.add("scheduler", JsonParser.parseString(scheduler.toJson()));
      o.addProperty("steps", steps);
      o.addProperty("images", IMAGES);
      o.addProperty("size", SIZE);
      o.addProperty("seed", Long.toString(seed));
      return o;
    }
  }

  private static List<Case> cases() {
    SchedulerConfig usual = SchedulerConfig.of("DDIMScheduler").with("num_train_timesteps", 90);
    List<Case> cases = new ArrayList<>();
    for (BetaSchedule betas : BetaSchedule.values()) {
      cases.add(new Case(usual.with("beta_schedule", betas.label()), 10, 1));
    }
    for (String prediction : List.of("epsilon", "sample", "v_prediction")) {
      for (boolean clipped : new boolean[] {true, false}) {
        SchedulerConfig config =
            usual.with("prediction_type", prediction).with("clip_sample", clipped);
        cases.add(new Case(config, 7, -1));
      }
    }
    for (TimestepSpacing spacing : TimestepSpacing.values()) {
      for (int steps : new int[] {1, 4, 13, 16, 89, 90}) {
        SchedulerConfig config = usual.with("timestep_spacing", spacing.label());
        cases.add(new Case(config, steps, 5_000_000_000L));
      }
    }
    cases.add(new Case(usual.with("set_alpha_to_one", false).with("steps_offset", 1), 9, 2));
    cases.add(new Case(usual.with("clip_sample_range", 0.25), 9, 2));
    cases.add(new Case(usual.withTrainedBetas(betas()), 5, 3));
    cases.add(
        new Case(
            usual.with("rescale_betas_zero_snr", true).with("prediction_type", "v_prediction"),
            9,
            Long.MIN_VALUE));
    cases.add(new Case(SchedulerConfig.ddpm().with("variance_type", "learned_range"), 20, 4));
    return cases;
  }

  private static double[] betas() {
    double[] betas = new double[90];
    for (int t = 0; t < betas.length; t++) {
      betas[t] = 0.001 + 0.0005 * (t % 7);
    }
    return betas;
  }

  @Test
  void samplesAsTheSampler() throws IOException, InterruptedException {
    assumeTrue(hasNode(), "skipped: no node in PATH");
    JsonArray asked = new JsonArray();
    cases().forEach(each -> asked.add(each.toJson()));
    JsonArray found = node(asked.toString());
    assertEquals(asked.size(), found.size());
    for (int i = 0; i < found.size(); i++) {
      Case each = cases().get(i);
      JsonObject there = found.get(i).getAsJsonObject();
      SamplingRun run = sample(each);
      SamplingRun begin = run(each);
      begin.startFromNoise(1);
      same(0, begin.x(), there.getAsJsonArray("noise"), each + ": noise");
      same(1e-5, run.x(), there.getAsJsonArray("sampled"), each + ": sampled");
    }
  }

  private static void same(double tolerance, float[] expected, JsonArray found, String what) {
    assertEquals(expected.length, found.size(), what);
    double scale = 1;
    for (float value : expected) {
      scale = Math.max(scale, Math.abs(value));
    }
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i], found.get(i).getAsFloat(), tolerance * scale, what + " " + i);
    }
  }

  private static SamplingRun run(Case each) {
    return SamplingRun.builder(IMAGES, 1, SIDE, SIDE)
        .seed(each.seed())
        .learnsVariance(each.scheduler().varianceType().isLearned())
        .build();
  }

  /** As {@code run-ddim.js} does. */
  private static SamplingRun sample(Case each) {
    NoiseSchedule schedule = each.scheduler().noiseSchedule();
    int channels = each.scheduler().varianceType().isLearned() ? 2 : 1;
    EpsilonModel model =
        (x, images, timestep, output) -> {
          for (int k = 0; k < images; k++) {
            for (int i = 0; i < SIZE; i++) {
              double told = 0.3 * x.get(k * SIZE + i) + timestep / schedule.trainTimesteps();
              int at = channels * k * SIZE + i;
              output.put(at + (channels - 1) * SIZE, 9); // what is not told is the variance
              output.put(at, (float) told);
            }
          }
        };
    SamplingRun run = run(each);
    Samplers.ddim().create(each.scheduler()).withSteps(each.steps()).sample(model, schedule, run);
    return run;
  }

  private static boolean hasNode() {
    return Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, "node")));
  }

  private static JsonArray node(String input) throws IOException, InterruptedException {
    Process node =
        new ProcessBuilder("node", "test/run-ddim.js")
            .directory(PAGES.toFile())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (OutputStream in = node.getOutputStream()) {
      in.write(input.getBytes(StandardCharsets.UTF_8));
    }
    String said = new String(node.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, node.waitFor(), "what node says is above");
    assertTrue(said.startsWith("["), said);
    return JsonParser.parseString(said).getAsJsonArray();
  }
}
