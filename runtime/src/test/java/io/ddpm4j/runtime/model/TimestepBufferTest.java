package io.ddpm4j.runtime.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.ddpm4j.runtime.sampling.Samplers;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import org.junit.jupiter.api.Test;

class TimestepBufferTest {
  private static TimestepBuffer buffer(String type) {
    return new TimestepBuffer(TensorSpec.of("t", type, 2), 2);
  }

  /** Such as 444.99999999999994, which is 1000 times 0.445 of a grid. */
  @Test
  void wholeNumbersMayBeRounded() {
    SchedulerConfig config = SchedulerConfig.of("FlowMatchEulerDiscreteScheduler");
    double[] timesteps = Samplers.of(config).grid(NoiseSchedule.linear()).timesteps();
    int rounded = 0;
    for (double t : timesteps) {
      rounded += t == Math.rint(t) ? 0 : 1;
      TimestepBuffer int64 = buffer("int64");
      TimestepBuffer int32 = buffer("int32");
      int64.fill(t);
      int32.fill(t);
      for (int i = 0; i < 2; i++) {
        assertEquals(Math.round(t), int64.bytes().getLong(8 * i));
        assertEquals(Math.round(t), int32.bytes().getInt(4 * i));
      }
    }
    assertEquals(1000, timesteps.length);
    assertEquals(true, rounded > 0, "the grid rounds");
  }

  @Test
  void fractionsNeedAFloatingType() {
    for (String type : new String[] {"int64", "int32"}) {
      Exception e = assertThrows(IllegalArgumentException.class, () -> buffer(type).fill(1.00001));
      assertEquals(
          "timestep: expected a whole number for t " + type + "[2], found 1.00001", e.getMessage());
    }
    TimestepBuffer single = buffer("float");
    single.fill(1.5);
    assertEquals(1.5f, single.bytes().getFloat(4));
    TimestepBuffer twice = buffer("double");
    twice.fill(1.1);
    assertEquals(1.1, twice.bytes().getDouble(8));
  }
}
