package io.ddpm4j.trainer.step;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.exporter.nn.UNetConfig;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.PredictionType;
import io.ddpm4j.trainer.optim.Adam;
import io.ddpm4j.trainer.optim.Ema;
import io.ddpm4j.trainer.optim.GradientClipping;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * How a session asks for masks. That the graph does with them what PyTorch does is tested there.
 */
class SessionDropoutTest {
  private static final int BATCH = 5;
  private static final int PLACES = 5; // of one level: down, the middle twice, up twice

  private static TrainStepConfig config(double dropout) {
    return new TrainStepConfig(
        UNetConfig.of(4, 1, List.of(4), List.of(false), 1, 2, 0, 0).withDropout(dropout),
        BATCH,
        NoiseSchedule.linear(),
        PredictionType.EPSILON,
        new Adam(0.9, 0.999, 1e-4),
        new GradientClipping(Double.POSITIVE_INFINITY),
        new Ema(0.9));
  }

  private static TrainSession open(double dropout, int threads, int shard) {
    return new TrainSession(
        config(dropout),
        new TrainSession.Options(threads, OptionalInt.of(shard), false, Optional.empty()));
  }

  private static final MaskSource MASKS =
      (place, image, mask) -> {
        for (int e = 0; e < mask.capacity(); e++) {
          mask.put(e, (byte) ((3 * e + 5 * place + 7 * image) % 4 == 0 ? 0 : 1));
        }
      };

  private static StepInputs inputs(TrainSession session) {
    StepInputs inputs = session.newInputs();
    for (int k = 0; k < inputs.images().capacity(); k++) {
      inputs.images().put(k, (byte) (37 * k));
      inputs.noise().put(k, (float) Math.sin(1.3 * k * k));
    }
    for (int n = 0; n < BATCH; n++) {
      inputs.timesteps().put(n, 190 * n);
    }
    return inputs;
  }

  private static float[] weights(ParameterLayout layout) {
    float[] weights = new float[layout.size()];
    for (int k = 0; k < weights.length; k++) {
      weights[k] = (float) (0.3 * Math.sin(0.7 * k));
    }
    return weights;
  }

  private static float[] copy(FloatBuffer buffer) {
    float[] values = new float[buffer.capacity()];
    buffer.get(0, values);
    return values;
  }

  /** The weights after two steps, and the losses of the last. */
  private static List<float[]> twoSteps(double dropout, int threads, int shard) {
    try (TrainSession session = open(dropout, threads, shard)) {
      session.initialize(weights(session.layout()));
      StepInputs inputs = inputs(session);
      inputs.masks(MASKS);
      assertTrue(session.step(inputs, 1, 1e-2).isFinite());
      assertTrue(session.step(inputs, 2, 1e-2).isFinite());
      return List.of(copy(session.state("weights")), copy(session.sampleLoss()));
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "1, 2", "2, 2", "3, 1", "2, 3"})
  void anImagesMasksDoNotHangOnHowTheBatchIsDivided(int threads, int shard) {
    List<float[]> whole = twoSteps(0.25, 1, BATCH);
    List<float[]> divided = twoSteps(0.25, threads, shard);
    assertArrayEquals(whole.get(0), divided.get(0), 2e-5f);
    assertArrayEquals(whole.get(1), divided.get(1), 1e-5f);
  }

  @Test
  void whatIsDroppedIsNotThere() {
    float[] with = twoSteps(0.25, 1, BATCH).get(1);
    float[] without = twoSteps(0, 1, BATCH).get(1);
    for (int n = 0; n < BATCH; n++) {
      assertTrue(Math.abs(with[n] - without[n]) > 1e-4, "image " + n);
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 5", "2, 2", "3, 1"})
  void everyMaskIsAskedForOnceAStep(int threads, int shard) {
    Map<String, Integer> asked = new ConcurrentHashMap<>();
    try (TrainSession session = open(0.25, threads, shard)) {
      session.initialize(weights(session.layout()));
      StepInputs inputs = inputs(session);
      inputs.masks(
          (place, image, mask) -> {
            assertEquals(4 * 4 * 4, mask.capacity(), "an image's (C, H, W)");
            asked.merge(place + " of " + image, 1, Integer::sum);
            MASKS.draw(place, image, mask);
          });
      session.step(inputs, 1, 1e-2);
    }
    assertEquals(PLACES * BATCH, asked.size());
    assertTrue(asked.values().stream().allMatch(count -> count == 1), asked.toString());
  }

  @Test
  void masksAreNeededWhereThereIsDropout() {
    try (TrainSession session = open(0.25, 1, BATCH)) {
      session.initialize(weights(session.layout()));
      StepInputs inputs = inputs(session);
      IllegalArgumentException e =
          assertThrows(IllegalArgumentException.class, () -> session.step(inputs, 1, 1e-2));
      assertEquals("masks: expected a source, for the dropout, found none", e.getMessage());
    }
    try (TrainSession session = open(0, 1, BATCH)) {
      session.initialize(weights(session.layout()));
      assertTrue(session.step(inputs(session), 1, 1e-2).isFinite());
    }
  }
}
