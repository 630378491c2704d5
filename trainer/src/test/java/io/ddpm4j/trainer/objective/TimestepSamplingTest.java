package io.ddpm4j.trainer.objective;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.testing.Json;
import java.io.IOException;
import java.io.InputStream;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Which timesteps are drawn, against NumPy: see {@code timesteps_reference.py}. */
class TimestepSamplingTest {
  private static final long WORDS = 1L << 32;

  private static JsonObject reference() throws IOException {
    try (InputStream in = TimestepSamplingTest.class.getResourceAsStream("timesteps.json")) {
      String json = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      return JsonParser.parseString(json).getAsJsonObject();
    }
  }

  private static long word(int number) {
    return 2654435761L * (number + 1) % WORDS;
  }

  /** Runs the steps from one on, holding each against the reference's. */
  private static void check(TimestepSampler sampler, JsonObject reference, int from, int to) {
    List<JsonObject> steps = Json.objects(reference, "steps");
    int batch = reference.get("batch").getAsInt();
    for (int step = from; step < to; step++) {
      int[] expected = Json.ints(steps.get(step).get("timesteps"));
      double[] weights = Json.doubles(steps.get(step).get("weights"));
      LongBuffer timesteps = LongBuffer.allocate(batch);
      FloatBuffer losses = FloatBuffer.allocate(batch);
      for (int i = 0; i < batch; i++) {
        int t = sampler.timestep(word(step * batch + i));
        assertEquals(expected[i], t, "image " + i + " of step " + step);
        assertEquals(weights[i], sampler.weight(t), 1e-12 * weights[i], "its weight");
        timesteps.put(i, t);
        losses.put(i, (float) ((1 + t) * (1 + t) * (0.6 + 0.5 * Math.sin(3 * step + i))));
      }
      sampler.observe(timesteps, losses);
    }
  }

  private static TimestepSampler byLoss(int trainTimesteps) {
    return TimestepSampling.LOSS_SECOND_MOMENT.sampler(trainTimesteps);
  }

  @Test
  void importanceSamplingAgreesWithNumPy() throws IOException {
    JsonObject reference = reference();
    int steps = reference.getAsJsonArray("steps").size();
    double[] last = Json.doubles(Json.objects(reference, "steps").get(steps - 1).get("weights"));
    assertTrue(last[0] != 1, "the reference's losses count");
    check(byLoss(reference.get("trainTimesteps").getAsInt()), reference, 0, steps);
  }

  /** Before, during and after the step in which every timestep has its losses. */
  @Test
  void aRestoredOneGoesOnAlike() throws IOException {
    JsonObject reference = reference();
    int count = reference.get("trainTimesteps").getAsInt();
    int steps = reference.getAsJsonArray("steps").size();
    for (int stopped = 0; stopped < steps; stopped++) {
      TimestepSampler first = byLoss(count);
      check(first, reference, 0, stopped);
      TimestepSampler second = byLoss(count);
      second.restore(first.state());
      assertEquals(first.state(), second.state());
      check(second, reference, stopped, steps);
    }
  }

  /** The weights make up for the probabilities: a mean over what is drawn is that over all t. */
  @Test
  void theWeightedMeanIsThatOfAllTimesteps() throws IOException {
    JsonObject reference = reference();
    int count = reference.get("trainTimesteps").getAsInt();
    TimestepSampler sampler = byLoss(count);
    check(sampler, reference, 0, reference.getAsJsonArray("steps").size());
    int draws = 1 << 16;
    double[] share = new double[count];
    for (int i = 0; i < draws; i++) {
      int t = sampler.timestep(i * (WORDS / draws));
      share[t] += sampler.weight(t) / draws;
    }
    for (double each : share) {
      assertEquals(1.0 / count, each, 1e-3);
    }
  }

  @Test
  void theEndsOfTheRandomNumbersAreTimesteps() throws IOException {
    JsonObject reference = reference();
    int count = reference.get("trainTimesteps").getAsInt();
    TimestepSampler sampler = byLoss(count);
    for (TimestepSampler each : List.of(sampler, TimestepSampling.UNIFORM.sampler(count))) {
      assertEquals(0, each.timestep(0));
      assertEquals(count - 1, each.timestep(WORDS - 1));
    }
    check(sampler, reference, 0, reference.getAsJsonArray("steps").size());
    assertEquals(0, sampler.timestep(0));
    assertEquals(count - 1, sampler.timestep(WORDS - 1));
  }

  @Test
  void lossesOfZeroLeaveTheTimestepsEqual() {
    TimestepSampler sampler = byLoss(2);
    LongBuffer timesteps = LongBuffer.wrap(new long[] {0, 1});
    for (int step = 0; step < 12; step++) {
      sampler.observe(timesteps, FloatBuffer.wrap(new float[] {0, 0}));
    }
    assertEquals(1, sampler.weight(0));
    assertEquals(1, sampler.timestep(WORDS / 2));
  }

  @Test
  void theLossesOfAnotherRunAreRefused() {
    TimestepSampler sampler = byLoss(6);
    Map<String, TensorData> other = byLoss(5).state();
    Exception e = assertThrows(IllegalArgumentException.class, () -> sampler.restore(other));
    assertEquals("losses of timesteps: expected shape [6, 10], found [5, 10]", e.getMessage());
    e = assertThrows(IllegalArgumentException.class, () -> sampler.restore(Map.of()));
    assertEquals("losses of timesteps: expected shape [6, 10], found none", e.getMessage());
  }

  @Test
  void namesAreThoseOfTheConfiguration() {
    for (TimestepSampling each : TimestepSampling.values()) {
      assertEquals(each, TimestepSampling.parse(each.label()));
    }
    for (LossKind each : LossKind.values()) {
      assertEquals(each, LossKind.parse(each.label()));
    }
    Exception e =
        assertThrows(IllegalArgumentException.class, () -> TimestepSampling.parse("loss"));
    assertEquals(
        "--timestep-sampling: expected one of uniform, loss-second-moment, found loss",
        e.getMessage());
    e = assertThrows(IllegalArgumentException.class, () -> LossKind.parse("l1"));
    assertEquals("--loss: expected one of simple, vlb, hybrid, found l1", e.getMessage());
  }
}
