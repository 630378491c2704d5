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
import io.ddpm4j.runtime.schedule.BetaSchedule;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.PredictionType;
import io.ddpm4j.runtime.schedule.VarianceType;
import io.ddpm4j.testing.Json;
import io.ddpm4j.trainer.autodiff.GradientFunctions;
import io.ddpm4j.trainer.lowering.TrainLowering;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntToDoubleFunction;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Losses and their gradients against PyTorch, see {@code objective_reference.py}. */
class ObjectiveTest {
  private static final int IMAGES = 4;
  private static final int CHANNELS = 3;
  private static final int SIZE = 2;
  private static final float[] WEIGHTS = {0.1f, 0.2f, 0.3f, 0.4f};

  private static NoiseSchedule schedule(String name, JsonObject reference) {
    return switch (name) {
      case "linear" -> NoiseSchedule.linear();
      case "cosine" -> NoiseSchedule.of(BetaSchedule.SQUAREDCOS_CAP_V2, 1000, 1e-4, 0.02);
      default -> NoiseSchedule.ofBetas(Json.doubles(reference.get("custom")));
    };
  }

  private static Objective objective(JsonObject c, JsonObject reference) {
    double gamma = c.get("min_snr").getAsDouble();
    return new Objective(
        schedule(c.get("schedule").getAsString(), reference),
        PredictionType.parse(c.get("prediction").getAsString()),
        VarianceType.parse(c.get("variance").getAsString()),
        LossKind.parse(c.get("loss").getAsString()),
        gamma == 0 ? Optional.empty() : Optional.of(new MinSnr(gamma)),
        c.get("model_guidance").getAsDouble());
  }

  @TestFactory
  Stream<DynamicTest> lossesAndGradientsAgreeWithPyTorch() throws IOException {
    JsonObject reference;
    try (InputStream in = ObjectiveTest.class.getResourceAsStream("pytorch.json")) {
      String json = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      reference = JsonParser.parseString(json).getAsJsonObject();
    }
    List<JsonObject> cases = Json.objects(reference, "cases");
    assertTrue(cases.size() >= 58, "cases: " + cases.size());
    return cases.stream()
        .map(
            c ->
                DynamicTest.dynamicTest(
                    Stream.of(
                            "schedule",
                            "prediction",
                            "loss",
                            "variance",
                            "min_snr",
                            "model_guidance")
                        .map(field -> c.get(field).getAsString())
                        .toList()
                        .toString(),
                    () -> {
                      check(objective(c, reference), c, TrainLowering::standard);
                      check(objective(c, reference), c, TrainLowering::pixelMajor);
                    }));
  }

  private static void check(Objective objective, JsonObject expected, UnaryOperator<Graph> how) {
    Shape images = Shape.of(IMAGES, CHANNELS, SIZE, SIZE);
    Shape outputs = Shape.of(IMAGES, objective.outputChannels(CHANNELS), SIZE, SIZE);
    Graph graph = new Graph("objective", OpSet.standard().with(GradientFunctions.TABLE));
    Ops o = new Ops(graph);
    Objective.Images given =
        new Objective.Images(
            graph.input("x0", DataType.FLOAT, images),
            graph.input("noise", DataType.FLOAT, images),
            graph.input("timestep", DataType.INT64, Shape.of(IMAGES)));
    Value output = graph.input("output", DataType.FLOAT, outputs);
    Value weight = graph.input("weight", DataType.FLOAT, Shape.of(IMAGES));
    Value unconditional = graph.input("unconditional", DataType.FLOAT, outputs);
    Objective.Loss loss =
        objective.isGuided()
            ? objective.guidedLoss(o, given, output, unconditional, weight)
            : objective.loss(o, given, output, weight);
    graph.output("per_image", loss.perImage());
    graph.output("gradient", loss.gradient());

    Map<String, TensorData> feeds = new LinkedHashMap<>();
    feeds.put("x0", floats(images, k -> pixel(k) * 2 / 255.0 - 1));
    feeds.put("noise", floats(images, k -> 1.4 * Math.sin(1.3 * k * k + 1)));
    int[] timesteps = Json.ints(expected.get("timesteps"));
    feeds.put("timestep", TensorData.longs(Arrays.stream(timesteps).asLongStream().toArray()));
    feeds.put("output", floats(outputs, k -> 1.2 * Math.sin(0.9 * k + 0.4)));
    feeds.put("unconditional", floats(outputs, k -> 0.8 * Math.sin(0.7 * k + 1.1)));
    feeds.put("weight", TensorData.ofFloats(WEIGHTS, IMAGES));
    Map<String, TensorData> found = GraphRunner.run(how.apply(graph), feeds);

    double[] perImage = Json.doubles(expected.get("per_image"));
    float[] foundPerImage = found.get("per_image").floats();
    for (int i = 0; i < IMAGES; i++) {
      assertEquals(perImage[i], foundPerImage[i], 2e-5 * perImage[i] + 2e-4, "image " + i);
    }
    double[] gradient = Json.doubles(expected.get("gradient"));
    float[] foundGradient = found.get("gradient").floats();
    assertEquals(gradient.length, foundGradient.length);
    int each = gradient.length / IMAGES;
    for (int i = 0; i < IMAGES; i++) {
      double largest = 0;
      for (int k = i * each; k < (i + 1) * each; k++) {
        largest = Math.max(largest, Math.abs(gradient[k]));
      }
      for (int k = i * each; k < (i + 1) * each; k++) {
        double tolerance = 1e-4 * Math.abs(gradient[k]) + 1e-5 * largest;
        assertEquals(gradient[k], foundGradient[k], tolerance, "gradient " + k);
      }
    }
  }

  private static int pixel(int k) {
    return k % 5 == 0 ? 0 : k % 5 == 1 ? 255 : (37 * k + 11) % 256;
  }

  private static TensorData floats(Shape shape, IntToDoubleFunction at) {
    float[] values = new float[(int) shape.elements()];
    for (int k = 0; k < values.length; k++) {
      values[k] = (float) at.applyAsDouble(k);
    }
    return TensorData.ofFloats(values, shape.sizes());
  }

  /** The weight of ε's error in the bound: β²/(2σ²α(1-ᾱ)) (Ho et al. 2020, §3.4). */
  @ParameterizedTest
  @CsvSource({"FIXED_SMALL, 10", "FIXED_LARGE, 10", "FIXED_SMALL, 999", "FIXED_LARGE, 500"})
  void theBoundWeighsErrorsAsHoAndOthersDo(VarianceType variance, int t) {
    NoiseSchedule s = NoiseSchedule.linear();
    Objective objective =
        new Objective(s, PredictionType.EPSILON, variance, LossKind.VLB, Optional.empty());
    double sigma2 = variance == VarianceType.FIXED_SMALL ? s.posteriorVariance(t) : s.beta(t);
    double weight = s.beta(t) * s.beta(t) / (2 * sigma2 * s.alpha(t) * (1 - s.alphaCumprod(t)));
    double[] found = new double[2];
    for (int i = 0; i < 2; i++) {
      float error = i; // of every pixel
      Graph graph = new Graph("bound", OpSet.standard().with(GradientFunctions.TABLE));
      Ops o = new Ops(graph);
      Shape one = Shape.of(1, 1, 1, 1);
      Value x0 = o.constant(TensorData.ofFloats(new float[] {0.5f}, one.sizes()));
      Value noise = o.constant(TensorData.ofFloats(new float[] {0.25f}, one.sizes()));
      Objective.Images given = new Objective.Images(x0, noise, o.constant(TensorData.longs(t)));
      Value output = o.add(graph.input("output", DataType.FLOAT, one), 0.25);
      Value weights = o.constant(TensorData.ofFloats(new float[] {1}, 1));
      graph.output("loss", objective.loss(o, given, output, weights).perImage());
      found[i] =
          GraphRunner.run(
                  graph, Map.of("output", TensorData.ofFloats(new float[] {error}, one.sizes())))
              .get("loss")
              .floats()[0];
    }
    double bits = 1000 * weight / Math.log(2);
    assertEquals(bits, found[1] - found[0], 1e-5 * bits);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "FIXED_SMALL | HYBRID | 0 | --variance: expected learned_range, which is what the loss hybrid"
            + " trains beside the mean, found fixed_small",
        "LEARNED_RANGE | SIMPLE | 0 | --loss: expected hybrid or vlb, since the loss simple does not"
            + " train the variance learned_range, found simple",
        "LEARNED | VLB | 0 | --variance: expected fixed_small, fixed_large or learned_range, found"
            + " learned",
        "FIXED_SMALL | VLB | 5 | --min-snr: expected none, since the loss vlb has weights of its own,"
            + " found 5.0"
      })
  void whatDoesNotGoTogetherIsRefused(
      VarianceType variance, LossKind loss, double gamma, String message) {
    Optional<MinSnr> minSnr = gamma == 0 ? Optional.empty() : Optional.of(new MinSnr(gamma));
    Exception e =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                new Objective(
                    NoiseSchedule.linear(), PredictionType.EPSILON, variance, loss, minSnr));
    assertEquals(message, e.getMessage());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "SIMPLE | 0.5 | --model-guidance: expected a number of at least 1, found 0.5",
        "SIMPLE | Infinity | --model-guidance: expected a number of at least 1, found Infinity",
        "VLB | 2 | --model-guidance: expected none for the loss vlb, which bounds the likelihood of"
            + " the data, found 2.0"
      })
  void guidanceThatTrainsNothingIsRefused(LossKind loss, double guidance, String message) {
    Exception e =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                new Objective(
                    NoiseSchedule.linear(),
                    PredictionType.EPSILON,
                    VarianceType.FIXED_SMALL,
                    loss,
                    Optional.empty(),
                    guidance));
    assertEquals(message, e.getMessage());
  }

  @Test
  void aBoundNeedsTwoTimesteps() {
    Exception e =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                new Objective(
                    NoiseSchedule.ofBetas(0.5),
                    PredictionType.EPSILON,
                    VarianceType.FIXED_LARGE,
                    LossKind.VLB,
                    Optional.empty()));
    assertEquals(
        "num_train_timesteps: expected at least 2 for the loss vlb, found 1", e.getMessage());
  }
}
