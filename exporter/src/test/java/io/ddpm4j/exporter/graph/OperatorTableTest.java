package io.ddpm4j.exporter.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.exporter.proto.OnnxModel;
import io.ddpm4j.exporter.proto.OnnxNodeCases;
import io.ddpm4j.exporter.proto.OnnxWriter;
import io.ddpm4j.exporter.testing.Numbers;
import io.ddpm4j.exporter.testing.Ort;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoublePredicate;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Walks the operator table: every form of every operator has a case, ONNX's own or one below, which
 * runs in ONNX Runtime. Inferred types are held against the real ones, results against plain Java.
 */
class OperatorTableTest {
  /** Forms that no one-node case can show, with the test that does. */
  private static final Map<String, String> ELSEWHERE =
      Map.of(
          "Adam@1", "OperatorTableTest.adamGivesNewVariablesAndMoments",
          "If@1", "OnnxWriterTest.loopAndIfRun");

  private static final TensorData X = f(new double[] {-2, -0.5, 0, 0.5, 1, 3}, 2, 3);
  private static final TensorData Y = f(new double[] {1, -0.5, 2, 0.25, 1, -4}, 2, 3);
  private static final TensorData P = f(new double[] {0.1, 0.5, 1, 2, 3, 4}, 2, 3);
  private static final TensorData A = bools(true, true, false, false);
  private static final TensorData B = bools(true, false, true, false);
  private static final TensorData IMAGE =
      f(new double[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}, 1, 1, 4, 4);

  private static final TensorData ONE_KEY = f(new double[] {3, 4}, 1, 1, 1, 2);

  /** An input that is part of the graph. */
  private record Fixed(TensorData data) {}

  /**
   * One node.
   *
   * @param inputs a {@link TensorData} each, a {@link Fixed} one, or null
   * @param expected null where only types and shapes are known
   */
  record Case(
      String op,
      int opset,
      List<Object> inputs,
      Map<String, Attribute> attributes,
      List<TensorData> expected,
      List<TensorType> types) {

    Case at(int version) {
      return new Case(op, version, inputs, attributes, expected, types);
    }

    Case with(String key, Attribute value) {
      Map<String, Attribute> more = new LinkedHashMap<>(attributes);
      more.put(key, value);
      return new Case(op, opset, inputs, more, expected, types);
    }

    Case gives(TensorData... results) {
      List<TensorType> resultTypes = Arrays.stream(results).map(TensorData::type).toList();
      return new Case(op, opset, inputs, attributes, List.of(results), resultTypes);
    }

    Case gives(TensorType... resultTypes) {
      return new Case(op, opset, inputs, attributes, null, List.of(resultTypes));
    }

    OpSchema schema() {
      return OpSet.onnx(opset).schema("", op);
    }

    @Override
    public String toString() {
      return op + "@" + schema().sinceVersion() + " " + attributes.keySet();
    }
  }

  private static Case c(String op, Object... inputs) {
    return new Case(op, 17, Arrays.asList(inputs), Map.of(), null, List.of());
  }

  private static TensorData f(double[] values, long... sizes) {
    float[] floats = new float[values.length];
    for (int k = 0; k < floats.length; k++) {
      floats[k] = (float) values[k];
    }
    return TensorData.ofFloats(floats, sizes);
  }

  private static TensorData v(double... values) {
    return f(values, values.length);
  }

  private static TensorData bools(boolean... values) {
    return TensorData.ofBools(values, values.length);
  }

  private static Fixed longs(long... values) {
    return new Fixed(TensorData.longs(values));
  }

  private static TensorData map(TensorData x, DoubleUnaryOperator function) {
    return f(Arrays.stream(Numbers.of(x)).map(function).toArray(), x.shape().sizes());
  }

  private static TensorData test(TensorData x, DoublePredicate predicate) {
    double[] values = Numbers.of(x);
    boolean[] results = new boolean[values.length];
    for (int k = 0; k < results.length; k++) {
      results[k] = predicate.test(values[k]);
    }
    return TensorData.ofBools(results, x.shape().sizes());
  }

  private static TensorData zip(TensorData a, TensorData b, DoubleBinaryOperator function) {
    double[] left = Numbers.of(a);
    double[] right = Numbers.of(b);
    double[] results = new double[left.length];
    for (int k = 0; k < results.length; k++) {
      results[k] = function.applyAsDouble(left[k], right[k]);
    }
    return f(results, a.shape().sizes());
  }

  private static Case unary(String op, TensorData x, DoubleUnaryOperator function) {
    return c(op, x).gives(map(x, function));
  }

  private static Case compare(String op, DoubleBinaryOperator difference) {
    return c(op, X, Y).gives(test(zip(X, Y, difference), d -> d > 0));
  }

  /** Both forms of a reduction of X over its last axis. */
  private static Stream<Case> reduce(String op, int since, double first, double second) {
    return Stream.of(
        c(op, X)
            .at(since - 1)
            .with("axes", Attribute.of(new long[] {-1}))
            .gives(f(new double[] {first, second}, 2, 1)),
        c(op, X, longs(1)).at(since).with("keepdims", Attribute.of(0)).gives(v(first, second)));
  }

  private static TensorData ints(DataType type, int... values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * type.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    for (int value : values) {
      if (type == DataType.INT64) {
        bytes.putLong(value);
      } else {
        bytes.putInt(value);
      }
    }
    return TensorData.ofBytes(type, Shape.of(values.length), bytes.array());
  }

  static Stream<Case> cases() {
    List<Stream<Case>> all = new ArrayList<>();
    all.add(elementwise());
    all.add(layout());
    all.add(spatial());
    all.add(random());
    all.add(reduce("ReduceL1", 18, 2.5, 4.5));
    all.add(reduce("ReduceL2", 18, Math.sqrt(4.25), Math.sqrt(10.25)));
    all.add(
        reduce(
            "ReduceLogSumExp",
            18,
            Math.log(Math.exp(-2) + Math.exp(-0.5) + 1),
            Math.log(Math.exp(0.5) + Math.exp(1) + Math.exp(3))));
    all.add(reduce("ReduceMax", 18, 0, 3));
    all.add(reduce("ReduceMean", 18, -2.5 / 3, 1.5));
    all.add(reduce("ReduceMin", 18, -2, 0.5));
    all.add(reduce("ReduceProd", 18, 0, 1.5));
    all.add(reduce("ReduceSum", 13, -2.5, 4.5));
    all.add(reduce("ReduceSumSquare", 18, 4.25, 10.25));
    return all.stream().flatMap(s -> s);
  }

  private static Stream<Case> elementwise() {
    return Stream.of(
        unary("Abs", X, Math::abs),
        c("And", A, B).gives(bools(true, false, false, false)),
        c("Cast", X).with("to", Attribute.of(7)).gives(longs2(-2, 0, 0, 0, 1, 3)),
        c("Cast", X).at(19).with("to", Attribute.of(7)).gives(longs2(-2, 0, 0, 0, 1, 3)),
        c("Cast", X).at(24).with("to", Attribute.of(7)).gives(longs2(-2, 0, 0, 0, 1, 3)),
        unary("Ceil", X, Math::ceil),
        c("Clip", X, new Fixed(TensorData.scalar(-1f)), new Fixed(TensorData.scalar(1f)))
            .gives(map(X, x -> Math.max(-1, Math.min(1, x)))),
        unary("Cos", X, Math::cos),
        c("CumSum", X, new Fixed(TensorData.scalar(1L)))
            .gives(f(new double[] {-2, -2.5, -2.5, 0.5, 1.5, 4.5}, 2, 3)),
        c("Dropout", X).gives(X),
        unary("Elu", X, x -> x < 0 ? Math.expm1(x) : x),
        c("Equal", X, Y).gives(test(zip(X, Y, (a, b) -> a - b), d -> d == 0)),
        unary("Floor", X, Math::floor),
        compare("Greater", (a, b) -> a - b),
        compare("GreaterOrEqual", (a, b) -> a >= b ? 1 : 0),
        unary("Identity", X, x -> x),
        c("IsInf", v(1, Double.POSITIVE_INFINITY, Double.NaN)).gives(bools(false, true, false)),
        c("IsNaN", v(1, Double.POSITIVE_INFINITY, Double.NaN)).gives(bools(false, false, true)),
        unary("LeakyRelu", X, x -> x < 0 ? 0.2f * x : x).with("alpha", Attribute.of(0.2f)),
        compare("Less", (a, b) -> b - a),
        compare("LessOrEqual", (a, b) -> a <= b ? 1 : 0),
        c("LogSoftmax", v(0, 0)).gives(v(-Math.log(2), -Math.log(2))),
        c("Max", X, Y).gives(zip(X, Y, Math::max)),
        c("Mean", X, Y).gives(zip(X, Y, (a, b) -> (a + b) / 2)),
        c("Min", X, Y).gives(zip(X, Y, Math::min)),
        unary("Mish", X, x -> x * Math.tanh(Math.log1p(Math.exp(x)))).at(18),
        c("Mod", X, Y)
            .with("fmod", Attribute.of(1))
            .gives(zip(X, Y, (a, b) -> (double) ((float) a % (float) b))),
        unary("Neg", X, x -> -x),
        c("Not", A).gives(bools(false, false, true, true)),
        c("Or", A, B).gives(bools(true, true, true, false)),
        c("PRelu", X, v(1, 2, 3)).gives(f(new double[] {-2, -1, 0, 0.5, 1, 3}, 2, 3)),
        unary("Reciprocal", P, x -> 1 / x),
        unary("Relu", X, x -> Math.max(0, x)),
        unary("Round", X, Math::rint),
        unary("Sign", X, Math::signum),
        unary("Sin", X, Math::sin),
        unary("Softplus", X, x -> Math.log1p(Math.exp(x))),
        c("Sum", X, Y, X).gives(zip(X, Y, (a, b) -> 2 * a + b)),
        unary("Tan", X, Math::tan),
        unary("Tanh", X, Math::tanh));
  }

  private static TensorData longs2(long... values) {
    return TensorData.ofLongs(values, 2, values.length / 2);
  }

  private static Stream<Case> layout() {
    TensorData square = f(new double[] {1, 2, 3, 4}, 2, 2);
    return Stream.of(
        c("ArgMax", X).with("axis", Attribute.of(1)).gives(longs2(2, 2)),
        c("ArgMin", X)
            .with("axis", Attribute.of(-1))
            .with("keepdims", Attribute.of(0))
            .gives(TensorData.longs(0, 0)),
        c("Constant").at(11).with("value", Attribute.of(X)).gives(X),
        c("Constant").with("value_floats", new Attribute.Floats(List.of(1f, 2f))).gives(v(1, 2)),
        c("Constant").with("value_int", Attribute.of(3)).gives(TensorData.scalar(3L)),
        c("Constant")
            .with("value_ints", Attribute.of(new long[] {3, 4}))
            .gives(TensorData.longs(3, 4)),
        c("ConstantOfShape", longs(2, 2)).gives(f(new double[4], 2, 2)),
        c("Einsum", X, Y)
            .with("equation", Attribute.of("bi,bj->bij"))
            .gives(new TensorType(DataType.FLOAT, Shape.of(2, 3, 3))),
        c("Einsum", square, square)
            .with("equation", Attribute.of("ij,jk"))
            .gives(f(new double[] {7, 10, 15, 22}, 2, 2)),
        c("Expand", v(1, 2), longs(2, 2)).gives(f(new double[] {1, 2, 1, 2}, 2, 2)),
        c("Flatten", IMAGE).with("axis", Attribute.of(3)).gives(IMAGE.reshape(4, 4)),
        c("GatherElements", X, new Fixed(longs2(2, 0)))
            .with("axis", Attribute.of(1))
            .gives(f(new double[] {0, 0.5}, 2, 1)),
        c("GatherND", X, new Fixed(longs2(0, 1, 1, 2))).gives(v(-0.5, 3)),
        c("GatherND", X, new Fixed(TensorData.ofLongs(new long[] {1, 2}, 2, 1)))
            .with("batch_dims", Attribute.of(1))
            .gives(v(-0.5, 3)),
        c("OneHot", ints(DataType.INT64, 1, 0), longs(3), new Fixed(v(0, 1)))
            .gives(f(new double[] {0, 1, 0, 1, 0, 0}, 2, 3)),
        c("Pad", v(1, 2), longs(1, 0)).gives(v(0, 1, 2)),
        c("Range", range(1), range(7), range(2)).gives(TensorData.longs(1, 3, 5)),
        c("Reshape", X, longs(0, -1, 1)).at(13).gives(X.reshape(2, 3, 1)),
        c("ScatterElements", v(1, 2, 3), longs(1), v(9)).at(13).gives(v(1, 9, 3)),
        c("ScatterElements", v(1, 2, 3), longs(1), v(9))
            .at(18)
            .with("reduction", Attribute.of("add"))
            .gives(v(1, 11, 3)),
        c("ScatterND", v(1, 2, 3), new Fixed(TensorData.ofLongs(new long[] {2}, 1, 1)), v(9))
            .at(13)
            .gives(v(1, 2, 9)),
        c("ScatterND", v(1, 2, 3), new Fixed(TensorData.ofLongs(new long[] {2}, 1, 1)), v(9))
            .at(18)
            .with("reduction", Attribute.of("mul"))
            .gives(v(1, 2, 27)),
        c("Shape", IMAGE).at(14).gives(TensorData.longs(1, 1, 4, 4)),
        c("Shape", IMAGE)
            .with("start", Attribute.of(1))
            .with("end", Attribute.of(-1))
            .gives(TensorData.longs(1, 4)),
        c("Size", IMAGE).gives(TensorData.scalar(16L)),
        c("Split", v(1, 2, 3))
            .at(12)
            .with("split", Attribute.of(new long[] {1, 2}))
            .gives(v(1), v(2, 3)),
        c("Squeeze", IMAGE)
            .at(12)
            .with("axes", Attribute.of(new long[] {0, 1}))
            .gives(IMAGE.reshape(4, 4)),
        c("Squeeze", IMAGE, longs(0, -3)).gives(IMAGE.reshape(4, 4)),
        c("Tile", v(1, 2), longs(2)).gives(v(1, 2, 1, 2)),
        c("TopK", X, longs(2)).gives(v(0, -0.5, 3, 1).reshape(2, 2), longs2(2, 1, 2, 1)),
        c("Trilu", square).gives(f(new double[] {1, 2, 0, 4}, 2, 2)),
        c("Unsqueeze", v(1, 2))
            .at(12)
            .with("axes", Attribute.of(new long[] {1}))
            .gives(f(new double[] {1, 2}, 2, 1)),
        c("Unsqueeze", v(1, 2), longs(0, -1)).gives(f(new double[] {1, 2}, 1, 2, 1)));
  }

  private static Fixed range(long value) {
    return new Fixed(TensorData.scalar(value));
  }

  private static Stream<Case> spatial() {
    Attribute two = Attribute.of(new long[] {2, 2});
    TensorData channels = f(new double[] {1, 2, 3, 4, 5, 6, 7, 8}, 1, 2, 2, 2);
    TensorData blocks = f(new double[] {1, 2, 3, 4, 5, 6, 7, 8}, 1, 8, 1, 1);
    return Stream.of(
        // One key: the softmax is 1, so that the result is the value.
        c("Attention", f(new double[] {1, 2}, 1, 1, 1, 2), ONE_KEY, ONE_KEY).at(24).gives(ONE_KEY),
        c("Attention", f(new double[] {1, 2}, 1, 1, 1, 2), ONE_KEY, ONE_KEY).at(25).gives(ONE_KEY),
        c("AveragePool", IMAGE)
            .at(11)
            .with("kernel_shape", two)
            .with("strides", two)
            .gives(f(new double[] {3.5, 5.5, 11.5, 13.5}, 1, 1, 2, 2)),
        c("AveragePool", IMAGE)
            .at(19)
            .with("kernel_shape", two)
            .with("dilations", two)
            .gives(f(new double[] {6, 7, 10, 11}, 1, 1, 2, 2)),
        c("AveragePool", IMAGE)
            .with("kernel_shape", Attribute.of(new long[] {3, 3}))
            .with("strides", two)
            .with("ceil_mode", Attribute.of(1))
            .gives(new TensorType(DataType.FLOAT, Shape.of(1, 1, 2, 2))),
        c("BatchNormalization", channels, v(1, 2), v(0, 1), v(2.5, 6.5), v(1, 4))
            .with("epsilon", Attribute.of(0f))
            .gives(f(new double[] {-1.5, -0.5, 0.5, 1.5, -0.5, 0.5, 1.5, 2.5}, 1, 2, 2, 2)),
        c("BatchNormalization", channels, v(1, 2), v(0, 1), v(2.5, 6.5), v(1, 4))
            .at(13)
            .with("epsilon", Attribute.of(0f))
            .gives(f(new double[] {-1.5, -0.5, 0.5, 1.5, -0.5, 0.5, 1.5, 2.5}, 1, 2, 2, 2)),
        c("DepthToSpace", blocks)
            .with("blocksize", Attribute.of(2))
            .gives(f(new double[] {1, 3, 5, 7, 2, 4, 6, 8}, 1, 2, 2, 2)),
        c("GlobalAveragePool", channels).gives(f(new double[] {2.5, 6.5}, 1, 2, 1, 1)),
        c("GlobalMaxPool", channels).gives(f(new double[] {4, 8}, 1, 2, 1, 1)),
        c("GroupNormalization", channels, v(2), v(1))
            .at(18)
            .with("num_groups", Attribute.of(1))
            .with("epsilon", Attribute.of(0f))
            .gives(map(channels, x -> (x - 4.5) / Math.sqrt(5.25) * 2 + 1)),
        c("MaxPool", IMAGE)
            .with("kernel_shape", two)
            .with("strides", two)
            .gives(
                f(new double[] {6, 8, 14, 16}, 1, 1, 2, 2),
                TensorData.ofLongs(new long[] {5, 7, 13, 15}, 1, 1, 2, 2)),
        c("Resize", f(new double[] {1, 2}, 1, 1, 1, 2), null, new Fixed(v(1, 1, 2, 2)))
            .with("coordinate_transformation_mode", Attribute.of("asymmetric"))
            .with("nearest_mode", Attribute.of("floor"))
            .gives(f(new double[] {1, 1, 2, 2, 1, 1, 2, 2}, 1, 1, 2, 4)),
        c("SpaceToDepth", f(new double[] {1, 3, 5, 7, 2, 4, 6, 8}, 1, 2, 2, 2))
            .with("blocksize", Attribute.of(2))
            .gives(f(new double[] {1, 2, 3, 4, 5, 6, 7, 8}, 1, 8, 1, 1)));
  }

  private static Stream<Case> random() {
    Attribute shape = Attribute.of(new long[] {2, 3});
    TensorType type = X.type();
    return Stream.of(
        c("RandomNormal").with("shape", shape).gives(type),
        c("RandomNormalLike", X).gives(type),
        c("RandomUniform")
            .with("shape", shape)
            .with("dtype", Attribute.of(11))
            .gives(new TensorType(DataType.DOUBLE, type.shape())),
        c("RandomUniformLike", X).gives(type));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void caseHolds(Case one) throws Exception {
    Map<String, TensorData> feeds = new LinkedHashMap<>();
    Graph graph = build(one, false, feeds);
    Map<String, TensorData> found = Ort.run(OnnxWriter.toBytes(OnnxModel.of(graph)), feeds);
    Graph named = build(one, true, new LinkedHashMap<>());
    for (int k = 0; k < one.types().size(); k++) {
      String output = "y" + k;
      assertEquals(one.types().get(k), graph.outputs().get(output).type(), "inferred");
      assertEquals(one.types().get(k), found.get(output).type(), "in ONNX Runtime");
      if (one.expected() != null) {
        Numbers.assertClose(one.expected().get(k), found.get(output), 1e-5, 1e-6, output);
      }
      assertFits(one.types().get(k).shape(), named.outputs().get(output).shape());
    }
  }

  /** With a named first extent less is known, but nothing may be wrong. */
  private static void assertFits(Shape real, Shape inferred) {
    assertEquals(real.rank(), inferred.rank());
    for (int axis = 0; axis < real.rank(); axis++) {
      if (inferred.dim(axis) instanceof Dim.Fixed) {
        assertEquals(real.dim(axis), inferred.dim(axis), "axis " + axis);
      }
    }
  }

  private static Graph build(Case one, boolean named, Map<String, TensorData> feeds) {
    Graph graph = new Graph("case", OpSet.onnx(one.opset()));
    List<Value> inputs = new ArrayList<>();
    for (Object input : one.inputs()) {
      if (input instanceof TensorData data) {
        String name = "x" + inputs.size();
        boolean open = named && inputs.isEmpty() && data.shape().rank() > 0;
        Shape shape = open ? data.shape().with(0, Dim.named("batch")) : data.shape();
        feeds.put(name, data);
        inputs.add(graph.input(name, data.dataType(), shape));
      } else {
        inputs.add(input instanceof Fixed fixed ? graph.constant(fixed.data()) : null);
      }
    }
    Node node = graph.add("", one.op(), inputs, one.attributes(), one.types().size());
    for (int k = 0; k < one.types().size(); k++) {
      graph.output("y" + k, node.out(k));
    }
    return graph;
  }

  @Test
  void everyFormOfEveryOperatorHasACase() throws Exception {
    Set<String> covered = new HashSet<>(ELSEWHERE.keySet());
    cases().forEach(c -> covered.add(key(c.schema())));
    Map<String, Set<Integer>> onnx = OnnxNodeCases.operators();
    onnx.forEach(
        (op, versions) ->
            versions.forEach(version -> covered.add(key(OpSet.onnx(version).schema("", op)))));
    Set<String> missing = new TreeSet<>();
    OnnxSchemas.TABLE.forEach(schema -> missing.add(key(schema)));
    missing.removeAll(covered);
    assertEquals(Set.of(), missing, "operators without a case");
  }

  private static String key(OpSchema schema) {
    return schema.name() + "@" + schema.sinceVersion();
  }

  @Test
  void theTablesAreSorted() {
    for (Collection<OpSchema> table : List.of(OnnxSchemas.TABLE, Functions.TABLE)) {
      List<OpSchema> sorted = new ArrayList<>(table);
      sorted.sort(Comparator.comparing(OpSchema::name).thenComparing(OpSchema::sinceVersion));
      assertEquals(
          sorted.stream().map(OperatorTableTest::key).toList(),
          table.stream().map(OperatorTableTest::key).toList());
    }
    assertTrue(OnnxSchemas.TABLE.size() > 100);
  }

  @Test
  void adamGivesNewVariablesAndMoments() {
    Graph graph = new Graph("adam", OpSet.standard());
    List<Value> inputs = new ArrayList<>();
    inputs.add(graph.input("r", DataType.FLOAT, Shape.SCALAR));
    inputs.add(graph.input("t", DataType.INT64, Shape.SCALAR));
    for (String group : List.of("x", "g", "v", "h")) {
      inputs.add(graph.input(group + 1, DataType.FLOAT, Shape.of(2)));
      inputs.add(graph.input(group + 2, DataType.FLOAT, Shape.of(3)));
    }
    List<Value> outputs =
        graph.add("ai.onnx.preview.training", "Adam", inputs, Map.of(), 6).outputs();
    List<Shape> expected = new ArrayList<>();
    Collections.addAll(expected, Shape.of(2), Shape.of(3), Shape.of(2), Shape.of(3));
    Collections.addAll(expected, Shape.of(2), Shape.of(3));
    assertEquals(expected, outputs.stream().map(Value::shape).toList());
  }
}
