package io.ddpm4j.trainer.objective;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.OpSet;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.Value;
import io.ddpm4j.exporter.testing.GraphRunner;
import io.ddpm4j.runtime.schedule.BetaSchedule;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.PredictionType;
import io.ddpm4j.runtime.schedule.VarianceType;
import io.ddpm4j.testing.Json;
import io.ddpm4j.trainer.autodiff.GradientFunctions;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Every row of the reference implementation's training losses. */
class TrainingLossesGoldenTest {
  private static final int IMAGES = 4;
  private static final Shape PIXELS = Shape.of(IMAGES, 3, 8, 8);
  private static final int ELEMENTS = (int) PIXELS.elements();
  private static final int IMAGE = ELEMENTS / IMAGES;

  @TestFactory
  Stream<DynamicTest> everyRowIsReproduced() {
    List<JsonObject> rows = Json.objects(Json.shared("golden/math/training_losses.json"), "rows");
    assertTrue(rows.size() >= 24, "rows: " + rows.size());
    return rows.stream().map(row -> DynamicTest.dynamicTest(title(row), () -> check(row)));
  }

  private static String title(JsonObject row) {
    return Stream.of("schedule", "var_type", "loss_type", "mean_type")
        .map(field -> row.get(field).getAsString())
        .toList()
        .toString();
  }

  private static NoiseSchedule schedule(JsonObject row) {
    String[] name = row.get("schedule").getAsString().split(":");
    int count = Integer.parseInt(name[1]);
    return name[0].equals("linear")
        ? NoiseSchedule.of(BetaSchedule.LINEAR, count, 1e-4 * 1000 / count, 0.02 * 1000 / count)
        : NoiseSchedule.of(BetaSchedule.SQUAREDCOS_CAP_V2, count, 1e-4, 0.02);
  }

  private static void check(JsonObject row) {
    NoiseSchedule schedule = schedule(row);
    int[] timesteps = Json.ints(row.get("t"));
    if (row.get("mean_type").getAsString().equals("PREVIOUS_X")) {
      near(Json.doubles(row.get("mse")), posteriorErrors(schedule, timesteps), "mse");
      return;
    }
    VarianceType variance =
        VarianceType.parse(row.get("var_type").getAsString().toLowerCase(Locale.ROOT));
    Map<String, double[]> found = losses(schedule, timesteps, variance);
    for (String field : List.of("mse", "vb")) {
      if (row.has(field)) {
        near(Json.doubles(row.get(field)), found.get(field), field);
      }
    }
    double[] expected = Json.doubles(row.get("loss"));
    String type = row.get("loss_type").getAsString();
    double[] vb = found.get("vb");
    double[] loss = new double[IMAGES];
    for (int i = 0; i < IMAGES; i++) {
      loss[i] =
          switch (type) {
            case "MSE", "RESCALED_MSE" ->
                found.get("mse")[i] + (variance.isLearned() ? vb[i] : 0); // T is 1000
            case "KL" -> vb[i];
            default -> schedule.trainTimesteps() * vb[i];
          };
    }
    near(expected, loss, "loss");
    if (variance == VarianceType.LEARNED) {
      return; // is sampled from, but not trained
    }
    boolean hybrid = variance.isLearned() && type.endsWith("MSE");
    LossKind kind = hybrid ? LossKind.HYBRID : type.endsWith("KL") ? LossKind.VLB : LossKind.SIMPLE;
    double scale = type.equals("KL") ? 1.0 / schedule.trainTimesteps() : 1;
    near(expected, objective(schedule, timesteps, variance, kind, scale), "the objective's loss");
  }

  private static void near(double[] expected, double[] found, String what) {
    assertEquals(expected.length, found.length, what);
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i], found[i], 5e-5 * Math.abs(expected[i]), what + " " + i);
    }
  }

  // --- the reference's inputs --------------------------------------------------------------------

  private static double x0(int i) {
    return i * 37 % 101 / 50.5 - 1;
  }

  private static double noise(int i) {
    return Math.sqrt(2) * Math.sin(1.7 * i + 0.3);
  }

  private static double noisy(NoiseSchedule s, int t, int i) {
    return s.sqrtAlphaCumprod(t) * x0(i) + s.sqrtOneMinusAlphaCumprod(t) * noise(i);
  }

  private static double varianceHalf(VarianceType type, int t, int i) {
    double wave = Math.sin(0.3 * (i % IMAGE) + 0.01 * t);
    return type == VarianceType.LEARNED ? -3 + 0.5 * wave : 0.9 * wave;
  }

  // --- the pieces, and the whole -----------------------------------------------------------------

  /** The mean squared distance of ½ x_t from the posterior mean. */
  private static double[] posteriorErrors(NoiseSchedule s, int[] timesteps) {
    double[] errors = new double[IMAGES];
    for (int i = 0; i < ELEMENTS; i++) {
      int t = timesteps[i / IMAGE];
      double xt = noisy(s, t, i);
      double mean = s.posteriorMeanX0(t, t - 1) * x0(i) + s.posteriorMeanXt(t, t - 1) * xt;
      double error = 0.5 * xt - mean;
      errors[i / IMAGE] += error * error / IMAGE;
    }
    return errors;
  }

  /** A number by timestep and place in the batch. */
  @FunctionalInterface
  private interface Number {
    double at(int t, int i);
  }

  private static TensorData pixels(int[] timesteps, Number number) {
    float[] values = new float[ELEMENTS];
    for (int i = 0; i < ELEMENTS; i++) {
      values[i] = (float) number.at(timesteps[i / IMAGE], i);
    }
    return TensorData.ofFloats(values, PIXELS.sizes());
  }

  private static Map<String, TensorData> feeds(
      NoiseSchedule s, int[] timesteps, VarianceType variance) {
    Map<String, TensorData> feeds = new LinkedHashMap<>();
    feeds.put("x0", pixels(timesteps, (t, i) -> x0(i)));
    feeds.put("noise", pixels(timesteps, (t, i) -> noise(i)));
    feeds.put("timestep", TensorData.longs(Arrays.stream(timesteps).asLongStream().toArray()));
    feeds.put("output", pixels(timesteps, (t, i) -> 0.5 * noisy(s, t, i)));
    feeds.put("half", pixels(timesteps, (t, i) -> varianceHalf(variance, t, i)));
    return feeds;
  }

  private static Map<String, double[]> losses(
      NoiseSchedule s, int[] timesteps, VarianceType variance) {
    Graph graph = new Graph("losses", OpSet.standard());
    Ops o = new Ops(graph);
    Value x0 = graph.input("x0", DataType.FLOAT, PIXELS);
    Value noise = graph.input("noise", DataType.FLOAT, PIXELS);
    Value timestep = graph.input("timestep", DataType.INT64, Shape.of(IMAGES));
    Value output = graph.input("output", DataType.FLOAT, PIXELS);
    Value half = graph.input("half", DataType.FLOAT, PIXELS);
    Value error = o.sub(output, noise);
    Tables tables = new Tables(o, timestep, s.trainTimesteps());
    VariationalBound bound = new VariationalBound(s, PredictionType.EPSILON);
    graph.output(
        "vb",
        switch (variance) {
          case LEARNED -> bound.given(tables, x0, error, half); // a logarithm itself
          case LEARNED_RANGE ->
              bound.given(tables, x0, error, bound.learnedLogVariance(tables, half));
          default -> bound.fixed(tables, x0, error, variance);
        });
    graph.output("mse", o.reduceMean(o.mul(error, error), false, 1, 2, 3));
    Map<String, double[]> found = new LinkedHashMap<>();
    GraphRunner.run(graph, feeds(s, timesteps, variance))
        .forEach((name, data) -> found.put(name, doubles(data)));
    return found;
  }

  private static double[] objective(
      NoiseSchedule s, int[] timesteps, VarianceType variance, LossKind kind, double scale) {
    boolean learned = kind != LossKind.SIMPLE && variance.isLearned();
    Objective objective =
        new Objective(s, PredictionType.EPSILON, variance, kind, Optional.empty());
    Graph graph = new Graph("objective", OpSet.standard().with(GradientFunctions.TABLE));
    Ops o = new Ops(graph);
    Objective.Images given =
        new Objective.Images(
            graph.input("x0", DataType.FLOAT, PIXELS),
            graph.input("noise", DataType.FLOAT, PIXELS),
            graph.input("timestep", DataType.INT64, Shape.of(IMAGES)));
    Value prediction = o.mul(objective.noisy(o, given), 0.5); // the reference's model
    Value half = graph.input("half", DataType.FLOAT, PIXELS);
    Value output = learned ? o.concat(1, prediction, half) : prediction;
    Value weight = o.constant(TensorData.ofFloats(new float[] {1, 1, 1, 1}, IMAGES));
    graph.output("loss", objective.loss(o, given, output, weight).perImage());
    Map<String, TensorData> feeds = feeds(s, timesteps, variance);
    feeds.remove("output");
    double[] losses = doubles(GraphRunner.run(graph, feeds).get("loss"));
    return Arrays.stream(losses).map(loss -> loss * scale).toArray();
  }

  private static double[] doubles(TensorData data) {
    float[] floats = data.floats();
    double[] values = new double[floats.length];
    Arrays.setAll(values, i -> floats[i]);
    return values;
  }
}
