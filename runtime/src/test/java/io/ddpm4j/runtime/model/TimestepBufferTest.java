package io.ddpm4j.runtime.model;

import static org.junit.jupiter.api.Assertions.assertEquals;

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
  void fractionsGoToTheNearestWholeNumber() {
    double[] told = {0.2, 0.5, 1.5, 998.51, 1.00001};
    long[] nearest = {0, 0, 2, 999, 1};
    for (int i = 0; i < told.length; i++) {
      TimestepBuffer int64 = buffer("int64");
      int64.fill(told[i]);
      assertEquals(nearest[i], int64.bytes().getLong(0));
      TimestepBuffer int32 = buffer("int32");
      int32.fill(told[i]);
      assertEquals(nearest[i], int32.bytes().getInt(4));
    }
    TimestepBuffer single = buffer("float");
    single.fill(1.5);
    assertEquals(1.5f, single.bytes().getFloat(4));
    TimestepBuffer twice = buffer("double");
    twice.fill(1.1);
    assertEquals(1.1, twice.bytes().getDouble(8));
  }
}
