package io.ddpm4j.trainer.autodiff;

import static java.util.Arrays.asList;
import static java.util.Map.entry;

import io.ddpm4j.exporter.graph.Attribute;
import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Dim;
import io.ddpm4j.exporter.graph.Functions;
import io.ddpm4j.exporter.graph.Node;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.ShapeException;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.Value;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;

/** The table of gradient rules, sorted as ONNX's operator list; longer ones are methods below. */
public final class GradientRules {
  private GradientRules() {}

  private static final double TWO_OVER_SQRT_PI = 2 / Math.sqrt(Math.PI);
  private static final double ONE_OVER_SQRT_TWO_PI = 1 / Math.sqrt(2 * Math.PI);

  /** The rules of the composites of {@link Functions}. */
  private static final Map<String, GradientRule> FUNCTIONS =
      Map.of(
          "Attention", GradientRules::attention,
          "Dropout", GradientRules::dropout,
          "FirDownsample", (o, n, dy) -> asList(o.mul(o.firUpsample(dy[0]), 0.25)),
          "FirUpsample", (o, n, dy) -> asList(o.mul(o.firDownsample(dy[0]), 4)),
          "Gelu", (o, n, dy) -> asList(o.mul(dy[0], geluSlope(o, n.in(0)))),
          "GroupNorm", GradientRules::groupNorm,
          "Mish", (o, n, dy) -> asList(o.mul(dy[0], mishSlope(o, n.in(0)))),
          "Silu", (o, n, dy) -> function(o, "SiluGrad", n, asList(dy[0], n.in(0)), 1));

  // Broadcasting is undone once, in Autodiff: no rule cares about it.
  private static final Map<String, GradientRule> TABLE =
      Map.ofEntries(
          entry("Abs", (o, n, dy) -> asList(o.mul(dy[0], o.sign(n.in(0))))),
          entry("Add", (o, n, dy) -> asList(dy[0], dy[0])),
          entry("AveragePool", GradientRules::averagePool),
          entry("Cast", GradientRules::cast),
          entry("Clip", GradientRules::clip),
          entry("Concat", GradientRules::concat),
          entry("Conv", GradientRules::conv),
          entry("ConvTranspose", GradientRules::convTranspose),
          entry("Cos", (o, n, dy) -> asList(o.neg(o.mul(dy[0], o.sin(n.in(0)))))),
          entry("Div", GradientRules::div),
          entry("Erf", GradientRules::erf),
          entry("Exp", (o, n, dy) -> asList(o.mul(dy[0], n.out()))),
          entry("Expand", (o, n, dy) -> asList(dy[0], null)),
          entry("Gather", GradientRules::gather),
          entry("Gemm", GradientRules::gemm),
          entry("Identity", (o, n, dy) -> asList(dy[0])),
          entry("InstanceNormalization", GradientRules::instanceNorm),
          entry("LayerNormalization", GradientRules::layerNorm),
          entry("Log", (o, n, dy) -> asList(o.div(dy[0], n.in(0)))),
          entry("LogSoftmax", GradientRules::logSoftmax),
          entry("MatMul", GradientRules::matMul),
          entry("Max", GradientRules::extremum),
          entry("Min", GradientRules::extremum),
          entry("Mul", (o, n, dy) -> asList(o.mul(dy[0], n.in(1)), o.mul(dy[0], n.in(0)))),
          entry("Neg", (o, n, dy) -> asList(o.neg(dy[0]))),
          entry("Pad", GradientRules::pad),
          entry("Pow", GradientRules::pow),
          entry("Reciprocal", (o, n, dy) -> asList(o.neg(o.mul(dy[0], o.mul(n.out(), n.out()))))),
          entry("ReduceMean", GradientRules::reduceMean),
          entry("ReduceSum", GradientRules::reduceSum),
          entry("ReduceSumSquare", GradientRules::reduceSumSquare),
          entry("Relu", (o, n, dy) -> asList(o.mul(dy[0], o.sign(n.out())))),
          entry("Reshape", (o, n, dy) -> asList(like(o, dy[0], n.in(0)), null)),
          entry("Resize", GradientRules::resize),
          entry(
              "Sigmoid",
              (o, n, dy) -> asList(o.mul(dy[0], o.sub(n.out(), o.mul(n.out(), n.out()))))),
          entry("Sin", (o, n, dy) -> asList(o.mul(dy[0], o.cos(n.in(0))))),
          entry("Slice", GradientRules::slice),
          entry("Softmax", GradientRules::softmax),
          entry("Split", GradientRules::split),
          entry("Sqrt", (o, n, dy) -> asList(o.div(o.mul(dy[0], 0.5), n.out()))),
          entry("Squeeze", GradientRules::reshapedBack),
          entry("Sub", (o, n, dy) -> asList(dy[0], o.neg(dy[0]))),
          entry("Sum", (o, n, dy) -> Collections.nCopies(n.inputs().size(), dy[0])),
          entry("Tanh", (o, n, dy) -> asList(o.mul(dy[0], o.sub(1, o.mul(n.out(), n.out()))))),
          entry("Transpose", GradientRules::transpose),
          entry("Unsqueeze", GradientRules::reshapedBack),
          entry("Where", GradientRules::where));

  /** Operators whose result does not change with their inputs but in steps: gradients end here. */
  private static final Set<String> NO_GRADIENT =
      Set.of(
          "And",
          "Ceil",
          "ConstantOfShape",
          "Equal",
          "Floor",
          "Greater",
          "GreaterOrEqual",
          "IsNaN",
          "Less",
          "LessOrEqual",
          "Not",
          "Or",
          "Range",
          "Round",
          "Shape",
          "Sign");

  /** ONNX's operators that have a rule. */
  static Set<String> ofOnnx() {
    return TABLE.keySet();
  }

  /** The operators that have a rule, composites among them. */
  public static Set<String> operators() {
    Set<String> names = new TreeSet<>(ofOnnx());
    names.addAll(FUNCTIONS.keySet());
    return names;
  }

  /**
   * The rule of a node's operator.
   *
   * @throws ShapeException if it has none
   */
  static GradientRule of(Node node) {
    String domain = node.schema().domain(); // ONNX has an Attention too, and it is another one
    if (domain.isEmpty() && NO_GRADIENT.contains(node.op())) {
      return (o, n, dy) -> Collections.nCopies(n.inputs().size(), null);
    }
    GradientRule rule =
        domain.isEmpty()
            ? TABLE.get(node.op())
            : domain.equals(Functions.DOMAIN) ? FUNCTIONS.get(node.op()) : null;
    if (rule == null) {
      throw new ShapeException(
          node.name()
              + ": expected an operator with a gradient rule, found "
              + (domain.isEmpty() ? "" : domain + ":")
              + node.op());
    }
    return rule;
  }

  private static ShapeException unsupported(Node node, String expected) {
    return new ShapeException(
        "the gradient of " + node.name() + ": expected " + expected + ", found " + node);
  }

  /** Refuses an input through which a gradient would flow that the rule does not give. */
  private static void requireConstant(Node n, int input) {
    if (n.hasIn(input) && !n.in(input).isConstant()) {
      throw unsupported(n, "constant " + n.schema().inputs().get(input).name());
    }
  }

  private static Value like(Ops o, Value gradient, Value input) {
    return o.reshape(gradient, input.shape().sizes());
  }

  /** A composite of {@link GradientFunctions} with the attributes of the forward node. */
  private static List<Value> function(Ops o, String op, Node n, List<Value> inputs, int outputs) {
    return o.graph().add(Functions.DOMAIN, op, inputs, n.attributes(), outputs).outputs();
  }

  // --- elementwise -----------------------------------------------------------------------------

  private static List<Value> cast(Ops o, Node n, Value... dy) {
    DataType from = n.in(0).dataType();
    return asList(from.isFloatingPoint() ? o.cast(dy[0], from) : null);
  }

  private static List<Value> clip(Ops o, Node n, Value... dy) {
    requireConstant(n, 1);
    requireConstant(n, 2);
    // Where the output differs from the input a limit holds.
    Value inside = o.equal(n.out(), n.in(0));
    List<Value> dx = new ArrayList<>(Collections.nCopies(n.inputs().size(), null));
    dx.set(0, o.where(inside, dy[0], o.scalar(0, dy[0])));
    return dx;
  }

  /** What is dropped on the way there is dropped on the way back. */
  private static List<Value> dropout(Ops o, Node n, Value... dy) {
    return n.hasIn(1)
        ? asList(function(o, "Dropout", n, asList(dy[0], n.in(1)), 1).get(0), null)
        : Arrays.asList(dy[0]);
  }

  private static List<Value> div(Ops o, Node n, Value... dy) {
    Value da = o.div(dy[0], n.in(1));
    return asList(da, o.neg(o.mul(da, n.out())));
  }

  /** Φ(x) + x·φ(x), with the distribution function as the forward pass writes it. */
  private static Value geluSlope(Ops o, Value x) {
    Value distribution = o.mul(o.add(o.erf(o.mul(x, Math.sqrt(0.5))), 1), 0.5);
    Value density = o.mul(o.exp(o.mul(o.mul(x, x), -0.5)), ONE_OVER_SQRT_TWO_PI);
    return o.add(distribution, o.mul(x, density));
  }

  /** With t = tanh(log(1 + eˣ)): t + x·sigmoid(x)·(1 - t²). */
  private static Value mishSlope(Ops o, Value x) {
    Value t = o.tanh(o.softplus(x));
    Value rest = o.sub(1, o.mul(t, t));
    return o.add(t, o.mul(o.mul(x, o.sigmoid(x)), rest));
  }

  private static List<Value> erf(Ops o, Node n, Value... dy) {
    Value slope = o.mul(o.exp(o.neg(o.mul(n.in(0), n.in(0)))), TWO_OVER_SQRT_PI);
    return asList(o.mul(dy[0], slope));
  }

  /** Max and Min: the inputs that equal the result have equal shares of its gradient. */
  private static List<Value> extremum(Ops o, Node n, Value... dy) {
    if (n.inputs().size() == 1) {
      return asList(dy[0]);
    }
    Value one = o.scalar(1, dy[0]);
    Value zero = o.scalar(0, dy[0]);
    List<Value> chosen = new ArrayList<>();
    for (Value input : n.inputs()) {
      chosen.add(o.where(o.equal(input, n.out()), one, zero));
    }
    Value share = o.div(dy[0], chosen.stream().reduce(o::add).orElseThrow());
    return chosen.stream().map(c -> o.mul(share, c)).toList();
  }

  private static List<Value> pow(Ops o, Node n, Value... dy) {
    Value x = n.in(0);
    Value y = n.in(1);
    Value one = o.scalar(1, y);
    Value none = o.equal(y, o.scalar(0, y)); // x^0 does not change with x, not even at 0
    Value lower = o.where(none, one, o.sub(y, one));
    Value dx = o.mul(o.mul(dy[0], o.cast(y, x.dataType())), o.pow(x, lower));
    if (!y.dataType().isFloatingPoint()) {
      return asList(dx, null);
    }
    // 0^y does not change with y; of a negative x there is no such gradient, and log says NaN.
    Value log = o.log(o.where(o.equal(x, o.scalar(0, x)), o.scalar(1, x), x));
    return asList(dx, o.cast(o.mul(dy[0], o.mul(n.out(), log)), y.dataType()));
  }

  private static List<Value> where(Ops o, Node n, Value... dy) {
    Value zero = o.scalar(0, dy[0]);
    return asList(null, o.where(n.in(0), dy[0], zero), o.where(n.in(0), zero, dy[0]));
  }

  // --- layout ----------------------------------------------------------------------------------

  private static List<Value> reshapedBack(Ops o, Node n, Value... dy) {
    Value dx = like(o, dy[0], n.in(0));
    return n.inputs().size() == 1 ? asList(dx) : asList(dx, null);
  }

  private static List<Value> transpose(Ops o, Node n, Value... dy) {
    int rank = n.in(0).shape().rank();
    long[] reversed = new long[rank];
    for (int axis = 0; axis < rank; axis++) {
      reversed[axis] = rank - 1 - axis;
    }
    long[] perm = n.intsAttribute("perm", reversed);
    long[] inverse = new long[rank];
    for (int axis = 0; axis < rank; axis++) {
      inverse[(int) perm[axis]] = axis;
    }
    return asList(o.transpose(dy[0], inverse));
  }

  private static int axis(Node n, long absent) {
    long axis = n.intAttribute("axis", absent);
    return (int) (axis < 0 ? axis + n.in(0).shape().rank() : axis);
  }

  private static List<Value> concat(Ops o, Node n, Value... dy) {
    int axis = axis(n, 0);
    long[] sizes = n.inputs().stream().mapToLong(v -> v.shape().size(axis)).toArray();
    return o.split(dy[0], axis, sizes);
  }

  private static List<Value> split(Ops o, Node n, Value... dy) {
    List<Value> parts = new ArrayList<>();
    for (int k = 0; k < dy.length; k++) {
      long[] sizes = n.out(k).shape().sizes();
      parts.add(
          dy[k] != null
              ? dy[k]
              : o.expand(o.scalar(0, n.out(k)), o.constant(TensorData.longs(sizes))));
    }
    Value dx = o.concat(axis(n, 0), parts);
    return n.inputs().size() == 1 ? asList(dx) : asList(dx, null);
  }

  private static long[] longs(Node n, int input) {
    TensorData data =
        n.in(input)
            .data()
            .orElseThrow(() -> unsupported(n, "constant " + n.schema().inputs().get(input).name()));
    return o64(data);
  }

  private static long[] o64(TensorData data) {
    if (data.dataType() == DataType.INT64) {
      return data.longs();
    }
    long[] values = new long[(int) data.shape().elements()];
    for (int i = 0; i < values.length; i++) {
      values[i] = data.bytes().getInt(i * Integer.BYTES);
    }
    return values;
  }

  /** Zeros where the slice took nothing: padding, and gaps where it took every s-th element. */
  private static List<Value> slice(Ops o, Node n, Value... dy) {
    Shape in = n.in(0).shape();
    long[] starts = longs(n, 1);
    long[] ends = longs(n, 2);
    Value g = dy[0];
    long[] pads = new long[2 * in.rank()];
    for (int k = 0; k < starts.length; k++) {
      int axis = (int) (n.hasIn(3) ? longs(n, 3)[k] : k);
      axis = axis < 0 ? axis + in.rank() : axis;
      long step = n.hasIn(4) ? longs(n, 4)[k] : 1;
      long size = in.size(axis);
      long count = n.out().shape().size(axis);
      long first = starts[k] < 0 ? starts[k] + size : starts[k];
      first = Math.max(0, Math.min(first, step > 0 ? size : size - 1));
      if (count == 0) {
        pads[in.rank() + axis] = size;
        continue;
      }
      if (step < 0) { // the same elements in rising order
        g = o.slice(g, axis, -1, Long.MIN_VALUE + 1, -1);
        first += (count - 1) * step;
        step = -step;
      }
      if (step > 1) {
        g = spread(o, g, axis, step);
      }
      long reach = (count - 1) * step + 1;
      pads[axis] = first;
      pads[in.rank() + axis] = size - first - reach;
    }
    List<Value> dx = new ArrayList<>(Collections.nCopies(n.inputs().size(), null));
    dx.set(0, Arrays.stream(pads).allMatch(p -> p == 0) ? g : o.pad(g, pads));
    return dx;
  }

  /** Puts {@code step - 1} zeros between elements along {@code axis}. */
  private static Value spread(Ops o, Value g, int axis, long step) {
    long count = g.shape().size(axis);
    Value deep = o.unsqueeze(g, axis + 1);
    long[] pads = new long[2 * deep.shape().rank()];
    pads[deep.shape().rank() + axis + 1] = step - 1;
    Value merged = o.reshape(o.pad(deep, pads), g.shape().with(axis, Dim.of(count * step)).sizes());
    return o.slice(merged, axis, 0, (count - 1) * step + 1);
  }

  private static List<Value> pad(Ops o, Node n, Value... dy) {
    if (!n.textAttribute("mode", "constant").equals("constant")) {
      throw unsupported(n, "constant padding");
    }
    requireConstant(n, 2);
    long[] pads = longs(n, 1);
    Shape in = n.in(0).shape();
    long[] axes = new long[pads.length / 2];
    for (int k = 0; k < axes.length; k++) {
      axes[k] = n.hasIn(3) ? longs(n, 3)[k] : k;
      axes[k] += axes[k] < 0 ? in.rank() : 0;
    }
    long[] back = new long[2 * in.rank()];
    for (int k = 0; k < axes.length; k++) {
      back[(int) axes[k]] = -pads[k];
      back[in.rank() + (int) axes[k]] = -pads[axes.length + k];
    }
    List<Value> dx = new ArrayList<>(Collections.nCopies(n.inputs().size(), null));
    dx.set(0, o.pad(dy[0], back)); // negative pads cut off
    return dx;
  }

  /** Scatters by a product with one-hot rows: tables of classes and timesteps are small. */
  private static List<Value> gather(Ops o, Node n, Value... dy) {
    Shape table = n.in(0).shape();
    Value indices = n.in(1);
    int axis = axis(n, 0);
    long before = product(table, 0, axis);
    long rows = table.size(axis);
    long after = product(table, axis + 1, table.rank());
    long count = indices.shape().elements();
    long[] range = new long[(int) rows];
    Arrays.setAll(range, i -> i);
    Value flat = o.cast(o.reshape(indices, 1, count), DataType.INT64);
    Value wrapped = o.where(o.less(flat, o.longs(0)), o.add(flat, o.longs(rows)), flat);
    Value hot = o.equal(o.constant(TensorData.ofLongs(range, rows, 1)), wrapped); // (rows, count)
    Value seen = o.reshape(dy[0], before, count, after);
    Value g = o.matMul(o.cast(hot, n.in(0).dataType()), seen); // (before, rows, after)
    return asList(like(o, g, n.in(0)), null);
  }

  private static long product(Shape shape, int from, int to) {
    long product = 1;
    for (int axis = from; axis < to; axis++) {
      product *= shape.size(axis);
    }
    return product;
  }

  // --- reductions ------------------------------------------------------------------------------

  /** dy under the input's rank, with size 1 on the reduced axes. */
  private static Value kept(Ops o, Node n, Value dy) {
    Shape in = n.in(0).shape();
    long[] sizes = in.sizes();
    long[] axes = n.hasIn(1) ? longs(n, 1) : n.intsAttribute("axes", new long[0]);
    if (axes.length == 0 && n.intAttribute("noop_with_empty_axes", 0) == 0) {
      Arrays.fill(sizes, 1);
    }
    for (long axis : axes) {
      sizes[(int) (axis < 0 ? axis + in.rank() : axis)] = 1;
    }
    return o.reshape(dy, sizes);
  }

  private static List<Value> first(Node n, Value dx) {
    List<Value> all = new ArrayList<>(Collections.nCopies(n.inputs().size(), null));
    all.set(0, dx);
    return all;
  }

  private static Value expanded(Ops o, Value g, Value like) {
    return g.shape().equals(like.shape())
        ? g
        : o.expand(g, o.constant(TensorData.longs(like.shape().sizes())));
  }

  private static List<Value> reduceMean(Ops o, Node n, Value... dy) {
    double share = (double) n.out().shape().elements() / n.in(0).shape().elements();
    return first(n, expanded(o, o.mul(kept(o, n, dy[0]), share), n.in(0)));
  }

  private static List<Value> reduceSum(Ops o, Node n, Value... dy) {
    return first(n, expanded(o, kept(o, n, dy[0]), n.in(0)));
  }

  private static List<Value> reduceSumSquare(Ops o, Node n, Value... dy) {
    return first(n, o.mul(n.in(0), o.mul(kept(o, n, dy[0]), 2)));
  }

  // --- products --------------------------------------------------------------------------------

  private static Value swap(Ops o, Value x) {
    int rank = x.shape().rank();
    long[] perm = new long[rank];
    Arrays.setAll(perm, i -> i < rank - 2 ? i : 2L * rank - 3 - i);
    return o.transpose(x, perm);
  }

  private static List<Value> matMul(Ops o, Node n, Value... dy) {
    Value a = n.in(0);
    Value b = n.in(1);
    if (a.shape().rank() == 1 || b.shape().rank() == 1) { // as matrices, and back
      Value a2 = a.shape().rank() == 1 ? o.unsqueeze(a, 0) : a;
      Value b2 = b.shape().rank() == 1 ? o.unsqueeze(b, 1) : b;
      Value product = o.matMul(a2, b2);
      Value g = o.reshape(dy[0], product.shape().sizes());
      Value da = Autodiff.unbroadcast(o, o.matMul(g, swap(o, b2)), a2.shape());
      Value db = Autodiff.unbroadcast(o, o.matMul(swap(o, a2), g), b2.shape());
      return asList(like(o, da, a), like(o, db, b));
    }
    if (b.shape().rank() == 2 && a.shape().rank() > 2) { // one large product instead of many small
      long inner = a.shape().size(-1);
      long outer = b.shape().size(1);
      Value flatA = o.reshape(a, -1, inner);
      Value flatDy = o.reshape(dy[0], -1, outer);
      return asList(o.matMul(dy[0], swap(o, b)), o.matMul(swap(o, flatA), flatDy));
    }
    return asList(o.matMul(dy[0], swap(o, b)), o.matMul(swap(o, a), dy[0]));
  }

  private static List<Value> gemm(Ops o, Node n, Value... dy) {
    boolean ta = n.intAttribute("transA", 0) == 1;
    boolean tb = n.intAttribute("transB", 0) == 1;
    float alpha = n.floatAttribute("alpha", 1);
    float beta = n.floatAttribute("beta", 1);
    Value g = alpha == 1 ? dy[0] : o.mul(dy[0], alpha);
    Value a = n.in(0);
    Value b = n.in(1);
    Value da = ta ? o.gemm(b, tb, g, true, null) : o.gemm(g, false, b, !tb, null);
    Value db = tb ? o.gemm(g, true, a, ta, null) : o.gemm(a, !ta, g, false, null);
    if (!n.hasIn(2)) {
      return asList(da, db);
    }
    return asList(da, db, beta == 1 ? dy[0] : o.mul(dy[0], beta));
  }

  private static List<Value> softmax(Ops o, Node n, Value... dy) {
    Value weighted = o.mul(dy[0], n.out());
    Value sum = o.reduceSum(weighted, true, n.intAttribute("axis", -1));
    return asList(o.sub(weighted, o.mul(n.out(), sum)));
  }

  /** dx = dy - softmax(x)·Σdy, and softmax(x) is exp of the result. */
  private static List<Value> logSoftmax(Ops o, Node n, Value... dy) {
    Value sum = o.reduceSum(dy[0], true, n.intAttribute("axis", -1));
    return asList(o.sub(dy[0], o.mul(o.exp(n.out()), sum)));
  }

  private static List<Value> attention(Ops o, Node n, Value... dy) {
    return function(o, "AttentionGrad", n, asList(dy[0], n.in(0), n.in(1), n.in(2)), 3);
  }

  // --- norms -----------------------------------------------------------------------------------

  private static List<Value> groupNorm(Ops o, Node n, Value... dy) {
    return function(o, "GroupNormGrad", n, asList(dy[0], n.in(0), n.in(1), n.in(2)), 3);
  }

  private static List<Value> instanceNorm(Ops o, Node n, Value... dy) {
    int rank = n.in(0).shape().rank();
    long[] spatial = new long[rank - 2];
    Arrays.setAll(spatial, i -> i + 2);
    long[] perChannel = new long[rank];
    Arrays.fill(perChannel, 1);
    perChannel[1] = n.in(0).shape().size(1);
    Value scale = o.reshape(n.in(1), perChannel);
    return normGrad(o, n, dy[0], scale, spatial, v -> o.reshape(v, n.in(1).shape().sizes()));
  }

  private static List<Value> layerNorm(Ops o, Node n, Value... dy) {
    if (Arrays.stream(dy).skip(1).anyMatch(g -> g != null)) {
      throw unsupported(n, "a loss that does not depend on its mean or deviation");
    }
    int rank = n.in(0).shape().rank();
    int from = axis(n, -1);
    long[] axes = new long[rank - from];
    Arrays.setAll(axes, i -> i + from);
    return normGrad(o, n, dy[0], n.in(1), axes, v -> v);
  }

  /**
   * x̂ = (x-μ)/σ: dx = (g - mean(g) - x̂·mean(g·x̂))/σ with g = dy·scale, means over {@code axes}.
   */
  private static List<Value> normGrad(
      Ops o, Node n, Value dy, Value scale, long[] axes, UnaryOperator<Value> toParameter) {
    Value x = n.in(0);
    Value centred = o.sub(x, o.reduceMean(x, true, axes));
    Value variance = o.reduceMean(o.mul(centred, centred), true, axes);
    Value sigma = o.sqrt(o.add(variance, n.floatAttribute("epsilon", 1e-5f)));
    Value normed = o.div(centred, sigma);
    Value g = o.mul(dy, scale);
    Value inner = o.mul(normed, o.reduceMean(o.mul(g, normed), true, axes));
    Value dx = o.div(o.sub(o.sub(g, o.reduceMean(g, true, axes)), inner), sigma);
    List<Value> all = first(n, dx);
    all.set(1, toParameter.apply(Autodiff.unbroadcast(o, o.mul(dy, normed), scale.shape())));
    if (n.hasIn(2)) {
      all.set(2, toParameter.apply(Autodiff.unbroadcast(o, dy, scale.shape())));
    }
    return all;
  }

  // --- convolution and resizing ----------------------------------------------------------------

  private static List<Value> conv(Ops o, Node n, Value... dy) {
    Value x = n.in(0);
    Value w = n.in(1);
    Map<String, Attribute> window = window(n, x.shape().rank());
    Value dx = convInputGrad(o, dy[0], w, x.shape(), window);
    Value dw = convWeightGrad(o, dy[0], x, w.shape(), window);
    return n.hasIn(2) ? asList(dx, dw, o.reduceSum(dy[0], false, 0, 2, 3)) : asList(dx, dw);
  }

  /**
   * A transposed convolution is a convolution's input gradient, so its own gradients swap roles.
   */
  private static List<Value> convTranspose(Ops o, Node n, Value... dy) {
    Value x = n.in(0);
    Value w = n.in(1);
    Map<String, Attribute> window = window(n, x.shape().rank());
    Map<String, Attribute> attributes = new LinkedHashMap<>(window);
    attributes.put("kernel_shape", Attribute.of(new long[] {w.shape().size(2), w.shape().size(3)}));
    Value dx = o.graph().add("Conv", asList(dy[0], w), attributes).out();
    Value dw = convWeightGrad(o, x, dy[0], w.shape(), window);
    return n.hasIn(2) ? asList(dx, dw, o.reduceSum(dy[0], false, 0, 2, 3)) : asList(dx, dw);
  }

  private static Map<String, Attribute> window(Node n, int rank) {
    long[] ones = {1, 1};
    boolean plain =
        rank == 4
            && n.intAttribute("group", 1) == 1
            && n.textAttribute("auto_pad", "NOTSET").equals("NOTSET")
            && n.attribute("output_shape").isEmpty()
            && n.attribute("output_padding").isEmpty()
            && Arrays.equals(n.intsAttribute("dilations", ones), ones);
    if (!plain) {
      throw unsupported(n, "two dimensions, one group, explicit pads, no dilation");
    }
    long[] pads = n.intsAttribute("pads", new long[4]);
    long[] strides = n.intsAttribute("strides", ones);
    Shape w = n.in(1).shape();
    boolean inside = true;
    for (int k = 0; k < pads.length; k++) {
      inside &= pads[k] >= 0 && pads[k] < w.size(2 + k % 2);
    }
    if (strides[0] != strides[1] || !inside) {
      throw unsupported(n, "one stride for both axes, and less padding than the kernel is wide");
    }
    return Map.of("pads", Attribute.of(pads), "strides", Attribute.of(strides));
  }

  private static Value convInputGrad(
      Ops o, Value dy, Value w, Shape size, Map<String, Attribute> window) {
    Map<String, Attribute> attributes = new LinkedHashMap<>(window);
    attributes.put("size", Attribute.of(size.sizes()));
    return o.graph().add(Functions.DOMAIN, "ConvInputGrad", asList(dy, w), attributes, 1).out();
  }

  private static Value convWeightGrad(
      Ops o, Value dy, Value x, Shape size, Map<String, Attribute> window) {
    Map<String, Attribute> attributes = new LinkedHashMap<>(window);
    attributes.put("size", Attribute.of(size.sizes()));
    return o.graph().add(Functions.DOMAIN, "ConvWeightGrad", asList(dy, x), attributes, 1).out();
  }

  /** Each pixel of a window has an equal share of its mean. */
  private static List<Value> averagePool(Ops o, Node n, Value... dy) {
    long[] kernel = n.intsAttribute("kernel_shape", null);
    long[] strides = n.intsAttribute("strides", new long[] {1, 1});
    long[] pads = n.intsAttribute("pads", new long[4]);
    boolean tiles =
        kernel.length == 2
            && kernel[0] == kernel[1]
            && Arrays.equals(kernel, strides)
            && Arrays.stream(pads).allMatch(p -> p == 0)
            && Arrays.stream(n.intsAttribute("dilations", new long[0])).allMatch(d -> d == 1)
            && n.in(0).shape().size(2) % kernel[0] == 0
            && n.in(0).shape().size(3) % kernel[1] == 0;
    if (!tiles) {
      throw unsupported(n, "square windows that tile the input");
    }
    Value shared = o.mul(dy[0], 1.0 / (kernel[0] * kernel[1]));
    return asList(o.upsampleNearest(shared, (int) kernel[0]));
  }

  /** Nearest upsampling by a whole factor: the sum over each window is its mean times its size. */
  private static List<Value> resize(Ops o, Node n, Value... dy) {
    Shape in = n.in(0).shape();
    Shape out = n.out().shape();
    boolean nearest =
        n.textAttribute("mode", "nearest").equals("nearest")
            && n.textAttribute("coordinate_transformation_mode", "half_pixel").equals("asymmetric")
            && n.textAttribute("nearest_mode", "round_prefer_floor").equals("floor")
            && n.attribute("axes").isEmpty()
            && in.rank() == 4
            && in.dim(0).equals(out.dim(0))
            && in.dim(1).equals(out.dim(1))
            && out.size(2) % in.size(2) == 0
            && out.size(2) / in.size(2) == out.size(3) / (double) in.size(3)
            && wholeScales(n, out.size(2) / in.size(2));
    if (!nearest) {
      throw unsupported(
          n, "nearest, asymmetric upsampling of height and width by one whole factor");
    }
    long factor = out.size(2) / in.size(2);
    return first(n, o.mul(o.averagePool(dy[0], factor), factor * factor));
  }

  /** A scale of 2.4 may give twice the pixels, too, but not each of them twice. */
  private static boolean wholeScales(Node n, long factor) {
    if (!n.hasIn(2)) {
      return true; // sizes: the scale is their quotient
    }
    float[] scales = n.in(2).data().map(TensorData::floats).orElse(new float[4]);
    return scales[2] == factor && scales[3] == factor;
  }
}
