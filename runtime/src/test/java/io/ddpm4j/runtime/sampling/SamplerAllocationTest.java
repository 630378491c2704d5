package io.ddpm4j.runtime.sampling;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.ddpm4j.runtime.model.EpsilonModel;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What a run needs is allocated before its first step: from call to call of the model, nothing. */
class SamplerAllocationTest {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final int STEPS = 150; // above 127, up to which boxed numbers are shared
  private static final int RUNS = 4;
  private static final int SIZE = 8;

  /** Notes how much its thread has allocated at each call. */
  private static final class Meter {
    private final long thread = Thread.currentThread().getId();
    private final long[] allocated = new long[20 * STEPS];
    private final long[] least = new long[allocated.length];
    private int calls;

    void note() {
      allocated[calls++] = THREADS.getThreadAllocatedBytes(thread);
    }

    /** The least of all runs: once in a while the virtual machine allocates for itself. */
    void keepLeast() {
      assertTrue(calls >= 40, "calls: " + calls);
      for (int call = 1; call < calls; call++) {
        least[call] = Math.min(least[call], allocated[call] - allocated[call - 1]);
      }
    }
  }

  static Set<String> methods() {
    return Samplers.names();
  }

  @ParameterizedTest
  @MethodSource("methods")
  void noStepAllocates(String method) {
    SchedulerConfig config = config(method);
    NoiseSchedule schedule = config.noiseSchedule();
    Sampler sampler = Samplers.named(method).create(config).withSteps(steps(method));
    SamplingRun run =
        SamplingRun.builder(2, 1, SIZE, SIZE)
            .learnsVariance(sampler.learnsVariance())
            .known(
                method.equals(RepaintSampler.NAME)
                    ? KnownImage.of(new float[SIZE * SIZE], new float[SIZE * SIZE])
                    : null)
            .build();
    Meter meter = new Meter();
    EpsilonModel model = (x, images, timestep, output) -> meter.note();
    sampler.sample(model, schedule, run); // loads classes, allocates buffers
    Arrays.fill(meter.least, Long.MAX_VALUE);
    for (int i = 0; i < RUNS; i++) {
      meter.calls = 0;
      sampler.sample(model, schedule, run);
      meter.keepLeast();
    }
    for (int call = 1; call < meter.calls; call++) {
      assertEquals(0, meter.least[call], "bytes before call " + call);
    }
  }

  private static int steps(String method) {
    boolean distilled = method.equals(LcmSampler.NAME) || method.equals(TcdSampler.NAME);
    return distilled ? 50 : STEPS; // of a distillation of 50
  }

  /** A configuration that the method takes. */
  private static SchedulerConfig config(String method) {
    if (method.startsWith("flow")) {
      return SchedulerConfig.of("FlowMatchEulerDiscreteScheduler");
    }
    SchedulerConfig config = SchedulerConfig.ddpm();
    return method.equals(UnclipSampler.NAME)
        ? config.with("beta_schedule", "squaredcos_cap_v2")
        : config;
  }
}
