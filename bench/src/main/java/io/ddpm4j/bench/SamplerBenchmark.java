package io.ddpm4j.bench;

import io.ddpm4j.runtime.model.EpsilonModel;
import io.ddpm4j.runtime.random.ImageNoise;
import io.ddpm4j.runtime.random.TorchNoise;
import io.ddpm4j.runtime.sampling.KnownImage;
import io.ddpm4j.runtime.sampling.Sampler;
import io.ddpm4j.runtime.sampling.Samplers;
import io.ddpm4j.runtime.sampling.SamplingRun;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/**
 * What sampling costs beside the network: whole runs of 16 images of 32x32 with a network that
 * takes no time, and the plain passes over memory that they are made of. {@link #main} runs every
 * method; the result {@code calls} is the time of one call of the model with all that belongs to
 * it.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 3, time = 1)
public class SamplerBenchmark {
  private static final int IMAGES = 16;
  private static final int SIZE = 32;
  private static final int STEPS = 50;

  /** Counts calls of the model, so that methods with several a step compare. */
  @AuxCounters(AuxCounters.Type.OPERATIONS)
  @State(Scope.Thread)
  public static class Calls {
    public long calls;
  }

  /** One method, ready to run again and again. */
  @State(Scope.Thread)
  public static class Method {
    @Param("ddim")
    public String method;

    @Param({"1", "3"})
    public int channels;

    private Sampler sampler;
    private NoiseSchedule schedule;
    private SamplingRun run;

    /** Allocates the run and fills the model's output with noise, once. */
    @Setup
    public void setUp() {
      SchedulerConfig config =
          method.startsWith("flow")
              ? SchedulerConfig.of("FlowMatchEulerDiscreteScheduler")
              : SchedulerConfig.ddpm();
      if (method.equals("unclip")) {
        config =
            config
                .with("beta_schedule", "squaredcos_cap_v2")
                .with("variance_type", "fixed_small_log");
      }
      schedule = config.noiseSchedule();
      sampler = Samplers.named(method).create(config).withSteps(STEPS);
      SamplingRun.Builder builder =
          SamplingRun.builder(IMAGES, channels, SIZE, SIZE)
              .seed(1)
              .learnsVariance(sampler.learnsVariance());
      if (method.equals("repaint")) {
        builder.known(KnownImage.of(new float[channels * SIZE * SIZE], new float[SIZE * SIZE]));
      }
      run = builder.build();
      Random random = new Random(1);
      for (int i = 0; i < run.outputBuffer().capacity(); i++) {
        run.outputBuffer().put(i, (float) random.nextGaussian());
      }
    }
  }

  /** Arrays of 16 images. */
  @State(Scope.Thread)
  public static class Arrays {
    @Param({"1", "3"})
    public int channels;

    private float[] x;
    private float[] y;
    private float[] out;
    private ImageNoise noise;
    private TorchNoise torchNoise;
    private int draw;

    /** Allocates. */
    @Setup
    public void setUp() {
      int size = IMAGES * channels * SIZE * SIZE;
      x = new float[size];
      y = new float[size];
      out = new float[size];
      noise = new ImageNoise(1);
      torchNoise = TorchNoise.of(1, IMAGES);
    }
  }

  /** A whole run. */
  @Benchmark
  public SamplingRun run(Method method, Calls calls) {
    EpsilonModel model = (x, images, timestep, output) -> calls.calls++;
    method.sampler.sample(model, method.schedule, method.run);
    return method.run;
  }

  /** A pass over memory that only copies. */
  @Benchmark
  public float[] passCopy(Arrays arrays) {
    System.arraycopy(arrays.x, 0, arrays.out, 0, arrays.x.length);
    return arrays.out;
  }

  /** A pass over memory that adds two arrays. */
  @Benchmark
  public float[] passSum(Arrays arrays) {
    float[] x = arrays.x;
    float[] y = arrays.y;
    float[] out = arrays.out;
    for (int i = 0; i < out.length; i++) {
      out[i] = 0.3f * x[i] + 0.7f * y[i];
    }
    return out;
  }

  /** The noise of one step. */
  @Benchmark
  public float[] noisePhilox(Arrays arrays) {
    arrays.noise.fill(arrays.out, 0, IMAGES, arrays.channels * SIZE * SIZE, 1);
    return arrays.out;
  }

  /** Likewise, as PyTorch draws it. */
  @Benchmark
  public float[] noiseTorch(Arrays arrays) {
    int elements = arrays.channels * SIZE * SIZE;
    arrays.torchNoise.fill(arrays.out, 0, IMAGES, elements, arrays.draw++);
    return arrays.out;
  }

  /** Every method, and what it allocates; takes JMH's options. */
  public static void main(String[] args) throws RunnerException, CommandLineOptionException {
    new Runner(
            new OptionsBuilder()
                .parent(new CommandLineOptions(args))
                .include(SamplerBenchmark.class.getName())
                .param("method", Samplers.names().toArray(new String[0]))
                .addProfiler(GCProfiler.class)
                .build())
        .run();
  }
}
