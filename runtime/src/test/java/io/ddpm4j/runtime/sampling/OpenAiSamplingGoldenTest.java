package io.ddpm4j.runtime.sampling;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.ddpm4j.runtime.model.EpsilonModel;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import io.ddpm4j.testing.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The sampling loops of OpenAI's guided-diffusion, whose DDIM derives ε from the clipped x_0. */
class OpenAiSamplingGoldenTest {
  private static final int ELEMENTS = 192; // [1, 3, 8, 8]
  private static final String REVERSED = "ddim_reverse_sample t=0..4";

  @TestFactory
  Stream<DynamicTest> everyLoopIsReproduced() {
    return Json.objects(Json.shared("golden/math/sampling.json"), "rows").stream()
        .map(
            row -> {
              JsonObject name = row.deepCopy();
              List.of("first", "last", "last_pred_xstart").forEach(name::remove);
              return DynamicTest.dynamicTest(name.toString(), () -> check(row));
            });
  }

  private static SchedulerConfig config(JsonObject row) {
    String kind = row.get("sampler").getAsString();
    SchedulerConfig config =
        switch (kind) {
          case "p_sample_loop" ->
              SchedulerConfig.of("DDPMScheduler")
                  .with(
                      "variance_type", row.get("var_type").getAsString().toLowerCase(Locale.ROOT));
          case "ddim_sample_loop" ->
              SchedulerConfig.of("DDIMScheduler")
                  .with("eta", row.get("eta").getAsDouble())
                  .with("use_clipped_model_output", true);
          // from t = 0 on, where x is taken to be at ᾱ_0 already
          case REVERSED ->
              SchedulerConfig.of("DDIMInverseScheduler")
                  .with("set_alpha_to_one", false)
                  .with("timesteps", 5, 4, 3, 2, 1);
          default -> throw new AssertionError("not understood: " + kind);
        };
    config = config.with("clip_sample", row.get("clip_denoised").getAsBoolean());
    String[] schedule = row.get("schedule").getAsString().split(":");
    if (schedule[0].equals("custom20")) {
      return config.withTrainedBetas(
          IntStream.range(0, 20).mapToDouble(t -> 0.001 + 0.021 * t).toArray());
    }
    int count = Integer.parseInt(schedule[1]);
    config = config.with("num_train_timesteps", count);
    return schedule[0].equals("linear")
        ? config.with("beta_start", 0.1 / count).with("beta_end", 20.0 / count)
        : config.with("beta_schedule", "squaredcos_cap_v2");
  }

  private static void check(JsonObject row) {
    SchedulerConfig config = config(row);
    EpsilonModel model =
        (x, images, t, output) -> {
          for (int i = 0; i < ELEMENTS; i++) {
            output.put(i, 0.5f * x.get(i));
          }
          for (int i = ELEMENTS; i < output.capacity(); i++) {
            output.put(i, (float) (0.9 * Math.sin(0.3 * (i - ELEMENTS) + 0.01 * t)));
          }
        };
    run(Samplers.of(config), config.noiseSchedule(), model, row);
  }

  @Test
  void theSpacedRunIsReproduced() {
    JsonObject run = Json.shared("golden/math/respacing.json").getAsJsonObject("spaced_run");
    List<Double> seen = new ArrayList<>();
    EpsilonModel model =
        (x, images, t, output) -> {
          seen.add(t);
          for (int i = 0; i < ELEMENTS; i++) {
            output.put(i, (float) (0.5 * x.get(i) + 1e-4 * t));
          }
        };
    Sampler sampler =
        Samplers.of(
            SchedulerConfig.ddpm()
                .with("variance_type", "fixed_large")
                .with("timestep_respacing", run.get("use_timesteps").getAsString()));
    run(sampler, NoiseSchedule.linear(), model, run);
    int[] expected = Json.ints(run.get("timesteps_seen_by_model"));
    assertEquals(IntStream.of(expected).asDoubleStream().boxed().toList(), seen);
  }

  private static void run(
      Sampler sampler, NoiseSchedule schedule, EpsilonModel model, JsonObject expected) {
    float[] first = new float[ELEMENTS];
    SamplingRun run =
        SamplingRun.builder(1, 3, 8, 8)
            .learnsVariance(sampler.learnsVariance())
            .noise((z, firstImage, images, elements, draw) -> fill(z, draw))
            .listener(
                step -> {
                  if (step.index() == 0) {
                    step.x().get(0, first);
                  }
                })
            .build();
    sampler.sample(model, schedule, run);
    compare(expected.get("last"), run.x());
    if (Json.has(expected, "first")) {
      compare(expected.get("first"), first);
    }
    if (Json.has(expected, "last_pred_xstart")) {
      compare(expected.get("last_pred_xstart"), run.predictedX0());
    }
  }

  private static void fill(float[] z, int draw) {
    for (int i = 0; i < ELEMENTS; i++) {
      z[i] =
          (float)
              (draw == 0
                  ? i * 37 % 101 / 50.5 - 1
                  : Math.sqrt(2) * Math.sin(1.7 * i + 0.9 * (draw - 1) + 0.3));
    }
  }

  private static void compare(JsonElement field, float[] found) {
    double[] expected = Json.doubles(field);
    assertTrue(expected.length == ELEMENTS);
    for (int i = 0; i < ELEMENTS; i++) {
      assertEquals(expected[i], found[i], 2e-5 * Math.max(1, Math.abs(expected[i])), "at " + i);
    }
  }
}
