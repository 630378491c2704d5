package io.ddpm4j.trainer.autodiff;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.Node;
import io.ddpm4j.exporter.graph.OpSchema;
import io.ddpm4j.exporter.graph.OpSet;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.Value;
import io.ddpm4j.exporter.proto.OnnxModel;
import io.ddpm4j.exporter.proto.OnnxWriter;
import io.ddpm4j.exporter.testing.GraphRunner;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;

/**
 * A small graph whose gradient is held against finite differences in one random direction for each
 * input.
 *
 * @param op the operator that the case is about, with its domain where that is not ONNX's
 * @param type FLOAT only where ONNX Runtime's operator has no double
 * @param linear true if the outputs are linear in each input alone: then a wide step is exact
 * @param build from the inputs to the outputs that the loss sees
 */
record GradientCase(
    String op,
    String label,
    DataType type,
    boolean linear,
    int version,
    List<OpSchema> extra,
    List<Input> inputs,
    BiFunction<Ops, Value[], List<Value>> build) {

  /** An input of that shape; values are drawn from the case's own generator. */
  record Input(Draw draw, long... shape) {}

  /** Draws one number. */
  @FunctionalInterface
  interface Draw {
    double next(SplittableRandom random);
  }

  @Override
  public String toString() {
    return op + " " + label;
  }

  GradientCase inFloat() {
    return new GradientCase(op, label, DataType.FLOAT, linear, version, extra, inputs, build);
  }

  GradientCase isLinear() {
    return new GradientCase(op, label, type, true, version, extra, inputs, build);
  }

  GradientCase inVersion(int opSet) {
    return new GradientCase(op, label, type, linear, opSet, extra, inputs, build);
  }

  GradientCase with(OpSchema schema) {
    return new GradientCase(op, label, type, linear, version, List.of(schema), inputs, build);
  }

  /** The graph; with gradients, outputs y0, y1, ... and d0, d1, ...; without, only the former. */
  Graph graph(boolean gradients) {
    OpSet set = OpSet.onnx(version).with(functions()).with(GradientFunctions.TABLE).with(extra);
    Graph graph = new Graph("case", set);
    Ops o = new Ops(graph);
    Value[] x = new Value[inputs.size()];
    for (int k = 0; k < x.length; k++) {
      x[k] = graph.input("x" + k, type, Shape.of(inputs.get(k).shape()));
    }
    List<Value> y = build.apply(o, x);
    for (int k = 0; k < y.size(); k++) {
      graph.output("y" + k, o.identity(y.get(k)));
    }
    if (gradients) {
      Value loss = o.scalar(0, x[0]);
      for (int k = 0; k < y.size(); k++) {
        Value seed = graph.input("s" + k, type, y.get(k).shape());
        loss = o.add(loss, o.reduceSum(o.mul(y.get(k), seed), false));
      }
      Map<Value, Value> found = Autodiff.gradients(o, loss, List.of(x));
      for (int k = 0; k < x.length; k++) {
        Value d = found.get(x[k]);
        assertEquals(x[k].shape(), d.shape(), "shape of the gradient of input " + k);
        assertEquals(x[k].dataType(), d.dataType(), "type of the gradient of input " + k);
        graph.output("d" + k, o.identity(d));
      }
    }
    return graph;
  }

  private static List<OpSchema> functions() {
    return OpSet.standard().all().stream().filter(s -> !s.domain().isEmpty()).toList();
  }

  /** The operators of the graph, forward and backward. */
  Set<String> operators() {
    Set<String> found = new TreeSet<>();
    for (Node node : graph(true).nodes()) {
      found.add(node.op());
    }
    return found;
  }

  /** Fails where the gradients differ from finite differences. */
  void check(UnaryOperator<Graph> lowering) {
    SplittableRandom random = new SplittableRandom(toString().hashCode());
    byte[] forward = OnnxWriter.toBytes(OnnxModel.of(lowering.apply(graph(false))));
    Graph both = graph(true);
    Map<String, TensorData> feeds = new LinkedHashMap<>();
    List<double[]> x = new ArrayList<>();
    for (int k = 0; k < inputs.size(); k++) {
      Input input = inputs.get(k);
      double[] values = new double[(int) Shape.of(input.shape()).elements()];
      for (int i = 0; i < values.length; i++) {
        values[i] = input.draw().next(random);
      }
      x.add(values);
      feeds.put("x" + k, tensor(values, input.shape()));
    }
    List<double[]> seeds = new ArrayList<>();
    for (Value input : both.inputs()) {
      if (input.name().startsWith("s")) {
        double[] seed = normal(random, (int) input.shape().elements());
        seeds.add(seed);
        feeds.put(input.name(), tensor(seed, input.shape().sizes()));
      }
    }
    Map<String, TensorData> results = GraphRunner.run(lowering.apply(both), feeds);
    double h = linear ? 0.5 : type == DataType.FLOAT ? 1e-2 : 1e-5;
    double tolerance = type == DataType.DOUBLE ? 1e-6 : linear ? 2e-5 : 2e-3;
    for (int k = 0; k < inputs.size(); k++) {
      double[] gradient = doubles(results.get("d" + k));
      double[] direction = normal(random, gradient.length);
      double analytic = 0;
      double size = 0;
      for (int i = 0; i < gradient.length; i++) {
        analytic += gradient[i] * direction[i];
        size += Math.abs(gradient[i] * direction[i]);
      }
      double up = loss(forward, feeds, k, x.get(k), direction, h, seeds);
      double down = loss(forward, feeds, k, x.get(k), direction, -h, seeds);
      double numeric = (up - down) / (2 * h);
      assertTrue(Double.isFinite(analytic), "input " + k + ": " + analytic);
      assertEquals(numeric, analytic, tolerance * (1 + size), "along a direction of input " + k);
      assertTrue(size > 0 || numeric == 0, "input " + k + ": the gradient is zero");
    }
  }

  private double loss(
      byte[] forward,
      Map<String, TensorData> feeds,
      int k,
      double[] x,
      double[] direction,
      double h,
      List<double[]> seeds) {
    double[] moved = x.clone();
    for (int i = 0; i < moved.length; i++) {
      moved[i] += h * direction[i];
    }
    Map<String, TensorData> changed = new LinkedHashMap<>(feeds);
    changed.put("x" + k, tensor(moved, inputs.get(k).shape()));
    Map<String, TensorData> results = GraphRunner.run(forward, changed);
    double loss = 0;
    for (int j = 0; j < seeds.size(); j++) {
      double[] y = doubles(results.get("y" + j));
      for (int i = 0; i < y.length; i++) {
        loss += y[i] * seeds.get(j)[i];
      }
    }
    return loss;
  }

  static double[] normal(SplittableRandom random, int size) {
    double[] values = new double[size];
    for (int i = 0; i < size; i++) {
      values[i] = GradientCases.NORMAL.next(random);
    }
    return values;
  }

  private TensorData tensor(double[] values, long... shape) {
    return tensor(type, values, shape);
  }

  static TensorData tensor(DataType type, double[] values, long... shape) {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * type.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    for (double value : values) {
      if (type == DataType.FLOAT) {
        bytes.putFloat((float) value);
      } else {
        bytes.putDouble(value);
      }
    }
    return TensorData.ofBytes(type, Shape.of(shape), bytes.array());
  }

  static double[] doubles(TensorData data) {
    double[] values = new double[(int) data.shape().elements()];
    ByteBuffer bytes = data.bytes();
    for (int i = 0; i < values.length; i++) {
      values[i] = data.dataType() == DataType.FLOAT ? bytes.getFloat() : bytes.getDouble();
    }
    return values;
  }
}
