package io.ddpm4j.trainer.classifier;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.nn.Classifier;
import io.ddpm4j.exporter.nn.ClassifierConfig;
import io.ddpm4j.exporter.testing.GraphRunner;
import io.ddpm4j.testing.Json;
import io.ddpm4j.trainer.lowering.TrainLowering;
import io.ddpm4j.trainer.objective.CrossEntropy;
import io.ddpm4j.trainer.optim.Adam;
import io.ddpm4j.trainer.optim.Ema;
import io.ddpm4j.trainer.optim.GradientClipping;
import io.ddpm4j.trainer.step.GradientGraph;
import io.ddpm4j.trainer.step.StepInputs;
import io.ddpm4j.trainer.step.TrainSession;
import io.ddpm4j.trainer.step.TrainStepGraph;
import io.ddpm4j.trainer.step.UpdateGraph;
import java.io.IOException;
import java.io.InputStream;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.IntToDoubleFunction;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Network, loss and gradients against PyTorch, see {@code classifier_reference.py}. */
class ClassifierStepTest {
  private static final int IMAGES = 5;
  private static final double RATE = 1e-3;

  /** A network with numbers of PyTorch's. */
  record Case(JsonObject expected) {
    ClassifierConfig network() {
      return ClassifierConfig.fromJson(expected.get("config").toString());
    }

    ClassifierStep step() {
      return new ClassifierStep(
          network(),
          IMAGES,
          new CrossEntropy(expected.get("smoothing").getAsDouble()),
          new Adam(0.9, 0.999, 1e-8, 0.02),
          new GradientClipping(0.5),
          List.of(new Ema(0.99)));
    }

    /** By the formula of the reference, parameter by parameter. */
    Map<String, TensorData> weights() {
      Map<String, TensorData> weights = new LinkedHashMap<>();
      Classifier.parameters(network())
          .specs()
          .forEach(
              (name, spec) -> {
                int first = weights.size();
                int centre = name.contains("norm") && name.endsWith("weight") ? 1 : 0;
                IntToDoubleFunction f = k -> centre + 0.3 * Math.sin(0.7 * k + first);
                weights.put(name, floats(spec.shape(), f));
              });
      return weights;
    }

    Shape images() {
      ClassifierConfig c = network();
      return Shape.of(IMAGES, c.channels(), c.height(), c.width());
    }

    byte[] pixels() {
      byte[] pixels = new byte[(int) images().elements()];
      for (int k = 0; k < pixels.length; k++) {
        pixels[k] = (byte) ((37 * k * k + 11) % 256);
      }
      return pixels;
    }

    long[] labels() {
      long[] labels = new long[IMAGES];
      for (int i = 0; i < IMAGES; i++) {
        labels[i] = (2 * i + 1) % network().classes();
      }
      return labels;
    }

    Map<String, TensorData> images(Map<String, TensorData> others) {
      Map<String, TensorData> feeds = new LinkedHashMap<>(others);
      feeds.put("images", TensorData.ofBytes(DataType.UINT8, images(), pixels()));
      feeds.put("class_labels", TensorData.longs(labels()));
      return feeds;
    }

    @Override
    public String toString() {
      return expected.get("config").toString();
    }
  }

  private static TensorData floats(Shape shape, IntToDoubleFunction f) {
    float[] values = new float[(int) shape.elements()];
    for (int k = 0; k < values.length; k++) {
      values[k] = (float) f.applyAsDouble(k);
    }
    return TensorData.ofFloats(values, shape.sizes());
  }

  static Stream<Case> cases() throws IOException {
    try (InputStream in = ClassifierStepTest.class.getResourceAsStream("pytorch.json")) {
      String json = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      List<JsonObject> all =
          Json.objects(JsonParser.parseString(json).getAsJsonObject(), "networks");
      assertTrue(all.size() >= 2);
      return all.stream().map(Case::new);
    }
  }

  private static void same(double[] expected, float[] found, double tolerance, String what) {
    assertEquals(expected.length, found.length, what);
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i], found[i], tolerance, what + " " + i);
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void theNetworkInAFileIsPyTorchs(Case c) {
    float[] images = new float[(int) c.images().elements()];
    byte[] pixels = c.pixels();
    for (int k = 0; k < images.length; k++) {
      images[k] = (pixels[k] & 0xff) * (2f / 255) - 1;
    }
    Map<String, TensorData> found =
        GraphRunner.run(
            Classifier.portable(c.network(), c.weights()),
            Map.of("images", TensorData.ofFloats(images, c.images().sizes())));
    same(Json.doubles(c.expected().get("logits")), found.get("logits").floats(), 2e-5, "logits");
    same(
        Json.doubles(c.expected().get("features")),
        found.get("features").floats(),
        1e-5,
        "feature");
    assertEquals(
        Shape.of(IMAGES, c.network().features()), found.get("features").shape(), "features");
  }

  @ParameterizedTest
  @MethodSource("cases")
  void gradientsArePyTorchs(Case c) {
    GradientGraph graph = GradientGraph.build(c.step(), IMAGES);
    for (var lowered :
        List.of(TrainLowering.standard(graph.graph()), TrainLowering.pixelMajor(graph.graph()))) {
      Map<String, TensorData> feeds = c.images(Map.of());
      feeds.put("sample_weight", floats(Shape.of(IMAGES), k -> 1.0 / IMAGES));
      float[] vector = graph.layout().join(c.weights());
      graph
          .layout()
          .entries()
          .forEach(
              e -> {
                float[] stored = new float[e.size()];
                System.arraycopy(vector, e.offset(), stored, 0, e.size());
                feeds.put(e.name(), TensorData.ofFloats(stored, e.stored().sizes()));
              });
      Map<String, TensorData> found = GraphRunner.run(lowered, feeds);
      same(
          Json.doubles(c.expected().get("per_image")),
          found.get("sample_loss").floats(),
          2e-5,
          "loss");
      float[] gradients = new float[graph.layout().size()];
      graph
          .layout()
          .entries()
          .forEach(
              e -> {
                float[] g = found.get(GradientGraph.gradientOf(e.name())).floats();
                System.arraycopy(g, 0, gradients, e.offset(), g.length);
              });
      graph
          .layout()
          .split(FloatBuffer.wrap(gradients))
          .forEach(
              (name, gradient) -> {
                double[] expected =
                    Json.doubles(c.expected().getAsJsonObject("gradients").get(name));
                double squares = 0;
                double product = 0;
                float[] g = gradient.floats();
                for (int k = 0; k < g.length; k++) {
                  squares += (double) g[k] * g[k];
                  product += g[k] * Math.cos(0.3 * k + 0.1);
                }
                double tolerance = 5e-5 * expected[0] + 2e-6;
                assertEquals(expected[0], Math.sqrt(squares), tolerance, name + ": norm");
                assertEquals(expected[1], product, tolerance, name + ": product");
              });
    }
  }

  /** The whole step as one graph of standard operators is what sessions of any shards compute. */
  @ParameterizedTest
  @MethodSource("cases")
  void oneGraphOfTheStepIsTheSession(Case c) {
    ClassifierStep step = c.step();
    TrainStepGraph whole = TrainStepGraph.build(step);
    assertTrue(whole.graph().nodes().stream().allMatch(n -> n.schema().domain().isEmpty()));
    Map<String, TensorData> feeds = c.images(Map.of());
    feeds.put("learning_rate", TensorData.scalar((float) RATE));
    feeds.put("step", TensorData.scalar(1L));
    float[] first = whole.layout().join(c.weights());
    for (String vector : UpdateGraph.state(step)) {
      float[] values = vector.endsWith("moment") ? new float[first.length] : first;
      feeds.put(vector, TensorData.ofFloats(values, values.length));
    }
    Map<String, TensorData> expected = GraphRunner.run(whole.graph(), feeds);
    for (int threads = 1; threads <= 2; threads++) {
      TrainSession.Options how =
          new TrainSession.Options(threads, OptionalInt.of(threads), false, Optional.empty());
      try (TrainSession session = new TrainSession(step, how)) {
        session.initialize(session.layout().join(c.weights()));
        StepInputs inputs = session.newInputs();
        inputs.images().put(c.pixels());
        inputs.labels().put(c.labels());
        TrainSession.Result found = session.step(inputs, 1, RATE);
        assertEquals(expected.get("loss").floats()[0], found.loss(), 2e-5);
        float norm = expected.get("gradient_norm").floats()[0];
        assertEquals(norm, found.gradientNorm(), 1e-4 * norm);
        for (String vector : session.stateNames()) {
          float[] e = expected.get(TrainStepGraph.NEW + vector).floats();
          float[] f = whole.layout().join(session.layout().split(session.state(vector)));
          double squares = 0;
          for (int i = 0; i < e.length; i++) {
            squares += (e[i] - f[i]) * (double) (e[i] - f[i]);
          }
          // Adam's first step divides a gradient by itself: one that is next to nothing may turn.
          assertEquals(0, Math.sqrt(squares / e.length), RATE / 10, vector);
        }
      }
    }
  }
}
