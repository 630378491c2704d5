package io.ddpm4j.trainer.optim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
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
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Against PyTorch's numbers and against plain Java in double. */
class OptimTest {

  // --- Adam ------------------------------------------------------------------------------------

  private static Map<String, TensorData> adam(
      Adam adam, float[] w, float[] g, float[] m, float[] v, long step, float rate) {
    Graph graph = new Graph("adam", OpSet.standard());
    Shape shape = Shape.of(w.length);
    Value[] in = new Value[4];
    for (int i = 0; i < in.length; i++) {
      in[i] = graph.input("wgmv".substring(i, i + 1), DataType.FLOAT, shape);
    }
    Value t = graph.input("step", DataType.INT64, Shape.SCALAR);
    Value lr = graph.input("lr", DataType.FLOAT, Shape.SCALAR);
    Adam.Updated updated = adam.apply(new Ops(graph), in[0], in[1], in[2], in[3], t, lr);
    graph.output("w1", updated.weights());
    graph.output("m1", updated.firstMoment());
    graph.output("v1", updated.secondMoment());
    return GraphRunner.run(
        graph,
        Map.of(
            "w", vector(w),
            "g", vector(g),
            "m", vector(m),
            "v", vector(v),
            "step", TensorData.scalar(step),
            "lr", TensorData.scalar(rate)));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6})
  void adamAgreesWithPyTorch(int index) throws IOException {
    JsonObject c = reference().getAsJsonArray("adam").get(index).getAsJsonObject();
    Adam adam =
        new Adam(
            number(c, "beta1"), number(c, "beta2"), number(c, "eps"), number(c, "weight_decay"));
    float[] w = floats(c.get("w0"));
    float[] m = floats(c.get("m0"));
    float[] v = floats(c.get("v0"));
    long step = c.get("first_step").getAsLong();
    for (JsonElement element : c.getAsJsonArray("rows")) {
      JsonObject row = element.getAsJsonObject();
      Map<String, TensorData> next =
          adam(adam, w, floats(row.get("g")), m, v, step, (float) number(c, "lr"));
      w = next.get("w1").floats();
      m = next.get("m1").floats();
      v = next.get("v1").floats();
      close(row.get("w"), w, 2e-6, "weights of step " + step);
      close(row.get("m"), m, 2e-6, "first moment of step " + step);
      close(row.get("v"), v, 2e-6, "second moment of step " + step);
      step++;
    }
  }

  @ParameterizedTest
  @CsvSource({
    "0.9, 0.999, 1e-8, 1", "0.9, 0.999, 1e-8, 2", "0.9, 0.999, 1e-8, 1000",
    "0.9, 0.999, 1e-8, 1000000", "0.8, 0.95, 0.1, 3", "0, 0.99, 1e-6, 1"
  })
  void adamIsAlgorithmOneOfThePaper(double beta1, double beta2, double epsilon, long step) {
    SplittableRandom random = new SplittableRandom(step);
    int n = 50;
    float[] w = new float[n];
    float[] g = new float[n];
    float[] m = new float[n];
    float[] v = new float[n];
    for (int i = 0; i < n; i++) {
      w[i] = (float) (2 * random.nextDouble() - 1);
      g[i] = (float) ((2 * random.nextDouble() - 1) * Math.pow(10, -i % 6));
      m[i] = step == 1 ? 0 : (float) (g[i] * random.nextDouble());
      v[i] = step == 1 ? 0 : (float) (g[i] * g[i] * (0.5 + random.nextDouble()));
    }
    float rate = 0.01f;
    Map<String, TensorData> found = adam(new Adam(beta1, beta2, epsilon), w, g, m, v, step, rate);
    for (int i = 0; i < n; i++) {
      double m1 = beta1 * m[i] + (1 - beta1) * g[i];
      double v1 = beta2 * v[i] + (1 - beta2) * (double) g[i] * g[i];
      double mHat = m1 / (1 - Math.pow(beta1, step));
      double vHat = v1 / (1 - Math.pow(beta2, step));
      double w1 = w[i] - rate * mHat / (Math.sqrt(vHat) + epsilon);
      assertEquals(m1, found.get("m1").floats()[i], 1e-6 * Math.abs(m1) + 1e-12);
      assertEquals(v1, found.get("v1").floats()[i], 1e-6 * v1 + 1e-15);
      assertEquals(w1, found.get("w1").floats()[i], 2e-7);
    }
  }

  @Test
  void anUntouchedWeightStays() {
    float[] zero = {0};
    Map<String, TensorData> found = adam(Adam.DEFAULT, new float[] {3}, zero, zero, zero, 1, 1e-3f);
    assertEquals(3, found.get("w1").floats()[0]);
  }

  /** In float, 1 - 2e-6 has an error of one percent of those 2e-6. */
  @Test
  void aSmallDecayIsNotRoundedAway() {
    int n = 1000;
    float[] w = new float[n];
    double before = 0;
    double after = 0;
    for (int i = 0; i < n; i++) {
      w[i] = 1 + i / (float) n;
      before += w[i];
    }
    float[] zeros = new float[n];
    Adam adam = new Adam(0.9, 0.999, 1e-8, 0.01);
    for (float weight : adam(adam, w, zeros, zeros, zeros, 1, 2e-4f).get("w1").floats()) {
      after += weight;
    }
    assertEquals(2e-6, (before - after) / before, 5e-9);
  }

  @ParameterizedTest
  @ValueSource(doubles = {-0.1, Double.NaN, Double.POSITIVE_INFINITY})
  void weightDecayRefuses(double decay) {
    Exception e =
        assertThrows(IllegalArgumentException.class, () -> new Adam(0.9, 0.999, 1e-8, decay));
    assertTrue(e.getMessage().startsWith("weight decay: expected"), e.getMessage());
  }

  @ParameterizedTest
  @CsvSource({
    "1, 0.9, 1e-8, beta1", "-0.1, 0.9, 1e-8, beta1", "NaN, 0.9, 1e-8, beta1",
    "0.9, 1, 1e-8, beta2", "0.9, 0.9, 0, epsilon", "0.9, 0.9, NaN, epsilon"
  })
  void adamRefuses(double beta1, double beta2, double epsilon, String name) {
    Exception e =
        assertThrows(IllegalArgumentException.class, () -> new Adam(beta1, beta2, epsilon));
    assertTrue(e.getMessage().startsWith(name + ": expected"), e.getMessage());
  }

  // --- clipping --------------------------------------------------------------------------------

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4})
  void clippingAgreesWithPyTorch(int index) throws IOException {
    JsonObject c = reference().getAsJsonArray("clip").get(index).getAsJsonObject();
    float[] clipped = floats(c.get("g"));
    double factor = new GradientClipping(number(c, "max_norm")).factor(number(c, "norm"));
    for (int i = 0; i < clipped.length; i++) {
      clipped[i] *= (float) factor;
    }
    close(c.get("clipped"), clipped, 2e-6, "clipped");
  }

  @Test
  void anInfiniteLimitClipsNothing() {
    assertEquals(1, new GradientClipping(Double.POSITIVE_INFINITY).factor(5e10));
    assertEquals(1, new GradientClipping(1).factor(0));
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, -1, Double.NaN})
  void clippingRefuses(double maxNorm) {
    assertThrows(IllegalArgumentException.class, () -> new GradientClipping(maxNorm));
  }

  // --- EMA -------------------------------------------------------------------------------------

  @ParameterizedTest
  @CsvSource({
    "0.999, 1",
    "0.999, 2",
    "0.999, 100",
    "0.999, 8990",
    "0.999, 100000",
    "0, 5",
    "0.5, 9"
  })
  void theAverageWarmsUp(double decay, long step) {
    Graph graph = new Graph("ema", OpSet.standard());
    Value average = graph.input("average", DataType.FLOAT, Shape.of(2));
    Value weights = graph.input("weights", DataType.FLOAT, Shape.of(2));
    Value t = graph.input("step", DataType.INT64, Shape.SCALAR);
    graph.output("y", new Ema(decay).apply(new Ops(graph), average, weights, t));
    float[] found =
        GraphRunner.run(
                graph,
                Map.of(
                    "average", vector(1, -2),
                    "weights", vector(3, 5),
                    "step", TensorData.scalar(step)))
            .get("y")
            .floats();
    double d = Math.min(decay, (1.0 + step) / (10.0 + step));
    assertEquals(d * 1 + (1 - d) * 3, found[0], 1e-6);
    assertEquals(d * -2 + (1 - d) * 5, found[1], 1e-6);
  }

  @ParameterizedTest
  @ValueSource(doubles = {1, -0.1, 2, Double.NaN})
  void theAverageRefuses(double decay) {
    assertThrows(IllegalArgumentException.class, () -> new Ema(decay));
  }

  // --- learning rate ---------------------------------------------------------------------------

  @ParameterizedTest
  @CsvSource({"1, 0.1", "5, 0.5", "9, 0.9", "10, 1", "11, 1", "1000000, 1"})
  void theLearningRateRises(long step, double share) {
    assertEquals(0.02 * share, new LearningRate(0.02, 10).at(step), 1e-15);
  }

  @Test
  void withoutWarmUpItIsConstant() {
    assertEquals(0.02, new LearningRate(0.02, 0).at(1));
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, -1, 1e-46, 3.5e38, 1e300, Double.NaN, Double.POSITIVE_INFINITY})
  void aRateThatNoFloatHoldsIsRefused(double rate) {
    String said =
        assertThrows(IllegalArgumentException.class, () -> new LearningRate(rate, 0)).getMessage();
    assertEquals(
        "learning rate: expected a positive number that a float holds, found " + rate, said);
    assertTrue(LearningRate.isUsable(Float.MAX_VALUE) && LearningRate.isUsable(Float.MIN_VALUE));
  }

  /** PyTorch's rate of the same step; in the warm-up, where its first is 0, of the step after. */
  @Test
  void theLearningRateAgreesWithPyTorch() throws IOException {
    int compared = 0;
    for (JsonElement element : reference().getAsJsonArray("rates")) {
      JsonObject c = element.getAsJsonObject();
      Decay decay = Decay.parse(c.get("schedule").getAsString());
      long warmup = c.get("warmup").getAsLong();
      LearningRate rate =
          new LearningRate(number(c, "peak"), warmup, decay, c.get("steps").getAsLong(), 0);
      for (Map.Entry<String, JsonElement> row : c.getAsJsonObject("rates").entrySet()) {
        long step = Long.parseLong(row.getKey());
        long ours = step <= warmup + 1 ? step - 1 : step;
        if (ours > 0) {
          assertEquals(row.getValue().getAsDouble(), rate.at(ours), 1e-16, c + " at " + step);
          compared++;
        }
      }
    }
    assertTrue(compared > 80, "compared " + compared);
  }

  @ParameterizedTest
  @CsvSource({
    "LINEAR, 11, 1", "LINEAR, 56, 0.55", "LINEAR, 101, 0.1", "LINEAR, 1000, 0.1",
    "COSINE, 11, 1", "COSINE, 56, 0.55", "COSINE, 101, 0.1", "COSINE, 1000, 0.1",
    "LINEAR, 5, 0.5", "COSINE, 10, 1", "COSINE, 41, 0.775"
  })
  void theLearningRateEndsAtTheFloor(Decay decay, long step, double share) {
    assertEquals(0.02 * share, new LearningRate(0.02, 10, decay, 100, 0.002).at(step), 1e-15);
  }

  @ParameterizedTest
  @EnumSource(Decay.class)
  void everyStepOfARunHasARate(Decay decay) {
    for (long warmup : new long[] {0, 1, 2, 3, 100}) {
      LearningRate rate = new LearningRate(0.02, warmup, decay, 3, 0);
      for (long step = 1; step <= 3; step++) {
        assertTrue(rate.at(step) > 0, rate + " at " + step);
      }
    }
  }

  @Test
  void decaysHaveTheNamesOfDiffusers() {
    for (Decay decay : Decay.values()) {
      assertEquals(decay, Decay.parse(decay.label()));
    }
    Exception e = assertThrows(IllegalArgumentException.class, () -> Decay.parse("step"));
    assertEquals(
        "--lr-schedule: expected one of constant, linear, cosine, found step", e.getMessage());
  }

  @ParameterizedTest
  @CsvSource({"0, 0", "-1, 0", "NaN, 0", "Infinity, 0", "1, -1"})
  void theLearningRateRefuses(double peak, long warmup) {
    assertThrows(IllegalArgumentException.class, () -> new LearningRate(peak, warmup));
  }

  @ParameterizedTest
  @CsvSource({"0, 0", "100, -0.1", "100, 1.1", "100, NaN"})
  void theDecayRefuses(long steps, double floor) {
    assertThrows(
        IllegalArgumentException.class, () -> new LearningRate(1, 10, Decay.LINEAR, steps, floor));
  }

  // --- helpers ---------------------------------------------------------------------------------

  private static JsonObject reference() throws IOException {
    try (InputStream in = OptimTest.class.getResourceAsStream("pytorch.json")) {
      return JsonParser.parseString(new String(in.readAllBytes(), StandardCharsets.UTF_8))
          .getAsJsonObject();
    }
  }

  private static double number(JsonObject o, String field) {
    return o.get(field).getAsDouble();
  }

  private static float[] floats(JsonElement array) {
    JsonArray elements = array.getAsJsonArray();
    float[] values = new float[elements.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = elements.get(i).getAsFloat();
    }
    return values;
  }

  private static void close(JsonElement expected, float[] found, double relative, String what) {
    JsonArray elements = expected.getAsJsonArray();
    assertEquals(elements.size(), found.length);
    for (int i = 0; i < found.length; i++) {
      double e = elements.get(i).getAsDouble();
      assertEquals(e, found[i], relative * Math.abs(e) + 1e-9, what + ", element " + i);
    }
  }

  private static TensorData vector(float... values) {
    return TensorData.ofFloats(values, values.length);
  }
}
