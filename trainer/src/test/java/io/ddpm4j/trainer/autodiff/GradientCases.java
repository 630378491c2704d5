package io.ddpm4j.trainer.autodiff;

import static java.util.Arrays.asList;

import io.ddpm4j.exporter.graph.Attribute;
import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.OpSchema;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.Value;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;

/** The table of cases, in the order of the table of rules. */
final class GradientCases {
  private GradientCases() {}

  static final GradientCase.Draw NORMAL =
      r -> Math.sqrt(-2 * Math.log(1 - r.nextDouble())) * Math.cos(2 * Math.PI * r.nextDouble());
  private static final GradientCase.Draw POSITIVE = r -> 0.5 + 1.5 * r.nextDouble();
  // At least 0.2 from a kink at zero, so that no step crosses it.
  private static final GradientCase.Draw AWAY =
      r -> (r.nextBoolean() ? 1 : -1) * (0.2 + r.nextDouble());

  private static GradientCase.Input in(long... shape) {
    return new GradientCase.Input(NORMAL, shape);
  }

  private static GradientCase.Input positive(long... shape) {
    return new GradientCase.Input(POSITIVE, shape);
  }

  private static GradientCase.Input away(long... shape) {
    return new GradientCase.Input(AWAY, shape);
  }

  private static GradientCase.Input around(double centre, long... shape) {
    return new GradientCase.Input(r -> centre + 0.1 * r.nextDouble(), shape);
  }

  private static GradientCase one(
      String op,
      String label,
      BiFunction<Ops, Value[], Value> build,
      GradientCase.Input... inputs) {
    return many(op, label, (o, x) -> List.of(build.apply(o, x)), inputs);
  }

  private static GradientCase many(
      String op,
      String label,
      BiFunction<Ops, Value[], List<Value>> build,
      GradientCase.Input... inputs) {
    return new GradientCase(
        op, label, DataType.DOUBLE, false, 17, List.of(), List.of(inputs), build);
  }

  static Value node(Ops o, String op, Map<String, Attribute> attributes, Value... inputs) {
    return o.graph().add(op, asList(inputs), attributes).out();
  }

  private static Attribute ints(long... values) {
    return Attribute.of(values);
  }

  static List<GradientCase> all() {
    List<GradientCase> cases = new ArrayList<>();
    elementwise(cases);
    layout(cases);
    reductions(cases);
    products(cases);
    norms(cases);
    spatial(cases);
    return cases;
  }

  /** Two of three elements are kept. */
  private static Value mask(Ops o, Shape shape) {
    byte[] kept = new byte[(int) shape.elements()];
    for (int i = 0; i < kept.length; i++) {
      kept[i] = (byte) (i % 3 == 0 ? 0 : 1);
    }
    return o.constant(TensorData.ofBytes(DataType.UINT8, shape, kept));
  }

  private static void elementwise(List<GradientCase> c) {
    c.add(one("Abs", "", (o, x) -> o.abs(x[0]), away(2, 3)));
    c.add(one("Cos", "", (o, x) -> o.cos(x[0]), in(2, 3)));
    c.add(one("Dropout", "no mask", (o, x) -> o.dropout(x[0], null, 0.3), in(2, 3)).isLinear());
    c.add(
        one(
                "Dropout",
                "a third dropped",
                (o, x) -> o.dropout(x[0], mask(o, x[0].shape()), 0.3),
                in(2, 32, 3, 5))
            .isLinear());
    c.add(
        one(
                "Dropout",
                "between convolutions",
                (o, x) -> {
                  Value h = o.conv(x[0], x[1], null, 1, 0, 0, 0, 0);
                  return o.conv(o.dropout(h, mask(o, h.shape()), 0.3), x[2], null, 1, 0, 0, 0, 0);
                },
                in(2, 32, 3, 5),
                in(64, 32, 1, 1),
                in(32, 64, 1, 1))
            .inFloat()
            .isLinear());
    c.add(one("Erf", "", (o, x) -> o.erf(x[0]), in(2, 3)).inFloat());
    c.add(one("Exp", "", (o, x) -> o.exp(x[0]), in(2, 3)));
    c.add(one("Gelu", "", (o, x) -> o.gelu(x[0]), in(2, 3)).inFloat());
    c.add(one("Gelu", "rank 4", (o, x) -> o.gelu(x[0]), in(2, 3, 1, 5)).inFloat());
    c.add(one("Identity", "", (o, x) -> o.identity(x[0]), in(2, 3)));
    c.add(one("Log", "", (o, x) -> o.log(x[0]), positive(2, 3)));
    c.add(one("Mish", "", (o, x) -> o.mish(x[0]), in(2, 3)).inFloat());
    c.add(one("Mish", "rank 4", (o, x) -> o.mish(x[0]), in(2, 3, 1, 5)).inFloat());
    c.add(one("Neg", "", (o, x) -> o.neg(x[0]), in(2, 3)));
    c.add(one("Reciprocal", "", (o, x) -> o.reciprocal(x[0]), away(2, 3)));
    c.add(one("Relu", "", (o, x) -> o.relu(x[0]), away(4, 3)));
    c.add(one("Sigmoid", "", (o, x) -> o.sigmoid(x[0]), in(2, 3)));
    c.add(one("Silu", "", (o, x) -> o.silu(x[0]), in(2, 3)).inFloat());
    c.add(one("Silu", "rank 4", (o, x) -> o.silu(x[0]), in(2, 3, 1, 5)).inFloat());
    c.add(one("Sin", "", (o, x) -> o.sin(x[0]), in(2, 3)));
    c.add(one("Sqrt", "", (o, x) -> o.sqrt(x[0]), positive(2, 3)));
    c.add(one("Tanh", "", (o, x) -> o.tanh(x[0]), in(2, 3)));
    c.add(
        one(
            "Cast",
            "to float and back",
            (o, x) -> o.cast(o.sin(o.cast(x[0], DataType.DOUBLE)), DataType.FLOAT),
            in(2, 3)));
    c.set(c.size() - 1, c.get(c.size() - 1).inFloat());
    c.add(one("Clip", "both limits", (o, x) -> o.clip(x[0], -0.5, 0.7), in(5, 7)));
    c.add(
        one(
            "Clip",
            "low only",
            (o, x) -> node(o, "Clip", Map.of(), x[0], o.scalar(0.1, x[0])),
            in(5, 7)));
    c.add(
        one(
            "Clip",
            "high only",
            (o, x) -> node(o, "Clip", Map.of(), x[0], null, o.scalar(0.1, x[0])),
            in(5, 7)));
    c.add(one("Clip", "no limits", (o, x) -> node(o, "Clip", Map.of(), x[0]), in(5, 7)));
    for (String op : List.of("Add", "Sub", "Mul", "Div", "Pow")) {
      BiFunction<Ops, Value[], Value> build = (o, x) -> node(o, op, Map.of(), x[0], x[1]);
      c.add(one(op, "same shapes", build, positive(2, 3), positive(2, 3)));
      c.add(one(op, "row and column", build, positive(1, 3), positive(2, 1)));
      c.add(one(op, "scalar right", build, positive(2, 3), positive()));
      c.add(one(op, "scalar left", build, positive(), positive(2, 3)));
      c.add(one(op, "lower rank", build, positive(3), positive(2, 4, 3)));
      c.add(one(op, "inner ones", build, positive(2, 1, 3, 1), positive(4, 1, 5)));
      c.add(one(op, "ones on both sides", build, positive(1, 1, 2), positive(1, 2)));
      c.add(one(op, "with itself", (o, x) -> node(o, op, Map.of(), x[0], x[0]), positive(2, 3)));
    }
    for (double exponent : new double[] {2, 3, -1, 0.5, 0, 1}) {
      c.add(
          one(
              "Pow",
              "constant exponent " + exponent,
              (o, x) -> o.pow(x[0], o.scalar(exponent, x[0])),
              positive(2, 3)));
    }
    c.add(
        one(
            "Pow",
            "negative base, whole exponents",
            (o, x) ->
                o.pow(
                    x[0],
                    o.constant(
                        GradientCase.tensor(DataType.DOUBLE, new double[] {2, 3, 0, 1, -2, 5}, 6))),
            away(4, 6)));
    c.add(
        one(
            "Pow",
            "exponent of int64",
            (o, x) -> o.pow(x[0], o.constant(TensorData.longs(2, 3, 0, 1))),
            away(3, 4)));
    c.add(
        one(
            "Pow",
            "exponent of another float type",
            (o, x) -> o.cast(o.pow(o.cast(x[0], DataType.DOUBLE), x[1]), DataType.FLOAT),
            positive(3, 4),
            positive(4)));
    c.set(c.size() - 1, c.get(c.size() - 1).inFloat());
    for (String op : List.of("Max", "Min")) {
      c.add(
          one(
              op,
              "two",
              (o, x) -> node(o, op, Map.of(), x),
              around(0, 4, 3),
              new GradientCase.Input(AWAY, 4, 3)));
      c.add(one(op, "one", (o, x) -> node(o, op, Map.of(), x), in(4, 3)));
      c.add(
          one(
              op,
              "three that broadcast",
              (o, x) -> node(o, op, Map.of(), x),
              around(-0.1, 4, 1),
              away(1, 3),
              around(0.1)));
    }
    c.add(one("Sum", "one", (o, x) -> node(o, "Sum", Map.of(), x), in(2, 3)));
    c.add(
        one(
            "Sum",
            "three that broadcast",
            (o, x) -> node(o, "Sum", Map.of(), x),
            in(2, 3),
            in(3),
            in(2, 1)));
    c.add(
        one(
            "Where",
            "same shapes",
            (o, x) -> o.where(bools(o, 2, 3), x[0], x[1]),
            in(2, 3),
            in(2, 3)));
    c.add(
        one("Where", "row and column", (o, x) -> o.where(bools(o, 3), x[0], x[1]), in(4, 1), in()));
    c.add(
        one(
            "Where",
            "wide condition",
            (o, x) -> o.where(bools(o, 2, 4, 3), x[0], x[1]),
            in(4, 1),
            in(1, 3)));
    c.add(
        one(
            "Where",
            "computed condition",
            (o, x) -> o.where(o.greater(x[0], o.scalar(0, x[0])), o.mul(x[0], 3), x[1]),
            away(4, 3),
            in(3)));
  }

  private static Value bools(Ops o, long... shape) {
    int n = 1;
    for (long s : shape) {
      n *= (int) s;
    }
    boolean[] values = new boolean[n];
    for (int i = 0; i < n; i++) {
      values[i] = i % 3 != 1;
    }
    return o.constant(TensorData.ofBools(values, shape));
  }

  private static void layout(List<GradientCase> c) {
    c.add(one("Concat", "axis 0", (o, x) -> o.concat(0, x), in(2, 3), in(1, 3), in(3, 3)));
    c.add(one("Concat", "axis -1", (o, x) -> o.concat(-1, x), in(2, 3, 1), in(2, 3, 4)));
    c.add(one("Concat", "axis 1 of 4", (o, x) -> o.concat(1, x), in(2, 3, 2, 2), in(2, 1, 2, 2)));
    c.add(one("Concat", "one", (o, x) -> o.concat(0, x), in(2, 3)));
    c.add(
        one(
            "Concat",
            "one value twice",
            (o, x) -> o.concat(1, x[0], x[1], x[0]),
            in(2, 3),
            in(2, 1)));
    c.add(one("Expand", "new axes", (o, x) -> o.expand(x[0], o.longs(4, 2, 3)), in(2, 1)));
    c.add(one("Expand", "smaller shape", (o, x) -> o.expand(x[0], o.longs(3, 1)), in(1, 4)));
    c.add(one("Expand", "scalar", (o, x) -> o.expand(x[0], o.longs(2, 3)), in()));
    c.add(one("Expand", "nothing", (o, x) -> o.expand(x[0], o.longs(2, 3)), in(2, 3)));
    c.add(
        one(
            "Gather",
            "rows, one twice, one from the end",
            (o, x) -> o.gather(x[0], o.longs(1, -1, 1, 0), 0),
            in(5, 3)));
    c.add(
        one(
            "Gather",
            "table of indices",
            (o, x) ->
                o.gather(x[0], o.constant(TensorData.ofLongs(new long[] {3, 0, -4, 2}, 2, 2)), 0),
            in(4, 2, 3)));
    c.add(
        one(
            "Gather",
            "scalar index",
            (o, x) -> o.gather(x[0], o.constant(TensorData.scalar(2L)), 0),
            in(4, 3)));
    c.add(one("Gather", "vector", (o, x) -> o.gather(x[0], o.longs(3, 3, 0), 0), in(4)));
    c.add(
        one(
            "Gather",
            "indices of int32",
            (o, x) -> o.gather(x[0], o.cast(o.longs(3, -3, 0), DataType.INT32), 0),
            in(4, 2)));
    c.add(
        one(
            "Gather",
            "axis that is 0 from the end",
            (o, x) -> o.gather(x[0], o.longs(1), -2),
            in(4, 2)));
    c.add(
        one(
            "Gather",
            "middle axis, table of indices",
            (o, x) ->
                o.gather(x[0], o.constant(TensorData.ofLongs(new long[] {2, 0, -3, 2}, 2, 2)), 1),
            in(2, 3, 5)));
    c.add(one("Pad", "all sides", (o, x) -> o.pad(x[0], 0, 1, 2, 3, 0, 2), in(2, 3, 2)));
    c.add(one("Pad", "cut off", (o, x) -> o.pad(x[0], -1, 1, 1, -2), in(3, 4)));
    c.add(
        one(
            "Pad",
            "value",
            (o, x) -> node(o, "Pad", Map.of(), x[0], o.longs(1, 0, 0, 2), o.scalar(7, x[0])),
            in(3, 4)));
    c.add(one("Reshape", "", (o, x) -> o.reshape(x[0], 3, -1), in(2, 3, 2)));
    c.add(one("Reshape", "kept axis", (o, x) -> o.reshape(x[0], 0, 6), in(2, 3, 2)));
    c.add(one("Reshape", "to a scalar", (o, x) -> o.reshape(x[0], new long[0]), in(1, 1)));
    slices(c);
    c.add(many("Split", "uneven", (o, x) -> o.split(x[0], 1, 1, 3, 2), in(2, 6)));
    c.add(many("Split", "axis -2", (o, x) -> o.split(x[0], -2, 1, 2), in(3, 2)));
    c.add(
        many(
            "Split",
            "one part used",
            (o, x) -> List.of(o.split(x[0], 0, 2, 1, 3).get(1)),
            in(6, 2)));
    c.add(
        many(
            "Split",
            "equal parts",
            (o, x) ->
                o.graph()
                    .add("", "Split", List.of(x[0]), Map.of("axis", Attribute.of(1)), 2)
                    .outputs(),
            in(2, 6)));
    c.add(
        many(
                "Split",
                "a number of outputs",
                (o, x) ->
                    o.graph()
                        .add(
                            "",
                            "Split",
                            List.of(x[0]),
                            Map.of("axis", Attribute.of(1), "num_outputs", Attribute.of(3)),
                            3)
                        .outputs(),
                in(2, 7))
            .inVersion(18));
    c.add(one("Squeeze", "axes", (o, x) -> o.squeeze(x[0], 0, -1), in(1, 3, 1, 1)));
    c.add(one("Squeeze", "all", (o, x) -> node(o, "Squeeze", Map.of(), x[0]), in(1, 3, 1)));
    c.add(
        one("Transpose", "reversed", (o, x) -> node(o, "Transpose", Map.of(), x[0]), in(2, 3, 4)));
    c.add(one("Transpose", "cycle", (o, x) -> o.transpose(x[0], 1, 2, 0), in(2, 3, 4)));
    c.add(one("Transpose", "of 4", (o, x) -> o.transpose(x[0], 0, 3, 1, 2), in(2, 3, 4, 5)));
    c.add(one("Unsqueeze", "", (o, x) -> o.unsqueeze(x[0], 0, -1), in(2, 3)));
  }

  private static void slices(List<GradientCase> c) {
    c.add(one("Slice", "middle", (o, x) -> o.slice(x[0], 1, 1, 4), in(2, 6)));
    c.add(one("Slice", "from the end", (o, x) -> o.slice(x[0], -1, -3, -1), in(2, 6)));
    c.add(one("Slice", "beyond the end", (o, x) -> o.slice(x[0], 0, 2, Long.MAX_VALUE), in(4, 2)));
    c.add(one("Slice", "before the start", (o, x) -> o.slice(x[0], 0, -100, 2), in(4, 2)));
    c.add(one("Slice", "every second", (o, x) -> o.slice(x[0], 1, 0, 7, 2), in(2, 7)));
    c.add(one("Slice", "every third of a part", (o, x) -> o.slice(x[0], 1, 1, 7, 3), in(2, 8, 2)));
    c.add(one("Slice", "backwards", (o, x) -> o.slice(x[0], 1, -1, -100, -1), in(2, 5)));
    c.add(one("Slice", "backwards by two", (o, x) -> o.slice(x[0], 0, 5, 0, -2), in(7, 2)));
    c.add(one("Slice", "backwards from beyond", (o, x) -> o.slice(x[0], 0, 100, 1, -3), in(8)));
    c.add(
        one(
            "Slice",
            "two axes, one backwards",
            (o, x) ->
                node(
                    o,
                    "Slice",
                    Map.of(),
                    x[0],
                    o.longs(1, 4),
                    o.longs(3, -100),
                    o.longs(-2, 2),
                    o.longs(1, -2)),
            in(2, 4, 5)));
    c.add(
        one(
            "Slice",
            "axes left out",
            (o, x) -> node(o, "Slice", Map.of(), x[0], o.longs(1, 0), o.longs(3, 2)),
            in(4, 3, 2)));
    c.add(
        many(
            "Slice",
            "nothing, beside something",
            (o, x) -> List.of(o.concat(0, o.slice(x[0], 0, 2, 2), o.slice(x[0], 0, 1, 3))),
            in(4, 2)));
  }

  private static void reductions(List<GradientCase> c) {
    for (String op : List.of("ReduceMean", "ReduceSum", "ReduceSumSquare")) {
      for (int version : new int[] {17, 18}) {
        for (boolean keep : new boolean[] {true, false}) {
          String label = " keepdims " + keep + " version " + version;
          c.add(reduce(op, "axis 1" + label, keep, version, new long[] {1}, 2, 3, 4));
          c.add(reduce(op, "axes -1 and 0" + label, keep, version, new long[] {-1, 0}, 2, 3, 4));
          c.add(reduce(op, "all" + label, keep, version, new long[0], 2, 3));
        }
      }
      c.add(
          one(
                  op,
                  "no axes, no operation",
                  (o, x) -> node(o, op, Map.of("noop_with_empty_axes", Attribute.of(1)), x[0]),
                  in(2, 3))
              .inVersion(18));
      c.add(
          one(
                  op,
                  "an empty list of axes",
                  (o, x) -> node(o, op, Map.of(), x[0], o.longs()),
                  in(2, 3))
              .inVersion(18));
    }
  }

  private static GradientCase reduce(
      String op, String label, boolean keep, int version, long[] axes, long... shape) {
    return one(
            op,
            label,
            (o, x) ->
                switch (op) {
                  case "ReduceMean" -> o.reduceMean(x[0], keep, axes);
                  case "ReduceSum" -> o.reduceSum(x[0], keep, axes);
                  default -> o.reduceSumSquare(x[0], keep, axes);
                },
            in(shape))
        .inVersion(version);
  }

  private static void products(List<GradientCase> c) {
    long[][][] matrices = {
      {{2, 3}, {3, 4}},
      {{5, 2, 3}, {5, 3, 4}},
      {{5, 2, 3}, {3, 4}},
      {{2, 3}, {5, 3, 4}},
      {{1, 2, 3}, {5, 3, 4}},
      {{2, 1, 2, 3}, {5, 3, 4}},
      {{2, 5, 2, 3}, {1, 5, 3, 1}},
      {{3}, {3}},
      {{3}, {3, 4}},
      {{2, 3}, {3}},
      {{3}, {5, 3, 4}},
      {{5, 2, 3}, {3}},
      {{2, 5, 1, 3}, {3, 1}},
    };
    for (long[][] m : matrices) {
      c.add(
          one(
              "MatMul",
              List.of(boxed(m[0]), boxed(m[1])).toString(),
              (o, x) -> o.matMul(x[0], x[1]),
              in(m[0]),
              in(m[1])));
    }
    for (int ta = 0; ta < 2; ta++) {
      for (int tb = 0; tb < 2; tb++) {
        Map<String, Attribute> attributes = new LinkedHashMap<>();
        attributes.put("transA", Attribute.of(ta));
        attributes.put("transB", Attribute.of(tb));
        attributes.put("alpha", Attribute.of(0.5f));
        attributes.put("beta", Attribute.of(-2f));
        long[] a = ta == 1 ? new long[] {3, 2} : new long[] {2, 3};
        long[] b = tb == 1 ? new long[] {4, 3} : new long[] {3, 4};
        BiFunction<Ops, Value[], Value> build = (o, x) -> node(o, "Gemm", attributes, x);
        String label = "transA " + ta + " transB " + tb;
        c.add(one("Gemm", label, build, in(a), in(b)));
        c.add(one("Gemm", label + " C matrix", build, in(a), in(b), in(2, 4)));
        c.add(one("Gemm", label + " C row", build, in(a), in(b), in(4)));
        c.add(one("Gemm", label + " C column", build, in(a), in(b), in(2, 1)));
        c.add(one("Gemm", label + " C scalar", build, in(a), in(b), in()));
      }
    }
    c.add(
        one("Gemm", "plain", (o, x) -> node(o, "Gemm", Map.of(), x), in(2, 3), in(3, 4), in(1, 4)));
    for (int axis : new int[] {-1, 0, 1, 2, -3}) {
      c.add(one("Softmax", "axis " + axis, (o, x) -> o.softmax(x[0], axis), in(2, 3, 4)));
    }
    for (int axis : new int[] {-1, 0, 1, 2, -3}) {
      c.add(one("LogSoftmax", "axis " + axis, (o, x) -> o.logSoftmax(x[0], axis), in(2, 3, 4)));
    }
    c.add(
        one(
            "LogSoftmax",
            "axis left out",
            (o, x) -> node(o, "LogSoftmax", Map.of(), x[0]),
            in(2, 3, 4)));
    c.add(
        one("Softmax", "axis left out", (o, x) -> node(o, "Softmax", Map.of(), x[0]), in(2, 3, 4)));
    c.add(
        one(
            "Attention",
            "itself",
            (o, x) -> o.attention(x[0], x[1], x[2], 0.5),
            in(2, 3, 4, 2),
            in(2, 3, 4, 2),
            in(2, 3, 4, 2)));
    c.add(
        one(
            "Attention",
            "to another length, values of another width",
            (o, x) -> o.attention(x[0], x[1], x[2], 0.8),
            in(1, 2, 3, 4),
            in(1, 2, 5, 4),
            in(1, 2, 5, 3)));
    c.add(
        one(
            "Attention",
            "one value three times",
            (o, x) -> o.attention(x[0], x[0], x[0], 1),
            in(1, 1, 5, 3)));
  }

  private static List<Long> boxed(long[] values) {
    return java.util.Arrays.stream(values).boxed().toList();
  }

  private static void norms(List<GradientCase> c) {
    long[][] shapes = {
      {2, 6, 3, 4, 3}, {1, 4, 1, 5, 1}, {3, 4, 2, 2, 4}, {2, 6, 5, 3, 2}, {2, 32, 2, 3, 8}
    };
    for (long[] s : shapes) {
      c.add(
          one(
              "GroupNorm",
              s[4] + " groups of " + boxed(s).subList(0, 4),
              (o, x) -> o.groupNorm(x[0], x[1], x[2], (int) s[4], 1e-3),
              in(s[0], s[1], s[2], s[3]),
              in(s[1]),
              in(s[1])));
    }
    Map<String, Attribute> epsilon = Map.of("epsilon", Attribute.of(1e-2f));
    c.add(
        one(
                "InstanceNormalization",
                "rank 4",
                (o, x) -> node(o, "InstanceNormalization", epsilon, x),
                in(2, 3, 4, 5),
                in(3),
                in(3))
            .inFloat());
    c.add(
        one(
                "InstanceNormalization",
                "rank 3, default epsilon",
                (o, x) -> node(o, "InstanceNormalization", Map.of(), x),
                in(2, 3, 7),
                in(3),
                in(3))
            .inFloat());
    Set<DataType> floats = EnumSet.of(DataType.FLOAT, DataType.DOUBLE);
    OpSchema layerNorm = // used where the operator set at hand has none
        OpSchema.of("", "LayerNormalization")
            .in("X", "T", floats)
            .in("Scale", "T", floats)
            .optional("B", "T", floats)
            .outputs(1, 3)
            .attribute("axis", OpSchema.AttributeKind.INT)
            .attribute("epsilon", OpSchema.AttributeKind.FLOAT)
            .attribute("stash_type", OpSchema.AttributeKind.INT)
            .shape(i -> List.of(i.type(0)));
    c.add(
        one(
                "LayerNormalization",
                "last axis",
                (o, x) -> node(o, "LayerNormalization", epsilon, x),
                in(2, 3, 5),
                in(5),
                in(5))
            .with(layerNorm));
    c.add(
        one(
                "LayerNormalization",
                "two axes, no bias",
                (o, x) -> node(o, "LayerNormalization", Map.of("axis", Attribute.of(1)), x),
                in(2, 3, 5),
                in(3, 5))
            .with(layerNorm));
    c.add(
        one(
                "LayerNormalization",
                "axis -2",
                (o, x) -> node(o, "LayerNormalization", Map.of("axis", Attribute.of(-2)), x),
                in(2, 2, 3, 5),
                in(3, 5),
                in(3, 5))
            .with(layerNorm));
  }

  /** A function between convolutions, where processors have pixels in a layout of their own. */
  private static GradientCase between(String op, BiFunction<Ops, Value, Value> function) {
    return one(
            op,
            "between convolutions",
            (o, x) -> {
              Value h = o.conv(x[0], x[1], null, 1, 0, 0, 0, 0);
              return o.conv(function.apply(o, h), x[2], null, 1, 0, 0, 0, 0);
            },
            in(1, 16, 4, 6),
            in(16, 16, 1, 1),
            in(16, 16, 1, 1))
        .inFloat();
  }

  private static void spatial(List<GradientCase> c) {
    c.add(
        one("FirDownsample", "", (o, x) -> o.firDownsample(x[0]), in(2, 3, 4, 6))
            .inFloat()
            .isLinear());
    c.add(
        one("FirUpsample", "", (o, x) -> o.firUpsample(x[0]), in(2, 3, 3, 2)).inFloat().isLinear());
    c.add(between("FirDownsample", Ops::firDownsample).isLinear());
    c.add(between("FirUpsample", Ops::firUpsample).isLinear());
    c.add(between("Gelu", Ops::gelu));
    c.add(between("Mish", Ops::mish));
    long[][] convs = { // N, C, H, W, K, kernel h, w, strides, pads
      {2, 3, 5, 4, 4, 3, 3, 1, 1, 1, 1, 1, 1},
      {1, 1, 3, 3, 1, 3, 3, 1, 1, 1, 1, 1, 1},
      {2, 3, 6, 6, 2, 3, 3, 2, 2, 1, 1, 1, 1},
      {2, 3, 7, 5, 2, 3, 3, 2, 2, 1, 1, 1, 1},
      {2, 2, 6, 4, 3, 3, 3, 2, 2, 0, 0, 1, 1},
      {2, 3, 5, 4, 4, 1, 1, 1, 1, 0, 0, 0, 0},
      {1, 3, 5, 6, 2, 1, 1, 2, 2, 0, 0, 0, 0},
      {2, 2, 7, 6, 3, 5, 5, 1, 1, 2, 2, 2, 2},
      {1, 2, 8, 9, 3, 5, 5, 2, 2, 2, 2, 2, 2},
      {2, 2, 5, 6, 3, 3, 3, 1, 1, 0, 0, 0, 0},
      {1, 2, 5, 6, 3, 3, 3, 1, 1, 0, 1, 2, 0},
      {1, 2, 6, 7, 2, 3, 2, 1, 1, 1, 0, 0, 1},
      {1, 2, 6, 7, 2, 1, 3, 1, 1, 0, 1, 0, 1},
      {1, 2, 9, 7, 2, 2, 2, 3, 3, 0, 0, 0, 0},
      {1, 2, 3, 3, 2, 3, 3, 1, 1, 0, 0, 0, 0},
      {2, 16, 6, 5, 32, 3, 3, 1, 1, 1, 1, 1, 1},
      {1, 32, 6, 4, 16, 3, 3, 2, 2, 1, 1, 1, 1},
      {2, 16, 5, 4, 16, 3, 3, 2, 2, 0, 0, 1, 1},
      {2, 32, 3, 5, 16, 1, 1, 1, 1, 0, 0, 0, 0},
      {1, 16, 5, 7, 16, 5, 5, 1, 1, 2, 2, 2, 2},
      {2, 3, 5, 5, 16, 3, 3, 1, 1, 1, 1, 1, 1},
      {2, 16, 5, 5, 3, 3, 3, 1, 1, 1, 1, 1, 1},
    };
    for (long[] s : convs) {
      Map<String, Attribute> attributes = window(s);
      String label = boxed(s).toString();
      BiFunction<Ops, Value[], Value> build = (o, x) -> node(o, "Conv", attributes, x);
      GradientCase.Input image = in(s[0], s[1], s[2], s[3]);
      GradientCase.Input kernel = in(s[4], s[1], s[5], s[6]);
      c.add(one("Conv", label, build, image, kernel).inFloat().isLinear());
      c.add(one("Conv", label + " bias", build, image, kernel, in(s[4])).inFloat().isLinear());
    }
    c.add(
        one(
                "Conv",
                "attributes left out",
                (o, x) -> node(o, "Conv", Map.of(), x),
                in(1, 2, 4, 5),
                in(3, 2, 2, 3))
            .inFloat()
            .isLinear());
    c.add(
        one("Conv", "of itself", (o, x) -> o.conv(x[0], x[0], null, 1, 1, 1, 1, 1), in(2, 2, 3, 3))
            .inFloat());
    c.add(
        one(
                "Conv",
                "residual block",
                GradientCases::residual,
                in(2, 16, 4, 6),
                away(16, 16, 3, 3),
                in(16))
            .inFloat());
    c.add(
        one(
                "Resize",
                "between convolutions, joined with what was skipped",
                (o, x) -> {
                  Value small = o.conv(x[0], x[1], null, 2, 1, 1, 1, 1);
                  Value large = o.upsampleNearest(small, 2);
                  return o.conv(o.concat(1, large, x[0]), x[2], null, 1, 0, 0, 0, 0);
                },
                in(2, 16, 4, 6),
                in(32, 16, 3, 3),
                in(16, 48, 1, 1))
            .inFloat()
            .isLinear());
    long[][] transposed = {
      {2, 3, 5, 4, 4, 3, 3, 1, 1, 1, 1, 1, 1},
      {1, 3, 4, 3, 2, 4, 4, 2, 2, 1, 1, 1, 1},
      {2, 2, 3, 4, 3, 2, 2, 2, 2, 0, 0, 0, 0},
      {1, 2, 3, 4, 3, 1, 1, 1, 1, 0, 0, 0, 0},
    };
    for (long[] s : transposed) {
      Map<String, Attribute> attributes = window(s);
      BiFunction<Ops, Value[], Value> build = (o, x) -> node(o, "ConvTranspose", attributes, x);
      GradientCase.Input image = in(s[0], s[1], s[2], s[3]);
      GradientCase.Input kernel = in(s[1], s[4], s[5], s[6]);
      String label = boxed(s).toString();
      c.add(one("ConvTranspose", label, build, image, kernel).inFloat().isLinear());
      c.add(
          one("ConvTranspose", label + " bias", build, image, kernel, in(s[4]))
              .inFloat()
              .isLinear());
    }
    c.add(
        one("AveragePool", "2", (o, x) -> o.averagePool(x[0], 2), in(2, 3, 4, 6))
            .inFloat()
            .isLinear());
    c.add(
        one("AveragePool", "3", (o, x) -> o.averagePool(x[0], 3), in(1, 1, 3, 9))
            .inFloat()
            .isLinear());
    c.add(
        one("AveragePool", "1", (o, x) -> o.averagePool(x[0], 1), in(1, 2, 3, 5))
            .inFloat()
            .isLinear());
    c.add(
        one("Resize", "twice", (o, x) -> o.upsampleNearest(x[0], 2), in(2, 3, 3, 5))
            .inFloat()
            .isLinear());
    c.add(
        one("Resize", "thrice", (o, x) -> o.upsampleNearest(x[0], 3), in(1, 2, 2, 1))
            .inFloat()
            .isLinear());
    c.add(
        one(
                "Resize",
                "to a size",
                (o, x) -> resize(o, x[0], null, o.longs(1, 2, 6, 4)),
                in(1, 2, 3, 2))
            .inFloat()
            .isLinear());
  }

  private static Value residual(Ops o, Value[] x) {
    Value one = o.constant(TensorData.ofFloats(ones(16), 16));
    Value h = o.conv(o.silu(o.groupNorm(x[0], one, x[2], 4, 1e-3)), x[1], x[2], 1, 1, 1, 1, 1);
    return o.mul(o.add(h, x[0]), 0.1);
  }

  private static float[] ones(int size) {
    float[] ones = new float[size];
    java.util.Arrays.fill(ones, 1);
    return ones;
  }

  /** A nearest Resize as the rule wants it, by scales or by sizes. */
  static Value resize(Ops o, Value x, Value scales, Value sizes) {
    return node(
        o,
        "Resize",
        Map.of(
            "mode", Attribute.of("nearest"),
            "coordinate_transformation_mode", Attribute.of("asymmetric"),
            "nearest_mode", Attribute.of("floor")),
        x,
        null,
        scales,
        sizes);
  }

  private static Map<String, Attribute> window(long[] s) {
    return Map.of(
        "kernel_shape", ints(s[5], s[6]),
        "strides", ints(s[7], s[8]),
        "pads", ints(s[9], s[10], s[11], s[12]));
  }
}
