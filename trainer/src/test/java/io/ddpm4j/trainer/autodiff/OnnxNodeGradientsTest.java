package io.ddpm4j.trainer.autodiff;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.Lowering;
import io.ddpm4j.exporter.graph.OpSet;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.ShapeException;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.Value;
import io.ddpm4j.exporter.proto.OnnxModel;
import io.ddpm4j.exporter.proto.OnnxReader;
import io.ddpm4j.exporter.proto.OnnxWriter;
import io.ddpm4j.exporter.testing.GraphRunner;
import io.ddpm4j.exporter.testing.OnnxNodeCase;
import io.ddpm4j.trainer.lowering.StandardLowerings;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * ONNX's own cases of the operators that have a gradient rule: the derivative in one random
 * direction of each float input, at the stored values, against finite differences.
 */
class OnnxNodeGradientsTest {
  /** Cases that say nothing of a gradient, with the reason. */
  private static final Map<String, String> PASSED_OVER = new TreeMap<>();

  static {
    for (String bits : List.of("32", "64")) {
      PASSED_OVER.put(
          "test_pow_types_float32_uint" + bits,
          "ONNX Runtime has no kernel for unsigned exponents");
    }
    PASSED_OVER.put("test_reshape_allowzero_reordered", "no elements");
    PASSED_OVER.put("test_pow", "a power of 0 is infinite");
    PASSED_OVER.put("test_softmax_large_number", "float32 rounds a small step from 10,000");
  }

  /** Operators whose rules refuse forms that no network here has, in a sentence. */
  private static final Set<String> IN_PART = Set.of("Conv", "ConvTranspose", "Resize");

  private static final Map<String, Integer> TALLY = new TreeMap<>();
  private static final Map<String, Integer> REFUSED = new TreeMap<>();

  /** Float32 rounds the results: a longer step has less of that, a shorter one less curvature. */
  private static final double[] STEPS = {1e-2, 3e-3, 1e-3};

  static List<OnnxNodeCase> cases() throws IOException {
    List<OnnxNodeCase> cases = new ArrayList<>();
    for (OnnxNodeCase one : OnnxNodeCase.all()) {
      if (GradientRules.ofOnnx().contains(one.operator())
          && one.outputs().stream().allMatch(y -> y.dataType() == DataType.FLOAT)
          && one.filled().inputs().values().stream().anyMatch(x -> x.dataType() == DataType.FLOAT)
          && !PASSED_OVER.containsKey(one.name())) {
        cases.add(one);
      }
    }
    return cases;
  }

  @ParameterizedTest
  @MethodSource("cases")
  void derivativeAgrees(OnnxNodeCase one) throws IOException {
    OnnxNodeCase.Filled filled = one.filled();
    SplittableRandom random = new SplittableRandom(one.name().hashCode());
    Map<String, TensorData> feeds = new LinkedHashMap<>(filled.inputs());
    Graph forward = OnnxReader.read(filled.model(), one.name()).toModel().graph();
    Map<String, double[]> seeds = new LinkedHashMap<>();
    Graph both;
    try {
      both = withGradients(forward, seeds, random);
    } catch (ShapeException e) {
      assertTrue(IN_PART.contains(one.operator()), one + ": " + e.getMessage());
      assertTrue(e.getMessage().startsWith("the gradient of "), one + ": " + e.getMessage());
      REFUSED.merge(one.operator(), 1, Integer::sum);
      return;
    }
    seeds.forEach(
        (name, seed) ->
            feeds.put(
                "seed." + name,
                GradientCase.tensor(
                    DataType.FLOAT, seed, forward.outputs().get(name).shape().sizes())));
    Map<String, TensorData> results = GraphRunner.run(both, feeds);
    byte[] model = OnnxWriter.toBytes(OnnxModel.of(forward));
    for (Value input : forward.inputs()) {
      if (input.dataType() == DataType.FLOAT && input.shape().elements() > 0) {
        double[] gradient = GradientCase.doubles(results.get("grad." + input.name()));
        check(one.name(), model, filled.inputs(), input.name(), gradient, seeds, random);
        TALLY.merge(one.operator(), 1, Integer::sum);
      }
    }
  }

  /** The graph and d(Σ seed·output)/d(input) of every float input. */
  private static Graph withGradients(
      Graph forward, Map<String, double[]> seeds, SplittableRandom random) {
    OpSet operators = forward.opSet().with(GradientFunctions.TABLE);
    Graph graph = new Lowering(Map.of()).apply(forward, operators);
    Ops o = new Ops(graph);
    List<Value> inputs =
        graph.inputs().stream().filter(x -> x.dataType() == DataType.FLOAT).toList();
    Value loss = o.scalar(0, inputs.get(0));
    for (Map.Entry<String, Value> output : outputs(graph).entrySet()) {
      Value y = output.getValue();
      seeds.put(output.getKey(), GradientCase.normal(random, (int) y.shape().elements()));
      Value seed = graph.input("seed." + output.getKey(), DataType.FLOAT, y.shape());
      loss = o.add(loss, o.reduceSum(o.mul(y, seed), false));
    }
    Map<Value, Value> gradients = Autodiff.gradients(o, loss, inputs);
    gradients.forEach((x, gradient) -> graph.output("grad." + x.name(), o.identity(gradient)));
    return StandardLowerings.lowering().apply(graph, forward.opSet());
  }

  /** Those that a loss sees: mean and deviation of a layer norm are by-products. */
  private static Map<String, Value> outputs(Graph graph) {
    Map<String, Value> outputs = new LinkedHashMap<>(graph.outputs());
    if (graph.nodes().get(0).op().equals("LayerNormalization")) {
      outputs.keySet().retainAll(List.of(outputs.keySet().iterator().next()));
    }
    return outputs;
  }

  private static void check(
      String label,
      byte[] model,
      Map<String, TensorData> inputs,
      String name,
      double[] gradient,
      Map<String, double[]> seeds,
      SplittableRandom random) {
    double best = Double.POSITIVE_INFINITY;
    String difference = "";
    for (double step : STEPS) {
      double[] direction = GradientCase.normal(random, gradient.length);
      double analytic = 0;
      double size = 0;
      for (int i = 0; i < gradient.length; i++) {
        analytic += gradient[i] * direction[i];
        size += Math.abs(gradient[i] * direction[i]);
      }
      double up = loss(model, moved(inputs, name, direction, step), seeds);
      double down = loss(model, moved(inputs, name, direction, -step), seeds);
      double numeric = (up - down) / (2 * step);
      assertTrue(Double.isFinite(analytic), name + ": the gradient is " + analytic);
      assertTrue(size > 0 || numeric == 0, name + ": the gradient is zero");
      double error = Math.abs(numeric - analytic) / Math.max(size, 1e-6);
      if (error < best) {
        best = error;
        difference =
            "step " + step + ", " + name + ": by rule " + analytic + ", by difference " + numeric;
      }
    }
    assertEquals(0, best, 2e-3, label + ": " + difference);
  }

  private static Map<String, TensorData> moved(
      Map<String, TensorData> inputs, String name, double[] direction, double step) {
    TensorData input = inputs.get(name);
    double[] values = GradientCase.doubles(input);
    for (int i = 0; i < values.length; i++) {
      values[i] += step * direction[i];
    }
    Map<String, TensorData> changed = new LinkedHashMap<>(inputs);
    changed.put(name, GradientCase.tensor(DataType.FLOAT, values, input.shape().sizes()));
    return changed;
  }

  private static double loss(
      byte[] model, Map<String, TensorData> inputs, Map<String, double[]> seeds) {
    Map<String, TensorData> results = GraphRunner.run(model, inputs);
    double loss = 0;
    for (Map.Entry<String, double[]> seed : seeds.entrySet()) {
      double[] y = GradientCase.doubles(results.get(seed.getKey()));
      for (int i = 0; i < y.length; i++) {
        loss += y[i] * seed.getValue()[i];
      }
    }
    return loss;
  }

  @AfterAll
  static void printTable() {
    System.out.println("Gradients of ONNX's node cases, inputs held against differences: " + TALLY);
    System.out.println("  forms that the rules refuse: " + REFUSED);
  }
}
