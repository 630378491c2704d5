package io.ddpm4j.cli;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.ddpm4j.cli.RuntimeCase.Input;
import io.ddpm4j.runtime.model.BoundModel;
import io.ddpm4j.runtime.model.OnnxEpsilonModel;
import io.ddpm4j.runtime.model.SessionSettings;
import io.ddpm4j.runtime.sampling.Sampler;
import io.ddpm4j.runtime.sampling.Samplers;
import io.ddpm4j.runtime.sampling.SamplingRun;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/** What the others are held against: ONNX Runtime in Java, and the samplers of this project. */
final class JavaRuntime {
  private static final OrtEnvironment ENVIRONMENT = OrtEnvironment.getEnvironment();

  private JavaRuntime() {}

  static String version() {
    return ENVIRONMENT.getVersion();
  }

  static RuntimeResult run(RuntimeCase each, Path folder) throws IOException, OrtException {
    Path model = folder.resolve(each.model());
    return each.sampling() == null ? evaluate(each, model) : sample(each, model);
  }

  private static RuntimeResult evaluate(RuntimeCase each, Path model) throws OrtException {
    Map<String, OnnxTensor> feeds = new LinkedHashMap<>();
    try (OrtSession session = ENVIRONMENT.createSession(model.toString())) {
      for (Map.Entry<String, Input> input : each.inputs().entrySet()) {
        feeds.put(input.getKey(), tensor(input.getValue()));
      }
      evaluate(session, feeds, each.output()); // the first time takes longer
      long begin = System.nanoTime();
      double[] values = evaluate(session, feeds, each.output());
      return new RuntimeResult(values, millisecondsSince(begin), null);
    } finally {
      feeds.values().forEach(OnnxTensor::close);
    }
  }

  private static OnnxTensor tensor(Input input) throws OrtException {
    return input.type().equals("int64")
        ? OnnxTensor.createTensor(ENVIRONMENT, LongBuffer.wrap(input.longs()), input.shape())
        : OnnxTensor.createTensor(ENVIRONMENT, FloatBuffer.wrap(input.floats()), input.shape());
  }

  private static double[] evaluate(OrtSession session, Map<String, OnnxTensor> feeds, String name)
      throws OrtException {
    try (OrtSession.Result result = session.run(feeds)) {
      OnnxTensor output = (OnnxTensor) result.get(name).orElseThrow();
      return wide(output.getFloatBuffer());
    }
  }

  private static double[] wide(FloatBuffer values) {
    double[] wide = new double[values.remaining()];
    for (int i = 0; i < wide.length; i++) {
      wide[i] = values.get(i);
    }
    return wide;
  }

  /** By the project's sampler, from the case's noise. */
  private static RuntimeResult sample(RuntimeCase each, Path file) throws IOException {
    SchedulerConfig scheduler = SchedulerConfig.parse(each.sampling().scheduler().toString());
    Sampler ddim = Samplers.ddim().create(scheduler).withSteps(each.sampling().steps());
    Input noise = each.inputs().get("sample");
    int[] shape = Arrays.stream(noise.shape()).mapToInt(Math::toIntExact).toArray();
    SamplingRun run =
        SamplingRun.builder(shape[0], shape[1], shape[2], shape[3])
            .noise((x, first, images, elements, draw) -> fill(x, noise.floats()))
            .build();
    try (OnnxEpsilonModel model = OnnxEpsilonModel.open(file, SessionSettings.defaults());
        BoundModel bound = model.bind(run.inputBuffer(), run.outputBuffer(), noise.shape())) {
      if (each.inputs().containsKey("class_labels")) {
        long[] labels = each.inputs().get("class_labels").longs();
        bound.classLabels(Arrays.stream(labels).mapToInt(Math::toIntExact).toArray(), 0);
      }
      ddim.sample(bound, scheduler.noiseSchedule(), run); // the first time takes longer
      run.restart(0);
      long begin = System.nanoTime();
      ddim.sample(bound, scheduler.noiseSchedule(), run);
      double milliseconds = millisecondsSince(begin);
      return new RuntimeResult(wide(FloatBuffer.wrap(run.x())), milliseconds, null);
    }
  }

  private static void fill(float[] x, float[] noise) {
    System.arraycopy(noise, 0, x, 0, noise.length);
  }

  private static double millisecondsSince(long begin) {
    return (System.nanoTime() - begin) / 1e6;
  }
}
