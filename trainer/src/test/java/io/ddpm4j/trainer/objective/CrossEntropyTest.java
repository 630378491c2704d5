package io.ddpm4j.trainer.objective;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.OpSet;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.Value;
import io.ddpm4j.exporter.testing.GraphRunner;
import io.ddpm4j.testing.Json;
import io.ddpm4j.trainer.autodiff.GradientFunctions;
import io.ddpm4j.trainer.lowering.TrainLowering;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** The cross-entropy and its gradient against PyTorch, see {@code classifier_reference.py}. */
class CrossEntropyTest {
  private static final float[] WEIGHTS = {0.1f, 0.2f, 0.3f, 0.4f, 0.25f};

  @Test
  void lossesAndGradientsAgreeWithPyTorch() throws IOException {
    List<JsonObject> cases;
    try (InputStream in =
        CrossEntropyTest.class.getResourceAsStream("/io/ddpm4j/trainer/classifier/pytorch.json")) {
      String json = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      cases = Json.objects(JsonParser.parseString(json).getAsJsonObject(), "cross_entropy");
    }
    assertTrue(cases.size() >= 6, "cases: " + cases.size());
    for (JsonObject expected : cases) {
      check(expected, TrainLowering::standard);
      check(expected, TrainLowering::pixelMajor);
    }
  }

  private static void check(JsonObject expected, UnaryOperator<Graph> how) {
    int classes = expected.get("classes").getAsInt();
    double scale = expected.get("scale").getAsDouble();
    int n = WEIGHTS.length;
    Graph graph = new Graph("objective", OpSet.standard().with(GradientFunctions.TABLE));
    Value logits = graph.input("logits", DataType.FLOAT, Shape.of(n, classes));
    Value labels = graph.input("labels", DataType.INT64, Shape.of(n));
    Value weight = graph.input("weight", DataType.FLOAT, Shape.of(n));
    CrossEntropy objective = new CrossEntropy(expected.get("smoothing").getAsDouble());
    Objective.Loss loss = objective.loss(new Ops(graph), logits, labels, weight);
    graph.output("per_image", loss.perImage());
    graph.output("gradient", loss.gradient());

    float[] numbers = new float[n * classes];
    for (int k = 0; k < numbers.length; k++) {
      numbers[k] = (float) (scale * Math.sin(0.9 * k + 0.4));
    }
    long[] chosen = new long[n];
    for (int i = 0; i < n; i++) {
      chosen[i] = (3 * i + 1) % classes;
    }
    Map<String, TensorData> found =
        GraphRunner.run(
            how.apply(graph),
            Map.of(
                "logits", TensorData.ofFloats(numbers, n, classes),
                "labels", TensorData.longs(chosen),
                "weight", TensorData.ofFloats(WEIGHTS, n)));
    same(expected, found, "per_image", 2e-6 * scale + 1e-6);
    same(expected, found, "gradient", 1e-6);
  }

  private static void same(
      JsonObject expected, Map<String, TensorData> found, String what, double tolerance) {
    double[] e = Json.doubles(expected.get(what));
    float[] f = found.get(what).floats();
    assertEquals(e.length, f.length);
    for (int i = 0; i < e.length; i++) {
      assertEquals(e[i], f[i], tolerance, what + " " + i + " of " + expected);
    }
  }

  @Test
  void smoothingIsAShare() {
    assertThrows(IllegalArgumentException.class, () -> new CrossEntropy(1));
    assertThrows(IllegalArgumentException.class, () -> new CrossEntropy(-0.1));
    assertThrows(IllegalArgumentException.class, () -> new CrossEntropy(Double.NaN));
  }
}
