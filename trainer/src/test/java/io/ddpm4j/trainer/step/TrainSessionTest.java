package io.ddpm4j.trainer.step;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.nn.UNetConfig;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.PredictionType;
import io.ddpm4j.trainer.optim.Adam;
import io.ddpm4j.trainer.optim.Ema;
import io.ddpm4j.trainer.optim.GradientClipping;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whole steps: against PyTorch, and the session's own promises. */
class TrainSessionTest {
  private static final int BATCH = 4;

  private static TrainStepConfig config(UNetConfig unet) {
    return new TrainStepConfig(
        unet,
        BATCH,
        NoiseSchedule.linear(),
        PredictionType.EPSILON,
        new Adam(0.9, 0.999, 1e-5),
        new GradientClipping(0.5),
        new Ema(0.999));
  }

  static TrainStepConfig reference() {
    return config(UNetConfig.of(8, 3, List.of(8, 16), List.of(false, true), 1, 4, 4, 3));
  }

  private static TrainStepConfig tiny() {
    return config(UNetConfig.of(4, 1, List.of(2), List.of(false), 1, 1, 0, 0));
  }

  private static TrainSession open(TrainStepConfig config) {
    return new TrainSession(config, TrainSession.Options.ofThreads(1));
  }

  /** The starting weights of {@code step_reference.py}. */
  static float[] weights(ParameterLayout layout) {
    Map<String, TensorData> weights = new LinkedHashMap<>();
    for (ParameterLayout.Entry entry : layout.entries()) {
      int offset = entry.name().chars().sum() % 97;
      boolean scale = entry.name().contains("norm") && entry.name().endsWith("weight");
      float[] values = new float[entry.size()];
      for (int k = 0; k < entry.size(); k++) {
        double wave = Math.sin(0.7 * k + offset);
        values[k] = (float) (scale ? 1 + 0.1 * wave : 0.15 * wave);
      }
      weights.put(entry.name(), TensorData.ofFloats(values, entry.shape().sizes()));
    }
    return layout.join(weights);
  }

  /** The inputs of {@code step_reference.py}. */
  private static void fill(StepInputs inputs, long step) {
    for (int k = 0; k < inputs.images().capacity(); k++) {
      inputs.images().put(k, (byte) ((37 * k + 11 * step) % 256));
      inputs.noise().put(k, (float) (1.4 * Math.sin(1.3 * k * k + step)));
    }
    for (int n = 0; n < BATCH; n++) {
      inputs.timesteps().put(n, (313 * n + 97 * step) % 1000);
      inputs.labels().put(n, (n + step) % 3);
    }
  }

  private static float[] copy(FloatBuffer buffer) {
    float[] values = new float[buffer.capacity()];
    buffer.get(0, values);
    return values;
  }

  /** However four images are divided; shards of three leave two places without an image. */
  @ParameterizedTest
  @CsvSource({"1, 4", "1, 1", "2, 2", "2, 3", "2, 1", "3, 1", "9, 3", "1, 100"})
  void threeStepsAgreeWithPyTorch(int threads, int shard) throws IOException {
    for (boolean standard : new boolean[] {false, true}) {
      threeSteps(
          new TrainSession.Options(threads, OptionalInt.of(shard), standard, Optional.empty()));
    }
  }

  private static void threeSteps(TrainSession.Options options) throws IOException {
    JsonObject expected;
    try (InputStream in = TrainSessionTest.class.getResourceAsStream("pytorch.json")) {
      String json = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      expected = JsonParser.parseString(json).getAsJsonObject();
    }
    TrainStepConfig config = reference();
    try (TrainSession session = new TrainSession(config, options)) {
      session.initialize(weights(session.layout()));
      List<StepInputs> inputs = List.of(session.newInputs(), session.newInputs());
      JsonArray steps = expected.getAsJsonArray("steps");
      for (int step = 1; step <= steps.size(); step++) {
        JsonObject row = steps.get(step - 1).getAsJsonObject();
        fill(inputs.get(step % 2), step);
        TrainSession.Result result = session.step(inputs.get(step % 2), step, 1e-3);
        near(row.get("loss").getAsDouble(), result.loss(), 1e-5, "loss of step " + step);
        near(
            row.get("gradient_norm").getAsDouble(),
            result.gradientNorm(),
            5e-5,
            "gradient norm of step " + step);
        for (int n = 0; n < BATCH; n++) {
          double loss = row.getAsJsonArray("sample_loss").get(n).getAsDouble();
          near(loss, session.sampleLoss().get(n), 1e-5, "loss of image " + n);
        }
      }
      compare(expected.getAsJsonObject("weights"), session.layout(), session.state("weights"));
      compare(expected.getAsJsonObject("ema"), session.layout(), session.state("ema"));
    }
  }

  @Test
  void networksThatCannotBeTrainedAsTheySayAreRefused() {
    String json = UNetConfig.of(4, 1, List.of(2), List.of(false), 1, 1, 0, 0).toJson();
    refused(json.replace("\"out_channels\":1", "\"out_channels\":2"), "out_channels: expected 1");
  }

  private static void refused(String json, String said) {
    UNetConfig unet = UNetConfig.fromJson(json);
    String message = assertThrows(IllegalArgumentException.class, () -> config(unet)).getMessage();
    assertTrue(message.startsWith(said), message);
  }

  private static void near(double expected, double found, double relative, String what) {
    assertEquals(expected, found, relative * Math.abs(expected), what);
  }

  static void compare(JsonObject expected, ParameterLayout layout, FloatBuffer state) {
    assertEquals(expected.size(), layout.entries().size());
    Map<String, TensorData> tensors = layout.split(state);
    for (ParameterLayout.Entry entry : layout.entries()) {
      JsonObject picture = expected.getAsJsonObject(entry.name());
      TensorData tensor = tensors.get(entry.name());
      assertEquals(entry.shape(), tensor.shape());
      float[] values = tensor.floats();
      double sum = 0;
      for (float value : values) {
        sum += Math.abs(value);
      }
      near(picture.get("sum_abs").getAsDouble(), sum, 2e-5, entry.name());
      JsonArray first = picture.getAsJsonArray("first");
      for (int i = 0; i < first.size(); i++) {
        assertEquals(first.get(i).getAsDouble(), values[i], 2e-5, entry.name() + " " + i);
      }
      assertEquals(picture.get("last").getAsDouble(), values[values.length - 1], 2e-5);
    }
  }

  @Test
  void eachStepReadsWhatTheOneBeforeWrote() {
    TrainStepConfig config = tiny();
    try (TrainSession one = open(config);
        TrainSession other = open(config)) {
      one.initialize(weights(one.layout()));
      other.initialize(weights(other.layout()));
      StepInputs inputs = one.newInputs();
      StepInputs others = other.newInputs();
      for (int step = 1; step <= 5; step++) {
        fill(inputs, step);
        fill(others, step);
        float[] before = copy(one.state("weights"));
        one.step(inputs, step, 1e-2);
        assertFalse(java.util.Arrays.equals(before, copy(one.state("weights"))));
        // The other session goes through setState each time: the same numbers.
        other.setState(other.stateNames().stream().map(name -> copy(other.state(name))).toList());
        other.step(others, step, 1e-2);
        for (String name : one.stateNames()) {
          assertArrayEquals(copy(one.state(name)), copy(other.state(name)), name + " " + step);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void aStepThatIsNoNumberLeavesTheState(int broken) {
    TrainStepConfig config = tiny();
    try (TrainSession session = open(config)) {
      session.initialize(weights(session.layout()));
      StepInputs inputs = session.newInputs();
      for (int step = 1; step < broken; step++) {
        fill(inputs, step);
        assertTrue(session.step(inputs, step, 1e-2).isFinite());
      }
      List<float[]> before =
          session.stateNames().stream().map(name -> copy(session.state(name))).toList();
      fill(inputs, broken);
      inputs.noise().put(3, Float.NaN);
      assertFalse(session.step(inputs, broken, 1e-2).isFinite());
      for (int i = 0; i < before.size(); i++) {
        assertArrayEquals(before.get(i), copy(session.state(session.stateNames().get(i))));
      }
      assertTrue(session.stateIsFinite());
      fill(inputs, broken);
      assertTrue(session.step(inputs, broken, 1e-2).isFinite(), "it goes on");
    }
  }

  @Test
  void closingTwiceDoesNothing() {
    TrainSession session = open(tiny());
    StepInputs inputs = session.newInputs();
    session.close();
    session.close();
    assertThrows(IllegalStateException.class, () -> session.step(inputs, 1, 1e-3));
  }

  @Test
  void whatOnnxRuntimeRefusesIsSaid() {
    TrainStepConfig config = tiny();
    try (TrainSession session = open(config)) {
      session.initialize(weights(session.layout()));
      StepInputs inputs = session.newInputs();
      fill(inputs, 1);
      inputs.timesteps().put(0, 1000);
      IllegalStateException e =
          assertThrows(IllegalStateException.class, () -> session.step(inputs, 1, 1e-3));
      assertTrue(e.getMessage().startsWith("the train step failed: "), e.getMessage());
      fill(inputs, 1);
      assertTrue(session.step(inputs, 1, 1e-3).isFinite(), "it goes on");
    }
  }

  @Test
  void aStateOfAnotherSizeIsRefused() {
    TrainStepConfig config = tiny();
    try (TrainSession session = open(config)) {
      float[] right = new float[session.layout().size()];
      float[] wrong = new float[right.length - 1];
      assertThrows(
          IllegalArgumentException.class,
          () -> session.setState(List.of(right, right, right, wrong)));
      assertThrows(IllegalArgumentException.class, () -> session.setState(List.of(right)));
      assertThrows(IllegalArgumentException.class, () -> session.initialize(wrong));
    }
  }

  @Test
  @Tag("slow")
  void memoryStaysFlat() throws IOException {
    Path status = Path.of("/proc/self/status");
    Assumptions.assumeTrue(Files.exists(status), "skipped: no /proc here");
    TrainStepConfig config = tiny();
    try (TrainSession session = open(config)) {
      session.initialize(weights(session.layout()));
      StepInputs inputs = session.newInputs();
      List<long[]> seen = new ArrayList<>();
      for (int step = 1; step <= 6_000; step++) {
        fill(inputs, step);
        assertTrue(session.step(inputs, step, 1e-4).isFinite());
        if (step % 1_000 == 0) {
          seen.add(memory(status));
        }
      }
      long[] first = seen.get(0);
      long[] last = seen.get(seen.size() - 1);
      System.err.printf(
          "5,000 steps: heap %,d to %,d bytes, resident %s KiB, direct %,d to %,d bytes%n",
          first[0],
          last[0],
          seen.stream().map(each -> Long.toString(each[1])).toList(),
          first[2],
          last[2]);
      assertTrue(last[0] - first[0] < 2_000_000, "heap");
      // What leaks grows every time; the heap's pages are touched for the first time some time.
      long least =
          IntStream.range(1, seen.size())
              .mapToLong(i -> seen.get(i)[1] - seen.get(i - 1)[1])
              .min()
              .orElseThrow();
      assertTrue(least < 3_000, "resident memory: 3 KiB a step would show");
      // Not equal: what the tests before left in this JVM may be freed in between.
      assertTrue(last[2] <= first[2], "direct buffers");
      assertNotEquals(0, last[2]);
    }
  }

  private static long[] memory(Path status) throws IOException {
    // Buffers of the tests that ran before in this JVM are freed by a thread of their own.
    for (long before = Long.MAX_VALUE; directBytes() < before; ) {
      before = directBytes();
      System.gc();
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
    }
    Runtime runtime = Runtime.getRuntime();
    long resident =
        Files.readAllLines(status).stream()
            .filter(line -> line.startsWith("VmRSS"))
            .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
            .sum();
    return new long[] {runtime.totalMemory() - runtime.freeMemory(), resident, directBytes()};
  }

  private static long directBytes() {
    return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
        .filter(pool -> pool.getName().equals("direct"))
        .mapToLong(BufferPoolMXBean::getMemoryUsed)
        .sum();
  }
}
