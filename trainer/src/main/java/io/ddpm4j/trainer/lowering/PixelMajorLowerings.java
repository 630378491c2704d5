package io.ddpm4j.trainer.lowering;

import static java.util.Map.entry;

import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.FirFilter;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.Lowering;
import io.ddpm4j.exporter.graph.Node;
import io.ddpm4j.exporter.graph.OpSet;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.Value;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;

/**
 * The train graph with pixels in (H, W, N, C): convolutions are {@link PlaneConvolution}s, and what
 * belongs to an image and a channel lies as the last axes do. {@link StandardLowerings} where that
 * does not fit.
 *
 * <p>Each rule stands alone: it takes its inputs in this layout and gives its output in the
 * network's (N, C, H, W) again. Where one rule feeds another, {@link #major} finds the Transpose
 * that it would undo and skips both; what nobody reads is then left out as dead.
 */
final class PixelMajorLowerings {
  /** Longer axes are resampled in the network's layout: a dense matrix for them is much work. */
  private static final long LONGEST_AXIS = 64;

  /** From (N, C, H, W) to (H, W, N, C), and back. */
  private static final long[] SWAP = {2, 3, 0, 1};

  private static final long[] ONES = {1, 1};

  private PixelMajorLowerings() {}

  static Graph apply(Graph graph) {
    OpSet opSet = OpSet.onnx(OpSet.DEFAULT_VERSION);
    Graph lowered = new Lowering(table()).apply(graph, opSet);
    return new Lowering(Map.of()).apply(lowered, opSet); // leaves out dead transposes
  }

  private static Map<String, Lowering.Rule> table() {
    Map<String, Lowering.Rule> rules = new HashMap<>(StandardLowerings.TABLE);
    Map<String, Lowering.Rule> own =
        Map.ofEntries(
            entry("Add", PixelMajorLowerings::elementwise),
            entry("AveragePool", PixelMajorLowerings::averagePool),
            entry("Concat", PixelMajorLowerings::concat),
            entry("Conv", PixelMajorLowerings::conv),
            entry("ddpm4j:ConvInputGrad", PixelMajorLowerings::convInputGrad),
            entry("ddpm4j:ConvWeightGrad", PixelMajorLowerings::convWeightGrad),
            entry("Div", PixelMajorLowerings::elementwise),
            entry("ddpm4j:Dropout", PixelMajorLowerings::dropout),
            entry("Erf", PixelMajorLowerings::unary),
            entry("Exp", PixelMajorLowerings::unary),
            entry("ddpm4j:FirDownsample", PixelMajorLowerings::firDownsample),
            entry("ddpm4j:FirUpsample", PixelMajorLowerings::firUpsample),
            entry("ddpm4j:Gelu", sameForm("ddpm4j:Gelu")),
            entry("ddpm4j:GroupNorm", PixelMajorLowerings::groupNorm),
            entry("ddpm4j:GroupNormGrad", PixelMajorLowerings::groupNormGrad),
            entry("ddpm4j:Mish", sameForm("ddpm4j:Mish")),
            entry("Mul", PixelMajorLowerings::elementwise),
            entry("ReduceSum", PixelMajorLowerings::reduceSum),
            entry("Relu", PixelMajorLowerings::unary),
            entry("Reshape", PixelMajorLowerings::reshape),
            entry("Resize", PixelMajorLowerings::resize),
            entry("Sigmoid", PixelMajorLowerings::unary),
            entry("Sign", PixelMajorLowerings::unary),
            entry("ddpm4j:Silu", PixelMajorLowerings::silu),
            entry("ddpm4j:SiluGrad", PixelMajorLowerings::siluGrad),
            entry("Softplus", PixelMajorLowerings::unary),
            entry("Split", PixelMajorLowerings::split),
            entry("Sub", PixelMajorLowerings::elementwise),
            entry("Tanh", PixelMajorLowerings::unary),
            entry("Transpose", PixelMajorLowerings::transpose));
    own.forEach(
        (op, rule) -> {
          Lowering.Rule standard = rules.get(op);
          rules.put(
              op,
              (o, n, in) -> {
                List<Value> replaced = rule.apply(o, n, in);
                return replaced != null || standard == null ? replaced : standard.apply(o, n, in);
              });
        });
    return rules;
  }

  // --- the two forms of a value ----------------------------------------------------------------

  private static boolean fits(Value x) {
    return x.dataType() == DataType.FLOAT && x.shape().rank() == 4 && x.shape().isStatic();
  }

  private static boolean isMajor(Value x) {
    return Transposes.is(x)
        && Arrays.equals(Transposes.permutation(x.producer().orElseThrow()), SWAP);
  }

  /** (N, C, H, W) as (H, W, N, C). */
  private static Value major(Ops o, Value x) {
    return Transposes.of(o, x, SWAP);
  }

  /** (H, W, N, C) under the network's shape, (N, C, H, W). */
  private static Value plain(Ops o, Value major) {
    return Transposes.of(o, major, SWAP);
  }

  private static List<Value> transpose(Ops o, Node n, List<Value> in) {
    long[] perm = Transposes.permutation(n);
    return perm.length == 0 ? null : List.of(Transposes.of(o, in.get(0), perm));
  }

  /** Pixels in one axis and in two: (N, C, L) and (N, C, H, W). */
  private static List<Value> reshape(Ops o, Node n, List<Value> in) {
    Value x = in.get(0);
    Shape from = x.shape();
    Shape to = n.out().shape();
    if (x.dataType() != DataType.FLOAT || !from.isStatic() || !to.isStatic()) {
      return null;
    }
    boolean joins =
        from.rank() == 4
            && to.rank() == 3
            && to.size(0) == from.size(0)
            && to.size(1) == from.size(1);
    if (joins && isMajor(x)) {
      Value joined = o.reshape(major(o, x), to.size(2), to.size(0), to.size(1));
      return List.of(Transposes.of(o, joined, 1, 2, 0));
    }
    boolean parts =
        from.rank() == 3
            && to.rank() == 4
            && to.size(0) == from.size(0)
            && to.size(1) == from.size(1);
    if (parts && Transposes.is(x)) {
      Value pixels = Transposes.of(o, x, 2, 0, 1);
      return List.of(plain(o, o.reshape(pixels, to.size(2), to.size(3), to.size(0), to.size(1))));
    }
    return null;
  }

  // --- convolution -----------------------------------------------------------------------------

  private static List<Value> conv(Ops o, Node n, List<Value> in) {
    Value x = in.get(0);
    Value w = in.get(1);
    if (!fits(x) || !isPlainConv(n)) {
      return null;
    }
    PlaneConvolution convolution = convolution(o, n, w.shape(), x.shape());
    if (!convolution.pays()) {
      return null;
    }
    Value y = convolution.forward(major(o, x), w);
    Value bias = in.size() > 2 ? in.get(2) : null;
    return List.of(plain(o, bias == null ? y : o.add(y, bias)));
  }

  private static PlaneConvolution convolution(Ops o, Node n, Shape weight, Shape input) {
    long stride = n.intsAttribute("strides", ONES)[0];
    return new PlaneConvolution(
        o, weight, input, (int) stride, n.intsAttribute("pads", new long[4]));
  }

  private static boolean isPlainConv(Node n) {
    long[] strides = n.intsAttribute("strides", ONES);
    return n.intAttribute("group", 1) == 1
        && n.textAttribute("auto_pad", "NOTSET").equals("NOTSET")
        && Arrays.equals(n.intsAttribute("dilations", ONES), ONES)
        && strides[0] == strides[1];
  }

  private static List<Value> convInputGrad(Ops o, Node n, List<Value> in) {
    Value dy = in.get(0);
    Value w = in.get(1);
    if (!fits(dy) || !isPlainConv(n)) {
      return null;
    }
    PlaneConvolution convolution =
        convolution(o, n, w.shape(), Shape.of(n.intsAttribute("size", null)));
    return convolution.pays() ? List.of(plain(o, convolution.inputGrad(major(o, dy), w))) : null;
  }

  private static List<Value> convWeightGrad(Ops o, Node n, List<Value> in) {
    Value dy = in.get(0);
    Value x = in.get(1);
    if (!fits(x) || !isPlainConv(n)) {
      return null;
    }
    PlaneConvolution convolution =
        convolution(o, n, Shape.of(n.intsAttribute("size", null)), x.shape());
    return convolution.pays() ? List.of(convolution.weightGrad(major(o, dy), major(o, x))) : null;
  }

  // --- resampling ------------------------------------------------------------------------------

  /** Nearest neighbour by whole factors, as a product with a matrix of ones for each axis. */
  private static List<Value> resize(Ops o, Node n, List<Value> in) {
    Value x = in.get(0);
    Shape from = x.shape();
    Shape to = n.out().shape();
    boolean nearest =
        n.textAttribute("mode", "nearest").equals("nearest")
            && n.textAttribute("coordinate_transformation_mode", "").equals("asymmetric")
            && n.textAttribute("nearest_mode", "").equals("floor");
    if (!nearest || !fits(x) || !isMajor(x) || n.attribute("axes").isPresent()) {
      return null;
    }
    long factor = to.size(2) / from.size(2);
    if (!to.equals(enlarged(from, factor)) || !isScale(n, factor) || isLong(to)) {
      return null;
    }
    return List.of(
        plain(
            o,
            map(
                o,
                major(o, x),
                repeated((int) from.size(2), (int) factor),
                repeated((int) from.size(3), (int) factor))));
  }

  private static boolean isLong(Shape s) {
    return Math.max(s.size(2), s.size(3)) > LONGEST_AXIS;
  }

  /** (N, C, H·f, W·f). */
  private static Shape enlarged(Shape s, long f) {
    return Shape.of(s.size(0), s.size(1), s.size(2) * f, s.size(3) * f);
  }

  /**
   * Whether a Resize takes every pixel just {@code f} times: scales of 2.1 may give twice the size.
   */
  private static boolean isScale(Node n, long f) {
    return !n.hasIn(2)
        || n.in(2)
            .data()
            .map(TensorData::floats)
            .filter(scales -> Arrays.equals(scales, new float[] {1, 1, f, f}))
            .isPresent();
  }

  /** (size·factor, size). */
  private static double[][] repeated(int size, int factor) {
    double[][] matrix = new double[size * factor][size];
    for (int i = 0; i < matrix.length; i++) {
      matrix[i][i / factor] = 1;
    }
    return matrix;
  }

  /** Means over windows that tile the image. */
  private static List<Value> averagePool(Ops o, Node n, List<Value> in) {
    Value x = in.get(0);
    Shape y = n.out().shape();
    long[] kernel = n.intsAttribute("kernel_shape", null);
    long f = kernel[0];
    if (!fits(x)
        || !isMajor(x)
        || isLong(x.shape())
        || !x.shape().equals(enlarged(y, f))
        || kernel[1] != f
        || !Arrays.equals(n.intsAttribute("strides", ONES), kernel)
        || !Arrays.equals(n.intsAttribute("dilations", ONES), ONES)
        || !Arrays.equals(n.intsAttribute("pads", new long[4]), new long[4])) {
      return null;
    }
    double[][] rows = means((int) y.size(2), (int) f);
    double[][] columns = means((int) y.size(3), (int) f);
    return List.of(plain(o, map(o, major(o, x), rows, columns)));
  }

  /** (size, size·factor). */
  private static double[][] means(int size, int factor) {
    double[][] matrix = new double[size][size * factor];
    for (int i = 0; i < size * factor; i++) {
      matrix[i / factor][i] = 1.0 / factor;
    }
    return matrix;
  }

  private static List<Value> firDownsample(Ops o, Node n, List<Value> in) {
    return filtered(o, n, in.get(0), FirFilter::halving);
  }

  private static List<Value> firUpsample(Ops o, Node n, List<Value> in) {
    return filtered(o, n, in.get(0), FirFilter::doubling);
  }

  /** By a matrix for an axis of a given size. */
  private static List<Value> filtered(Ops o, Node n, Value x, IntFunction<double[][]> matrix) {
    if (!fits(x) || !isMajor(x) || isLong(x.shape()) || isLong(n.out().shape())) {
      return null;
    }
    double[][] rows = matrix.apply((int) x.shape().size(2));
    double[][] columns = matrix.apply((int) x.shape().size(3));
    return List.of(plain(o, map(o, major(o, x), rows, columns)));
  }

  /** A matrix for each axis of (H, W, N, C). */
  private static Value map(Ops o, Value x, double[][] rows, double[][] columns) {
    Value mapped = AxisMaps.apply(o, x, rows, columns);
    return o.reshape(mapped, rows.length, columns.length, x.shape().size(2), x.shape().size(3));
  }

  // --- elementwise -----------------------------------------------------------------------------

  /** Of pixels with pixels, with numbers for each channel, or with a scalar. */
  private static List<Value> elementwise(Ops o, Node n, List<Value> in) {
    Shape shape = n.out().shape();
    if (!fits(n.out()) || in.stream().noneMatch(v -> fits(v) && isMajor(v))) {
      return null;
    }
    List<Value> inputs = new ArrayList<>();
    for (Value v : in) {
      if (v.shape().equals(shape)) {
        inputs.add(major(o, v));
      } else if (v.shape().rank() == 0) {
        inputs.add(v);
      } else if (isPerChannel(shape, v.shape())) {
        inputs.add(o.reshape(v, v.shape().size(0), v.shape().size(1)));
      } else {
        return null;
      }
    }
    return List.of(plain(o, o.graph().add(n.op(), inputs, Map.of()).out()));
  }

  private static boolean isPerChannel(Shape pixels, Shape numbers) {
    return numbers.rank() == 4
        && numbers.dim(1).equals(pixels.dim(1))
        && numbers.dim(2).is(1)
        && numbers.dim(3).is(1)
        && (numbers.dim(0).is(1) || numbers.dim(0).equals(pixels.dim(0)));
  }

  /** An operator that every element passes by itself. */
  private static List<Value> unary(Ops o, Node n, List<Value> in) {
    Value x = in.get(0);
    return fits(x) && isMajor(x)
        ? List.of(plain(o, o.graph().add(n.op(), List.of(major(o, x)), n.attributes()).out()))
        : null;
  }

  /** A function of each element by itself, in the form that files have. */
  private static Lowering.Rule sameForm(String function) {
    return (o, n, in) -> {
      Value x = in.get(0);
      return fits(x) && isMajor(x)
          ? List.of(plain(o, Lowering.portable(function).apply(o, n, List.of(major(o, x))).get(0)))
          : null;
    };
  }

  private static List<Value> dropout(Ops o, Node n, List<Value> in) {
    Value x = in.get(0);
    if (!n.hasIn(1) || !fits(x) || !isMajor(x)) {
      return null;
    }
    return List.of(plain(o, o.mul(major(o, x), major(o, StandardLowerings.scaledMask(o, n, in)))));
  }

  private static List<Value> silu(Ops o, Node n, List<Value> in) {
    Value x = in.get(0);
    if (!fits(x) || !isMajor(x)) {
      return null;
    }
    Value p = major(o, x);
    return List.of(plain(o, o.mul(p, o.sigmoid(p))));
  }

  private static List<Value> siluGrad(Ops o, Node n, List<Value> in) {
    Value x = in.get(1);
    if (!fits(x) || !isMajor(x)) {
      return null;
    }
    return List.of(plain(o, StandardLowerings.siluGrad(o, major(o, in.get(0)), major(o, x))));
  }

  // --- norms and sums --------------------------------------------------------------------------

  private static GroupNorms norms(Ops o, Node n, Value x) {
    Shape s = x.shape();
    return new GroupNorms(
        o, PixelLayout.PIXEL_MAJOR, n, major(o, x), (int) s.size(1), s.size(2) * s.size(3));
  }

  private static List<Value> groupNorm(Ops o, Node n, List<Value> in) {
    Value x = in.get(0);
    return fits(x)
        ? List.of(plain(o, norms(o, n, x).forward(major(o, x), in.get(1), in.get(2))))
        : null;
  }

  private static List<Value> groupNormGrad(Ops o, Node n, List<Value> in) {
    Value x = in.get(1);
    if (!fits(x)) {
      return null;
    }
    List<Value> all = norms(o, n, x).backward(major(o, in.get(0)), major(o, x), in.get(2));
    return List.of(plain(o, all.get(0)), all.get(1), all.get(2));
  }

  /** Sums over all pixels, and over the images too. */
  private static List<Value> reduceSum(Ops o, Node n, List<Value> in) {
    Value x = in.get(0);
    long[] axes =
        n.hasIn(1) ? n.in(1).data().map(TensorData::longs).orElse(new long[0]) : new long[0];
    boolean overImages = Arrays.equals(axes, new long[] {0, 2, 3});
    if (!fits(x) || !isMajor(x) || !overImages && !Arrays.equals(axes, new long[] {2, 3})) {
      return null;
    }
    Value sums = PixelLayout.PIXEL_MAJOR.sums(o, major(o, x)); // (N, C)
    Value total = overImages ? o.reduceSum(sums, false, 0) : sums;
    return List.of(
        total.shape().equals(n.out().shape()) ? total : o.reshape(total, n.out().shape().sizes()));
  }

  // --- channels --------------------------------------------------------------------------------

  private static List<Value> concat(Ops o, Node n, List<Value> in) {
    if (n.out().shape().rank() != 4
        || n.intAttribute("axis", 0) != 1
        || !in.stream().allMatch(PixelMajorLowerings::fits)
        || in.stream().noneMatch(PixelMajorLowerings::isMajor)) {
      return null;
    }
    return List.of(plain(o, o.concat(3, in.stream().map(v -> major(o, v)).toList())));
  }

  private static List<Value> split(Ops o, Node n, List<Value> in) {
    Value x = in.get(0);
    if (n.intAttribute("axis", 0) != 1 || !fits(x) || !isMajor(x)) {
      return null;
    }
    long[] sizes = n.outputs().stream().mapToLong(v -> v.shape().size(1)).toArray();
    return o.split(major(o, x), 3, sizes).stream().map(part -> plain(o, part)).toList();
  }
}
