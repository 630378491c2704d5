package io.ddpm4j.runtime.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import com.sun.management.ThreadMXBean;
import io.ddpm4j.runtime.TestModels;
import io.ddpm4j.runtime.random.NoiseGenerator;
import io.ddpm4j.runtime.sampling.Sampler;
import io.ddpm4j.runtime.sampling.Samplers;
import io.ddpm4j.runtime.sampling.SamplingRun;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** From step to step of a whole run, nothing is allocated but what ONNX Runtime's call needs. */
class StepAllocationTest {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final int STEPS = 300; // draws above 127, up to which boxed numbers are shared
  private static final int RUNS = 5;
  private static final int IMAGES = 2;
  private static final int SIZE = 4;
  private static final long[] TIMESTEP = {IMAGES};
  private static final Path MODEL = TestModels.path("unconditional");

  private final long[] allocated = new long[STEPS];
  private int calls;

  private interface Run {
    void run() throws OrtException;
  }

  private void note() {
    allocated[calls++] = THREADS.getThreadAllocatedBytes(Thread.currentThread().getId());
  }

  /** Bytes from call to call, the least of several runs that {@link #note} every call. */
  private double bytesPerCall(Run run) throws OrtException {
    long[] least = new long[STEPS];
    Arrays.fill(least, Long.MAX_VALUE);
    for (int i = 0; i < RUNS; i++) {
      calls = 0;
      run.run();
      assertEquals(STEPS, calls);
      for (int call = 1; call < STEPS; call++) {
        least[call] = Math.min(least[call], allocated[call] - allocated[call - 1]);
      }
    }
    return Arrays.stream(least).skip(1).average().orElseThrow();
  }

  @ParameterizedTest
  @EnumSource
  void aStepAllocatesWhatACallOfTheSessionDoes(NoiseGenerator generator) throws Exception {
    SchedulerConfig config = SchedulerConfig.ddpm();
    NoiseSchedule schedule = config.noiseSchedule();
    Sampler sampler = Samplers.of(config).withSteps(STEPS);
    SamplingRun run =
        SamplingRun.builder(IMAGES, 1, SIZE, SIZE).noise(generator.source(7, IMAGES)).build();
    double bare = bytesPerBareCall();
    try (OnnxEpsilonModel model =
            OnnxEpsilonModel.open(MODEL, new SessionSettings(Device.cpu(), 1));
        BoundModel bound =
            model.bind(run.inputBuffer(), run.outputBuffer(), IMAGES, 1, SIZE, SIZE)) {
      EpsilonModel noted =
          (x, images, timestep, output) -> {
            note();
            bound.predict(x, images, timestep, output);
          };
      double step = bytesPerCall(() -> sampler.sample(noted, schedule, run));
      assertTrue(step <= bare, "a step: " + step + " bytes, a bare call: " + bare);
      assertTrue(bare <= 600, "a bare call: " + bare + " bytes");
    }
  }

  /** The session's own interface over tensors made once: how few bytes a call can do with. */
  private double bytesPerBareCall() throws OrtException {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    long[] shape = {IMAGES, 1, SIZE, SIZE};
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(1);
      try (OrtSession session = environment.createSession(MODEL.toString(), options);
          OnnxTensor x = OnnxTensor.createTensor(environment, floats(), shape);
          OnnxTensor output = OnnxTensor.createTensor(environment, floats(), shape);
          OnnxTensor timestep =
              OnnxTensor.createTensor(environment, LongBuffer.wrap(new long[IMAGES]), TIMESTEP)) {
        Map<String, OnnxTensor> inputs = new HashMap<>();
        for (Map.Entry<String, NodeInfo> input : session.getInputInfo().entrySet()) {
          boolean image = ((TensorInfo) input.getValue().getInfo()).getShape().length == 4;
          inputs.put(input.getKey(), image ? x : timestep);
        }
        Map<String, OnnxTensor> outputs = new HashMap<>();
        outputs.put(session.getOutputNames().iterator().next(), output);
        return bytesPerCall(
            () -> {
              for (int i = 0; i < STEPS; i++) {
                note();
                session.run(inputs, outputs).close();
              }
            });
      }
    }
  }

  private static FloatBuffer floats() {
    return ByteBuffer.allocateDirect(IMAGES * SIZE * SIZE * Float.BYTES)
        .order(ByteOrder.nativeOrder())
        .asFloatBuffer();
  }
}
