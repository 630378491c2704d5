package io.ddpm4j.trainer.autodiff;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.OpSet;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.Value;
import io.ddpm4j.exporter.nn.Parameters;
import io.ddpm4j.exporter.nn.UNet;
import io.ddpm4j.exporter.nn.UNetConfig;
import io.ddpm4j.exporter.nn.UNetConfig.TimeEmbedding;
import io.ddpm4j.exporter.testing.GoldenUNets;
import io.ddpm4j.exporter.testing.GraphRunner;
import io.ddpm4j.trainer.lowering.TrainLowering;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every parameter's gradient of every reference network against PyTorch's in double precision. */
class UNetGradientsGoldenTest {

  static List<GoldenUNets.Case> cases() throws IOException {
    return GoldenUNets.withStored().stream()
        .filter(c -> c.config().isPresent() && c.has("grads.json"))
        .toList();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void everyGradientAgrees(GoldenUNets.Case c) throws IOException {
    check(c, TrainLowering::standard);
  }

  /** The same numbers from the operators that processors train with. */
  @ParameterizedTest
  @MethodSource("cases")
  void everyGradientAgreesAsTrained(GoldenUNets.Case c) throws IOException {
    check(c, TrainLowering::pixelMajor);
  }

  private static void check(GoldenUNets.Case c, UnaryOperator<Graph> lowering) throws IOException {
    UNetConfig config = c.config().orElseThrow();
    Map<String, TensorData> feeds = new LinkedHashMap<>(c.inputs());
    feeds.putAll(c.weights());
    Graph graph = new Graph("grads", OpSet.standard().with(GradientFunctions.TABLE));
    Ops o = new Ops(graph);
    Value sample = input(graph, "sample", feeds);
    Value timestep = input(graph, "timestep", feeds);
    Value labels = config.isConditional() ? input(graph, "class_labels", feeds) : null;
    Parameters parameters = Parameters.asInputs(graph);
    Value out = UNet.build(o, config, parameters, sample, timestep, labels);
    float[] target = new float[(int) out.shape().elements()];
    for (int i = 0; i < target.length; i++) {
      target[i] = (float) Math.sin(0.01 * i);
    }
    Value error = o.sub(out, o.constant(TensorData.ofFloats(target, out.shape().sizes())));
    Value loss = o.reduceMean(o.mul(error, error), false);
    List<Value> targets = new ArrayList<>(parameters.values().values());
    targets.add(sample);
    Map<Value, Value> gradients = Autodiff.gradients(o, loss, targets);
    graph.output("loss", loss);
    gradients.forEach((value, gradient) -> graph.output("d:" + value.name(), gradient));

    Map<String, TensorData> results = GraphRunner.run(lowering.apply(graph), feeds);

    JsonObject golden = c.json("grads");
    double expectedLoss = golden.get("loss_value").getAsDouble();
    assertEquals(expectedLoss, results.get("loss").floats()[0], 1e-5 * expectedLoss);
    JsonObject expected = golden.getAsJsonObject("grads");
    Set<String> trained = new HashSet<>(parameters.values().keySet());
    if (config.timeEmbedding() == TimeEmbedding.FOURIER) {
      trained.remove("time_proj.weight"); // PyTorch keeps these frequencies as they are
    }
    assertEquals(expected.keySet(), trained);
    // Gradients near zero are rounding noise of the terms that cancel in them: the scale of the
    // whole network's gradient bounds that noise.
    double scale = 0;
    for (String name : expected.keySet()) {
      double size = parameters.specs().get(name).shape().elements();
      scale = Math.max(scale, number(expected, name, "sum_abs") / size);
    }
    for (String name : expected.keySet()) {
      compare(name, expected.getAsJsonObject(name), results.get("d:" + name).floats(), scale);
    }
    JsonObject dSample = golden.getAsJsonObject("d_sample");
    float[] actual = results.get("d:sample").floats();
    JsonArray first = dSample.getAsJsonArray("first8");
    for (int i = 0; i < first.size(); i++) {
      assertEquals(first.get(i).getAsDouble(), actual[i], 2e-7, "d_sample " + i);
    }
    assertTrue(expected.size() > 20);
  }

  private static double number(JsonObject expected, String name, String field) {
    return expected.getAsJsonObject(name).get(field).getAsDouble();
  }

  private static void compare(String name, JsonObject expected, float[] actual, double scale) {
    double sum = 0;
    double sumAbs = 0;
    for (float g : actual) {
      sum += g;
      sumAbs += Math.abs(g);
    }
    double expectedAbs = expected.get("sum_abs").getAsDouble();
    double tolerance = 2e-4 * expectedAbs + 2e-6 * scale * actual.length;
    assertEquals(expectedAbs, sumAbs, tolerance, name + " sum_abs");
    assertEquals(expected.get("sum").getAsDouble(), sum, tolerance, name + " sum");
    JsonArray first = expected.getAsJsonArray("first4");
    double typical = expectedAbs / actual.length;
    for (int i = 0; i < first.size(); i++) {
      assertEquals(
          first.get(i).getAsDouble(),
          actual[i],
          1e-3 * typical + 1e-5 * scale,
          name + " element " + i);
    }
  }

  private static Value input(Graph graph, String name, Map<String, TensorData> feeds) {
    TensorData data = feeds.get(name);
    DataType type = data.dataType();
    return graph.input(name, type, data.shape());
  }
}
