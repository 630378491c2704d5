package io.ddpm4j.trainer.autodiff;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.exporter.graph.Attribute;
import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.OpSchema;
import io.ddpm4j.exporter.graph.OpSet;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.ShapeException;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.Value;
import io.ddpm4j.exporter.testing.GraphRunner;
import io.ddpm4j.trainer.lowering.StandardLowerings;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The walk, the values at which rules are easily wrong, and what is refused. */
class AutodiffTest {
  private final Graph graph =
      new Graph("test", OpSet.standard().with(GradientFunctions.TABLE).with(extra()));
  private final Ops o = new Ops(graph);
  private final Map<String, TensorData> feeds = new LinkedHashMap<>();

  private static List<OpSchema> extra() {
    Set<DataType> floats = EnumSet.of(DataType.FLOAT);
    return List.of(
        OpSchema.of("somebody", "Attention").in("X", "T", floats).shape(i -> List.of(i.type(0))),
        OpSchema.of("", "LayerNormalization")
            .in("X", "T", floats)
            .in("Scale", "T", floats)
            .optional("B", "T", floats)
            .outputs(1, 3)
            .attribute("axis", OpSchema.AttributeKind.INT)
            .shape(i -> List.of(i.type(0), i.type(0), i.type(0))));
  }

  private Value input(float... values) {
    return input(values, values.length);
  }

  private Value input(float[] values, long... shape) {
    String name = "x" + feeds.size();
    feeds.put(name, TensorData.ofFloats(values, shape));
    return graph.input(name, DataType.FLOAT, Shape.of(shape));
  }

  /** The gradient of the sum of {@code y}. */
  private float[][] gradients(Value y, Value... targets) {
    Map<Value, Value> found = Autodiff.gradients(o, o.reduceSum(y, false), List.of(targets));
    return run(Stream.of(targets).map(found::get).toList());
  }

  private float[][] run(List<Value> values) {
    for (int i = 0; i < values.size(); i++) {
      graph.output("y" + i, o.identity(values.get(i)));
    }
    Graph lowered =
        StandardLowerings.lowering().apply(graph, OpSet.onnx(OpSet.DEFAULT_VERSION).with(extra()));
    Map<String, TensorData> results = GraphRunner.run(lowered, feeds);
    return results.values().stream().map(TensorData::floats).toArray(float[][]::new);
  }

  private Value node(String op, Map<String, Attribute> attributes, Value... inputs) {
    return GradientCases.node(o, op, attributes, inputs);
  }

  // --- the walk --------------------------------------------------------------------------------

  @Test
  void whatIsUsedSeveralTimesAddsUp() {
    Value x = input(2, 3);
    Value y = o.add(o.mul(x, x), o.add(o.mul(x, 5), o.mul(o.mul(x, x), x)));
    assertArrayEquals(new float[] {2 * 2 + 5 + 12, 2 * 3 + 5 + 27}, gradients(y, x)[0]);
  }

  @Test
  void whatTheLossDoesNotUseGetsZeros() {
    Value x = input(2, 3);
    Value unused = input(new float[6], 2, 3);
    Value scalar = input(new float[1]);
    Value onlyInSteps = input(1.5f, 2.5f);
    Value y = o.mul(x, o.floor(onlyInSteps));
    float[][] g = gradients(y, x, unused, scalar, onlyInSteps);
    assertArrayEquals(new float[] {1, 2}, g[0]);
    assertArrayEquals(new float[6], g[1]);
    assertArrayEquals(new float[1], g[2]);
    assertArrayEquals(new float[2], g[3]);
  }

  @Test
  void integersCarryNoGradient() {
    Value x = input(1.5f, 2.5f);
    Value y = o.mul(x, o.cast(o.cast(x, DataType.INT64), DataType.FLOAT));
    assertArrayEquals(new float[] {1, 2}, gradients(y, x)[0]);
  }

  @Test
  void valuesOnTheWayCanBeTargets() {
    Value x = input(2, 3);
    Value square = o.mul(x, x);
    Value y = o.mul(square, square);
    float[][] g = gradients(y, square, x, y);
    assertArrayEquals(new float[] {8, 18}, g[0]);
    assertArrayEquals(new float[] {32, 108}, g[1]);
    assertArrayEquals(new float[] {1, 1}, g[2]);
  }

  @Test
  void aSeedWeighsTheOutputs() {
    Value x = input(2, 3);
    Value seed = input(10, 100);
    Value y = o.mul(x, x);
    Map<Value, Value> found = Autodiff.gradients(o, y, seed, List.of(x));
    assertArrayEquals(new float[] {40, 600}, run(List.of(found.get(x)))[0]);
  }

  @Test
  void gradientsOfGradients() {
    Value x = input(2, 3);
    Value loss = o.reduceSum(o.mul(o.mul(x, x), x), false);
    Value first = Autodiff.gradients(o, loss, List.of(x)).get(x); // 3x²
    assertArrayEquals(new float[] {12, 18}, gradients(first, x)[0]);
  }

  @Test
  void theLossIsAScalar() {
    Value x = input(2, 3);
    ShapeException e =
        assertThrows(ShapeException.class, () -> Autodiff.gradients(o, x, List.of(x)));
    assertTrue(e.getMessage().contains("expected a scalar"), e.getMessage());
  }

  // --- values at which rules are easily wrong --------------------------------------------------

  @Test
  void aValueAtTheLimitOfClipIsInside() {
    Value x = input(-2, -1, 0, 1, 2);
    assertArrayEquals(new float[] {0, 1, 1, 1, 0}, gradients(o.clip(x, -1, 1), x)[0]);
  }

  @Test
  void equalValuesShareTheGradientOfTheirMaximum() {
    Value x = input(1, 2, 3);
    Value y = input(2, 2, 2);
    float[][] g = gradients(o.max(x, y), x, y);
    assertArrayEquals(new float[] {0, 0.5f, 1}, g[0]);
    assertArrayEquals(new float[] {1, 0.5f, 0}, g[1]);
  }

  @Test
  void theMinimumOfAValueWithItselfHasItsGradient() {
    Value x = input(1, -2);
    assertArrayEquals(new float[] {1, 1}, gradients(o.min(x, x), x)[0]);
  }

  @Test
  void kinksHaveNoSlope() {
    Value x = input(-1, 0, 1);
    assertArrayEquals(new float[] {0, 0, 1}, gradients(o.relu(x), x)[0]);
    AutodiffTest other = new AutodiffTest();
    Value z = other.input(-1, 0, 1);
    assertArrayEquals(new float[] {-1, 0, 1}, other.gradients(other.o.abs(z), z)[0]);
  }

  @Test
  void powersOfZero() {
    Value x = input(0, 0, 0, -2);
    Value y = input(0, 1, 3, 3);
    float[][] g = gradients(o.pow(x, y), x, y);
    assertArrayEquals(new float[] {0, 1, 0, 12}, g[0]);
    assertArrayEquals(new float[] {0, 0, 0, Float.NaN}, g[1]);
  }

  @Test
  void largeLogitsStayFinite() {
    Value x = input(1000, -1000, 999);
    float[] g = gradients(o.mul(o.softmax(x, 0), o.constant(floats(1, 2, 3))), x)[0];
    assertEquals(0, g[0] + g[1] + g[2], 1e-6);
    assertEquals(0.3932, g[2], 1e-4); // p(1-p)·(3-1) with p = 1/(1+e)
    AutodiffTest other = new AutodiffTest();
    Value z = other.input(100, -100);
    assertArrayEquals(new float[] {1, 0}, other.gradients(other.o.silu(z), z)[0], 1e-6f);
  }

  private static TensorData floats(float... values) {
    return TensorData.ofFloats(values, values.length);
  }

  @Test
  void aConstantGroupHasAFiniteGradient() {
    Value x = input(new float[] {3, 3, 3, 3}, 1, 2, 1, 2);
    Value scale = input(1, 1);
    Value bias = input(0, 0);
    float[][] g = gradients(o.groupNorm(x, scale, bias, 1, 1e-5), x, scale, bias);
    assertArrayEquals(new float[4], g[0], 1e-4f);
    assertArrayEquals(new float[2], g[1], 1e-4f);
    assertArrayEquals(new float[] {2, 2}, g[2]);
  }

  // --- what is refused -------------------------------------------------------------------------

  private record Refusal(
      String name, String expected, BiFunction<AutodiffTest, Value, Value> build) {
    @Override
    public String toString() {
      return name;
    }
  }

  private static final long[] ONES = {1, 1};
  private static final long[] TWOS = {2, 2};

  private Value conv(String op, long c, long k, Map<String, Attribute> attributes, Value x) {
    return node(op, attributes, x, input(new float[(int) (c * k * 9)], c, k, 3, 3));
  }

  private static Refusal conv(String label, String expected, Map<String, Attribute> attributes) {
    return new Refusal("Conv " + label, expected, (t, x) -> t.conv("Conv", 4, 4, attributes, x));
  }

  static List<Refusal> refusals() {
    Attribute ones = Attribute.of(new long[] {1, 1, 1, 1});
    String plain = "two dimensions, one group, explicit pads, no dilation";
    String window = "one stride for both axes";
    return List.of(
        new Refusal(
            "Conv grouped",
            plain,
            (t, x) -> t.conv("Conv", 4, 2, Map.of("group", Attribute.of(2)), x)),
        conv("dilated", plain, Map.of("dilations", Attribute.of(TWOS), "pads", ones)),
        conv("auto_pad", plain, Map.of("auto_pad", Attribute.of("SAME_UPPER"))),
        conv("uneven strides", window, Map.of("strides", Attribute.of(new long[] {1, 2}))),
        conv("wide pads", window, Map.of("pads", Attribute.of(new long[] {3, 0, 0, 0}))),
        new Refusal(
            "Conv in one dimension",
            plain,
            (t, x) ->
                t.node("Conv", Map.of(), t.o.reshape(x, 1, 4, 36), t.input(new float[8], 1, 4, 2))),
        new Refusal(
            "ConvTranspose with output padding",
            plain,
            (t, x) ->
                t.conv(
                    "ConvTranspose",
                    4,
                    4,
                    Map.of("output_padding", Attribute.of(ONES), "strides", Attribute.of(TWOS)),
                    x)),
        new Refusal(
            "AveragePool that overlaps",
            "square windows that tile",
            (t, x) -> t.node("AveragePool", Map.of("kernel_shape", Attribute.of(TWOS)), x)),
        new Refusal(
            "AveragePool that leaves a rest",
            "square windows that tile",
            (t, x) -> t.o.averagePool(x, 4)),
        resize("linear", Map.of("mode", Attribute.of("linear")), 2, 2),
        resize("half_pixel", Map.of("mode", Attribute.of("nearest")), 2, 2),
        resize("factors that differ", nearest(), 2, 3),
        resize("downwards", nearest(), 0.5f, 0.5f),
        resize("a factor and a half", nearest(), 1.5f, 1.5f),
        resize("almost twice", nearest(), 2.1f, 2.1f),
        new Refusal(
            "Pad by reflection",
            "constant padding",
            (t, x) ->
                t.node(
                    "Pad",
                    Map.of("mode", Attribute.of("reflect")),
                    x,
                    t.o.longs(0, 0, 1, 1, 0, 0, 1, 1))),
        new Refusal(
            "Pad with a computed value",
            "constant constant_value",
            (t, x) ->
                t.node(
                    "Pad",
                    Map.of(),
                    x,
                    t.o.longs(0, 0, 1, 1, 0, 0, 1, 1),
                    t.o.reduceSum(x, false))),
        new Refusal(
            "Clip at computed limits",
            "constant max",
            (t, x) -> t.node("Clip", Map.of(), x, null, t.o.reduceSum(x, false))),
        new Refusal(
            "LayerNormalization whose mean is used",
            "does not depend on its mean",
            (t, x) ->
                t.o
                    .graph()
                    .add(
                        "", "LayerNormalization", List.of(x, t.input(new float[6], 6)), Map.of(), 2)
                    .out(1)),
        new Refusal(
            "ReduceMax", "an operator with a gradient rule", (t, x) -> t.o.reduceMax(x, true, 1)),
        new Refusal(
            "another domain's Attention",
            "found somebody:Attention",
            (t, x) -> t.graph.add("somebody", "Attention", List.of(x), Map.of(), 1).out()),
        new Refusal("If that captures", "found If", AutodiffTest::branches),
        new Refusal("Loop that carries", "found Loop", AutodiffTest::loop));
  }

  private static Map<String, Attribute> nearest() {
    return Map.of(
        "mode", Attribute.of("nearest"),
        "coordinate_transformation_mode", Attribute.of("asymmetric"),
        "nearest_mode", Attribute.of("floor"));
  }

  private static Refusal resize(
      String label, Map<String, Attribute> attributes, float height, float width) {
    return new Refusal(
        "Resize " + label,
        "by one whole factor",
        (t, x) -> t.node("Resize", attributes, x, null, t.o.constant(floats(1, 1, height, width))));
  }

  /** The value is no input of the node: only the branches use it. */
  private static Value branches(AutodiffTest t, Value x) {
    Graph then = t.graph.subgraph("then");
    then.output("a", new Ops(then).mul(x, 2));
    Graph otherwise = t.graph.subgraph("else");
    otherwise.output("b", new Ops(otherwise).mul(x, 3));
    Value condition = t.o.greater(t.o.reduceSum(x, false), t.o.scalar(0));
    return t.o.ifThenElse(condition, then, otherwise).get(0);
  }

  private static Value loop(AutodiffTest t, Value x) {
    Graph body = t.graph.subgraph("body");
    body.input("i", DataType.INT64, Shape.SCALAR);
    Value go = body.input("go", DataType.BOOL, Shape.SCALAR);
    Value carried = body.input("carried", DataType.FLOAT, x.shape());
    Ops inner = new Ops(body);
    body.output("again", inner.identity(go));
    body.output("next", inner.mul(carried, 2));
    Value trips = t.o.constant(TensorData.scalar(3L));
    return t.o.loop(trips, null, List.of(x), body).get(0);
  }

  @ParameterizedTest
  @MethodSource("refusals")
  void isRefused(Refusal refusal) {
    Value x = input(new float[4 * 6 * 6], 1, 4, 6, 6);
    Value loss = o.reduceSum(refusal.build().apply(this, x), false);
    ShapeException e =
        assertThrows(ShapeException.class, () -> Autodiff.gradients(o, loss, List.of(x)));
    assertTrue(e.getMessage().contains(refusal.expected()), e.getMessage());
  }

  @Test
  void aConditionAloneMakesNothingDependent() {
    Value x = input(1, 2);
    Value w = input(3, 4);
    Graph then = graph.subgraph("then");
    then.output("a", new Ops(then).mul(w, 2));
    Graph otherwise = graph.subgraph("else");
    otherwise.output("b", new Ops(otherwise).mul(w, 3));
    Value condition = o.greater(o.reduceSum(x, false), o.scalar(0));
    Value y = o.mul(x, o.ifThenElse(condition, then, otherwise).get(0));
    assertArrayEquals(new float[] {6, 8}, gradients(y, x)[0]);
  }
}
