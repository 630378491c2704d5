package io.ddpm4j.exporter.graph;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A typed façade over {@link Graph#add}: one short method an operator. All code of the project
 * builds graphs through it. Shapes in comments are (N, C, H, W). Elementwise operators of two
 * values broadcast them as NumPy does and those of one keep its shape; axes below 0 count from the
 * end.
 */
public final class Ops {
  private final Graph graph;

  /** Adds to this graph. */
  public Ops(Graph graph) {
    this.graph = graph;
  }

  /** The graph that is added to. */
  public Graph graph() {
    return graph;
  }

  // --- constants -------------------------------------------------------------------------------

  /** The value with these elements; equal constants are shared. */
  public Value constant(TensorData data) {
    return graph.constant(data);
  }

  /** A scalar float. */
  public Value scalar(double value) {
    return graph.constant(TensorData.scalar((float) value));
  }

  /** A scalar of the element type of {@code like}. */
  public Value scalar(double value, Value like) {
    return graph.constant(TensorData.scalar(like.dataType(), value));
  }

  /** A vector of int64. */
  public Value longs(long... values) {
    return graph.constant(TensorData.longs(values));
  }

  // --- elementwise -----------------------------------------------------------------------------

  /** The operator Add. */
  public Value add(Value a, Value b) {
    return one("Add", a, b);
  }

  /** The operator Sub. */
  public Value sub(Value a, Value b) {
    return one("Sub", a, b);
  }

  /** The operator Mul. */
  public Value mul(Value a, Value b) {
    return one("Mul", a, b);
  }

  /** The operator Div. */
  public Value div(Value a, Value b) {
    return one("Div", a, b);
  }

  /** The operator Pow. */
  public Value pow(Value a, Value b) {
    return one("Pow", a, b);
  }

  /** The remainder of whole numbers, with the sign of {@code b}. */
  public Value mod(Value a, Value b) {
    return one("Mod", a, b);
  }

  /** The operator Add with a scalar. */
  public Value add(Value a, double b) {
    return add(a, scalar(b, a));
  }

  /** The operator Sub with a scalar. */
  public Value sub(double a, Value b) {
    return sub(scalar(a, b), b);
  }

  /** The operator Mul with a scalar. */
  public Value mul(Value a, double b) {
    return mul(a, scalar(b, a));
  }

  /** The operator Div with a scalar. */
  public Value div(Value a, double b) {
    return div(a, scalar(b, a));
  }

  /** The operator Max. */
  public Value max(Value a, Value b) {
    return one("Max", a, b);
  }

  /** The operator Min. */
  public Value min(Value a, Value b) {
    return one("Min", a, b);
  }

  /** The operator Abs. */
  public Value abs(Value x) {
    return one("Abs", x);
  }

  /** The operator Ceil. */
  public Value ceil(Value x) {
    return one("Ceil", x);
  }

  /** The operator Cos. */
  public Value cos(Value x) {
    return one("Cos", x);
  }

  /** The operator Erf. */
  public Value erf(Value x) {
    return one("Erf", x);
  }

  /** The operator Exp. */
  public Value exp(Value x) {
    return one("Exp", x);
  }

  /** The operator Floor. */
  public Value floor(Value x) {
    return one("Floor", x);
  }

  /** The operator Identity. */
  public Value identity(Value x) {
    return one("Identity", x);
  }

  /** The operator Log. */
  public Value log(Value x) {
    return one("Log", x);
  }

  /** The operator Neg. */
  public Value neg(Value x) {
    return one("Neg", x);
  }

  /** The operator Reciprocal. */
  public Value reciprocal(Value x) {
    return one("Reciprocal", x);
  }

  /** The operator Relu. */
  public Value relu(Value x) {
    return one("Relu", x);
  }

  /** The operator Sigmoid. */
  public Value sigmoid(Value x) {
    return one("Sigmoid", x);
  }

  /** The operator Sign. */
  public Value sign(Value x) {
    return one("Sign", x);
  }

  /** The operator Sin. */
  public Value sin(Value x) {
    return one("Sin", x);
  }

  /** The operator Sqrt. */
  public Value sqrt(Value x) {
    return one("Sqrt", x);
  }

  /** The operator Softplus: log(1 + eˣ). */
  public Value softplus(Value x) {
    return one("Softplus", x);
  }

  /** The operator Tanh. */
  public Value tanh(Value x) {
    return one("Tanh", x);
  }

  /** Limits {@code x} to [low, high]. */
  public Value clip(Value x, double low, double high) {
    return one("Clip", x, scalar(low, x), scalar(high, x));
  }

  /** Where elements are equal, as bool, broadcast. */
  public Value equal(Value a, Value b) {
    return one("Equal", a, b);
  }

  /** Where {@code a} is greater, as bool, broadcast. */
  public Value greater(Value a, Value b) {
    return one("Greater", a, b);
  }

  /** Where {@code a} is less, as bool, broadcast. */
  public Value less(Value a, Value b) {
    return one("Less", a, b);
  }

  /** The other truth values; {@code x} is bool. */
  public Value not(Value x) {
    return one("Not", x);
  }

  /** Where {@code x} is not a number, as bool of its shape. */
  public Value isNaN(Value x) {
    return one("IsNaN", x);
  }

  /** {@code yes} where the condition (bool) holds, else {@code no}; all three broadcast. */
  public Value where(Value condition, Value yes, Value no) {
    return one("Where", condition, yes, no);
  }

  /** The elements as another type, in the same shape; {@code x} itself if it has that type. */
  public Value cast(Value x, DataType to) {
    return x.dataType() == to ? x : one("Cast", Map.of("to", Attribute.of(to.onnx())), x);
  }

  // --- layout ----------------------------------------------------------------------------------

  /** A new shape of the same size; 0 keeps an axis, -1 is what is left. */
  public Value reshape(Value x, long... sizes) {
    return one("Reshape", x, longs(sizes));
  }

  /**
   * {@code x} under the shape of {@code like}, of which at most the first extent may be unknown.
   */
  public Value reshapeLike(Value x, Shape like) {
    long[] sizes = new long[like.rank()];
    for (int axis = 0; axis < sizes.length; axis++) {
      sizes[axis] = like.dim(axis).sizeOrUnknown();
    }
    return reshape(x, sizes);
  }

  /**
   * {@code x} under the shape of {@code like}: as constants where all extents but the first are
   * known, else as they are when the graph runs.
   */
  public Value reshapeAs(Value x, Value like) {
    Shape shape = like.shape();
    boolean known = shape.dims().stream().skip(1).allMatch(Dim.Fixed.class::isInstance);
    return known ? reshapeLike(x, shape) : one("Reshape", x, shape(like));
  }

  /** The axes in another order: axis k of the result is axis {@code perm[k]} of {@code x}. */
  public Value transpose(Value x, long... perm) {
    return one("Transpose", Map.of("perm", Attribute.of(perm)), x);
  }

  /** All values one after the other along {@code axis}; their other extents are equal. */
  public Value concat(int axis, List<Value> values) {
    return graph.add("Concat", values, Map.of("axis", Attribute.of(axis))).out();
  }

  /** As {@link #concat(int, List)}. */
  public Value concat(int axis, Value... values) {
    return concat(axis, List.of(values));
  }

  /** Parts of the given sizes along {@code axis}, which add up to its extent. */
  public List<Value> split(Value x, int axis, long... sizes) {
    return graph
        .add(
            "", "Split", List.of(x, longs(sizes)), Map.of("axis", Attribute.of(axis)), sizes.length)
        .outputs();
  }

  /** Elements [start, end) along {@code axis}. */
  public Value slice(Value x, int axis, long start, long end) {
    return one("Slice", x, longs(start), longs(end), longs(axis));
  }

  /**
   * Every {@code step}-th element of [start, end) along {@code axis}; negative steps go backwards.
   */
  public Value slice(Value x, int axis, long start, long end, long step) {
    return one("Slice", x, longs(start), longs(end), longs(axis), longs(step));
  }

  /** Zeros around: first the numbers before each axis, then those after. */
  public Value pad(Value x, long... pads) {
    return one("Pad", x, longs(pads));
  }

  /**
   * Slices of {@code x} along {@code axis}, whose place the shape of {@code indices} (int64) takes:
   * rows (R, F) at (N) are (N, F).
   */
  public Value gather(Value x, Value indices, int axis) {
    return one("Gather", Map.of("axis", Attribute.of(axis)), x, indices);
  }

  /** Without those axes, each of extent 1. */
  public Value squeeze(Value x, long... axes) {
    return one("Squeeze", x, longs(axes));
  }

  /** With new axes of extent 1 at those places of the result. */
  public Value unsqueeze(Value x, long... axes) {
    return one("Unsqueeze", x, longs(axes));
  }

  /** Broadcast to what {@code shape}, an int64 vector, and the shape of {@code x} give together. */
  public Value expand(Value x, Value shape) {
    return one("Expand", x, shape);
  }

  /** The numbers from {@code start} in steps of {@code delta} to below {@code limit}, scalars. */
  public Value range(Value start, Value limit, Value delta) {
    return one("Range", start, limit, delta);
  }

  /** The {@code count} largest elements along {@code axis}, in falling order. */
  public Value largest(Value x, long count, int axis) {
    return graph
        .add("", "TopK", List.of(x, longs(count)), Map.of("axis", Attribute.of(axis)), 2)
        .out();
  }

  /** The extents of {@code x}: an int64 vector of its rank. */
  public Value shape(Value x) {
    return one("Shape", x);
  }

  // --- reductions and products -----------------------------------------------------------------

  /** Products of matrices (..., M, K)·(..., K, N); the axes before them broadcast. */
  public Value matMul(Value a, Value b) {
    return one("MatMul", a, b);
  }

  /** a·b + c of matrices, either of them transposed; c may be null. */
  public Value gemm(Value a, boolean transA, Value b, boolean transB, Value c) {
    Map<String, Attribute> attributes = new LinkedHashMap<>();
    if (transA) {
      attributes.put("transA", Attribute.of(1));
    }
    if (transB) {
      attributes.put("transB", Attribute.of(1));
    }
    return graph.add("Gemm", Arrays.asList(a, b, c), attributes).out();
  }

  /** exp(x) over its sum along {@code axis}; the shape stays. */
  public Value softmax(Value x, int axis) {
    return one("Softmax", Map.of("axis", Attribute.of(axis)), x);
  }

  /** log(softmax(x)) along {@code axis}, also where the softmax itself would be 0. */
  public Value logSoftmax(Value x, int axis) {
    return one("LogSoftmax", Map.of("axis", Attribute.of(axis)), x);
  }

  /**
   * Sums over {@code axes}, over all where there are none; with {@code keepDims} these stay with
   * extent 1.
   */
  public Value reduceSum(Value x, boolean keepDims, long... axes) {
    Map<String, Attribute> keep = Map.of("keepdims", Attribute.of(keepDims ? 1 : 0));
    return axes.length == 0 ? one("ReduceSum", keep, x) : one("ReduceSum", keep, x, longs(axes));
  }

  /** Means over {@code axes}, over all where there are none. */
  public Value reduceMean(Value x, boolean keepDims, long... axes) {
    return reduce("ReduceMean", x, keepDims, axes);
  }

  /** Largest elements over {@code axes}, over all where there are none. */
  public Value reduceMax(Value x, boolean keepDims, long... axes) {
    return reduce("ReduceMax", x, keepDims, axes);
  }

  /** Sums of squares over {@code axes}, over all where there are none. */
  public Value reduceSumSquare(Value x, boolean keepDims, long... axes) {
    return reduce("ReduceSumSquare", x, keepDims, axes);
  }

  private Value reduce(String op, Value x, boolean keepDims, long... axes) {
    Map<String, Attribute> attributes = new LinkedHashMap<>();
    attributes.put("keepdims", Attribute.of(keepDims ? 1 : 0));
    if (axes.length == 0) {
      return one(op, attributes, x);
    }
    if (graph.opSet().version() >= 18) { // axes became an input
      return one(op, attributes, x, longs(axes));
    }
    attributes.put("axes", Attribute.of(axes));
    return one(op, attributes, x);
  }

  // --- convolution and resizing ----------------------------------------------------------------

  /**
   * Two-dimensional convolution.
   *
   * @param x (N, C, H, W)
   * @param weight (K, C, h, w)
   * @param bias (K), or null
   * @param pads top, left, bottom, right
   */
  public Value conv(Value x, Value weight, Value bias, long stride, long... pads) {
    Map<String, Attribute> attributes = new LinkedHashMap<>();
    attributes.put(
        "kernel_shape", Attribute.of(new long[] {weight.shape().size(2), weight.shape().size(3)}));
    attributes.put("pads", Attribute.of(pads));
    attributes.put("strides", Attribute.of(new long[] {stride, stride}));
    return graph.add("Conv", Arrays.asList(x, weight, bias), attributes).out();
  }

  /**
   * Mean over windows of {@code kernel} by {@code kernel} that do not overlap: (N, C, H / kernel, W
   * / kernel).
   */
  public Value averagePool(Value x, long kernel) {
    long[] square = {kernel, kernel};
    return one(
        "AveragePool",
        Map.of("kernel_shape", Attribute.of(square), "strides", Attribute.of(square)),
        x);
  }

  /** Each pixel {@code factor} by {@code factor} times: (N, C, H·factor, W·factor). */
  public Value upsampleNearest(Value x, int factor) {
    Value scales = constant(TensorData.ofFloats(new float[] {1, 1, factor, factor}, 4));
    return graph
        .add(
            "Resize",
            Arrays.asList(x, null, scales),
            Map.of(
                "mode", Attribute.of("nearest"),
                "coordinate_transformation_mode", Attribute.of("asymmetric"),
                "nearest_mode", Attribute.of("floor")))
        .out();
  }

  // --- subgraphs -------------------------------------------------------------------------------

  /** Runs one of two subgraphs, which have no inputs and the same outputs. */
  public List<Value> ifThenElse(Value condition, Graph then, Graph otherwise) {
    return graph
        .add(
            "",
            "If",
            List.of(condition),
            Map.of("then_branch", Attribute.of(then), "else_branch", Attribute.of(otherwise)),
            then.outputs().size())
        .outputs();
  }

  /**
   * Runs {@code body} up to {@code trips} times.
   *
   * @param condition may be null
   * @param body inputs: iteration (int64 scalar), condition (bool scalar), carried values; outputs:
   *     condition, carried values, scanned values
   */
  public List<Value> loop(Value trips, Value condition, List<Value> carried, Graph body) {
    List<Value> inputs = new ArrayList<>(Arrays.asList(trips, condition));
    inputs.addAll(carried);
    return graph
        .add("", "Loop", inputs, Map.of("body", Attribute.of(body)), body.outputs().size() - 1)
        .outputs();
  }

  // --- functions -------------------------------------------------------------------------------

  /** x·Φ(x), Φ the standard normal distribution function (Hendrycks and Gimpel 2016). */
  public Value gelu(Value x) {
    return function("Gelu", Map.of(), x);
  }

  /** x·tanh(log(1 + eˣ)) (Misra 2019). */
  public Value mish(Value x) {
    return function("Mish", Map.of(), x);
  }

  /** x·sigmoid(x) (Hendrycks and Gimpel 2016; Ramachandran et al. 2017). */
  public Value silu(Value x) {
    return function("Silu", Map.of(), x);
  }

  /** Group normalisation (Wu and He 2018) of (N, C, H, W); scale and bias are (C). */
  public Value groupNorm(Value x, Value scale, Value bias, int groups, double epsilon) {
    return function(
        "GroupNorm",
        Map.of("groups", Attribute.of(groups), "epsilon", Attribute.of((float) epsilon)),
        x,
        scale,
        bias);
  }

  /** softmax(q·kᵀ·scale)·v (Vaswani et al. 2017, eq. 1); all (N, heads, L, D). */
  public Value attention(Value q, Value k, Value v, double scale) {
    return function("Attention", Map.of("scale", Attribute.of((float) scale)), q, k, v);
  }

  /**
   * Dropout (Srivastava et al. 2014): x·mask/(1 - ratio).
   *
   * @param mask uint8 of the shape of {@code x}, 1 where an element is kept and 0 where it is not;
   *     null where nothing is dropped, and the result is {@code x}
   */
  public Value dropout(Value x, Value mask, double ratio) {
    return function("Dropout", Map.of("ratio", Attribute.of((float) ratio)), x, mask);
  }

  /** Half of an even height and width, see {@link FirFilter}: (N, C, H / 2, W / 2). */
  public Value firDownsample(Value x) {
    return function("FirDownsample", Map.of(), x);
  }

  /** Twice the height and width, see {@link FirFilter}: (N, C, 2·H, 2·W). */
  public Value firUpsample(Value x) {
    return function("FirUpsample", Map.of(), x);
  }

  private Value function(String op, Map<String, Attribute> attributes, Value... inputs) {
    return graph.add(Functions.DOMAIN, op, Arrays.asList(inputs), attributes, 1).out();
  }

  // --- the door --------------------------------------------------------------------------------

  private Value one(String op, Value... inputs) {
    return one(op, Map.of(), inputs);
  }

  private Value one(String op, Map<String, Attribute> attributes, Value... inputs) {
    return graph.add(op, Arrays.asList(inputs), attributes).out();
  }
}
