package io.ddpm4j.bench;

import io.ddpm4j.runtime.random.ImageNoise;
import io.ddpm4j.runtime.sampling.DdpmSampler;
import io.ddpm4j.runtime.sampling.SamplingRun;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What a sampling run costs beside the network: 100 steps of 16 images of 32x32x1. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class SamplerBenchmark {
  private static final int IMAGES = 16;
  private static final int SIZE = 32;

  private final NoiseSchedule schedule = NoiseSchedule.linear();
  private final DdpmSampler sampler = DdpmSampler.of(SchedulerConfig.ddpm()).withSteps(100);
  private final ImageNoise noise = new ImageNoise(1);
  private final float[] target = new float[IMAGES * SIZE * SIZE];

  /** The whole loop with a network that takes no time. */
  @Benchmark
  public SamplingRun ddpm() {
    SamplingRun run = SamplingRun.builder(IMAGES, 1, SIZE, SIZE).seed(1).build();
    sampler.sample((x, images, timestep, output) -> {}, schedule, run);
    return run;
  }

  /** The noise of one step. */
  @Benchmark
  public float[] noise() {
    noise.fill(target, 0, IMAGES, SIZE * SIZE, 1);
    return target;
  }
}
