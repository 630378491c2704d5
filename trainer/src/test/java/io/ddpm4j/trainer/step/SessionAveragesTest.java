package io.ddpm4j.trainer.step;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.exporter.nn.UNetConfig;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.PredictionType;
import io.ddpm4j.trainer.objective.Objective;
import io.ddpm4j.trainer.optim.Adam;
import io.ddpm4j.trainer.optim.Ema;
import io.ddpm4j.trainer.optim.GradientClipping;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Several averages of one run's weights. */
class SessionAveragesTest {
  private static TrainStepConfig config(double... decays) {
    return new TrainStepConfig(
        UNetConfig.of(4, 1, List.of(2), List.of(false), 1, 1, 0, 0),
        3,
        Objective.simple(NoiseSchedule.linear(), PredictionType.EPSILON),
        new Adam(0.9, 0.999, 1e-4),
        new GradientClipping(1),
        Arrays.stream(decays).mapToObj(Ema::new).toList());
  }

  private static Map<String, float[]> train(TrainStepConfig config) {
    try (TrainSession session = new TrainSession(config, TrainSession.Options.ofThreads(1))) {
      float[] weights = new float[session.layout().size()];
      for (int k = 0; k < weights.length; k++) {
        weights[k] = (float) (0.3 * Math.sin(0.7 * k));
      }
      session.initialize(weights);
      StepInputs inputs = session.newInputs();
      for (int k = 0; k < inputs.noise().capacity(); k++) {
        inputs.noise().put(k, (float) Math.sin(1.3 * k * k));
      }
      for (int step = 1; step <= 20; step++) {
        assertTrue(session.step(inputs, step, 1e-2).isFinite());
      }
      Map<String, float[]> state = new LinkedHashMap<>();
      for (String name : session.stateNames()) {
        FloatBuffer vector = session.state(name);
        state.put(name, new float[vector.capacity()]);
        vector.get(0, state.get(name));
      }
      return state;
    }
  }

  @Test
  void eachIsWhatItWouldBeAlone() {
    Map<String, float[]> all = train(config(0.5, 0.999, 0.25));
    assertEquals(
        List.of("weights", "first_moment", "second_moment", "ema", "ema_0.999", "ema_0.25"),
        List.copyOf(all.keySet()));
    Map<String, float[]> half = train(config(0.5));
    for (String name : half.keySet()) {
      assertArrayEquals(half.get(name), all.get(name), name + ", bit for bit");
    }
    assertArrayEquals(train(config(0.999)).get("ema"), all.get("ema_0.999"));
    assertArrayEquals(train(config(0.25)).get("ema"), all.get("ema_0.25"));
    assertFalse(Arrays.equals(all.get("ema"), all.get("ema_0.25")));
  }

  @Test
  void namesAreDecimal() {
    assertEquals("ema_0.00001", UpdateGraph.average(new Ema(1e-5)));
    assertEquals("ema_0.99999", UpdateGraph.average(new Ema(0.99999)));
    assertEquals("ema_0.5", UpdateGraph.average(new Ema(0.50)));
  }

  @Test
  void noneOrTheSameTwiceIsRefused() {
    for (double[] decays : new double[][] {{}, {0.9, 0.9}, {0.5, 0.9, 0.5}}) {
      Exception e = assertThrows(IllegalArgumentException.class, () -> config(decays));
      assertTrue(e.getMessage().startsWith("averages: expected at least one"), e.getMessage());
    }
  }
}
