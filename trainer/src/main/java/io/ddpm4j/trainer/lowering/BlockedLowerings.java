package io.ddpm4j.trainer.lowering;

import static java.util.Map.entry;

import io.ddpm4j.exporter.graph.DataType;
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

/**
 * The train graph in ONNX Runtime's blocked layout ({@link Nchwc}), wherever channels come in whole
 * blocks; {@link StandardLowerings} elsewhere.
 *
 * <p>Each rule stands alone: it takes its inputs blocked and gives its output plain again. Where
 * one blocked rule feeds another, {@link #blocked} finds the ReorderOutput that it would undo and
 * skips both; what nobody reads plain is then left out as dead.
 */
final class BlockedLowerings {
  private static final long[] ONES = {1, 1};

  private final long block;
  private final PixelLayout layout;
  private final Map<Value, Integer> uses = new HashMap<>();

  private BlockedLowerings(int block, Graph graph) {
    this.block = block;
    this.layout = PixelLayout.blocked(block);
    for (Node node : graph.nodes()) {
      node.presentInputs().forEach(v -> uses.merge(v, 1, Integer::sum));
    }
  }

  /** The graph for a CPU whose blocks hold {@code block} channels. */
  static Graph apply(Graph graph, int block) {
    OpSet opSet = OpSet.onnx(OpSet.DEFAULT_VERSION).with(Nchwc.TABLE);
    Graph lowered = new Lowering(new BlockedLowerings(block, graph).table()).apply(graph, opSet);
    return new Lowering(Map.of()).apply(lowered, opSet); // leaves out dead reorders
  }

  private Map<String, Lowering.Rule> table() {
    Map<String, Lowering.Rule> rules = new HashMap<>(StandardLowerings.TABLE);
    Map<String, Lowering.Rule> own =
        Map.ofEntries(
            entry("Add", this::add),
            entry("AveragePool", this::averagePool),
            entry("Concat", this::concat),
            entry("Conv", this::conv),
            entry("ddpm4j:ConvInputGrad", this::convInputGrad),
            entry("ddpm4j:ConvWeightGrad", this::convWeightGrad),
            entry("ddpm4j:Dropout", this::dropout),
            entry("ddpm4j:GroupNorm", this::groupNorm),
            entry("ddpm4j:GroupNormGrad", this::groupNormGrad),
            entry("Mul", this::mul),
            entry("ReduceSum", this::reduceSum),
            entry("Resize", this::resize),
            entry("ddpm4j:Silu", this::silu),
            entry("ddpm4j:SiluGrad", this::siluGrad),
            entry("Split", this::split));
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

  // --- the two forms of a blocked value --------------------------------------------------------

  private boolean fits(Value x) {
    return x.dataType() == DataType.FLOAT
        && x.shape().rank() == 4
        && x.shape().isStatic()
        && x.shape().size(1) % block == 0;
  }

  private static boolean isBlocked(Value x) {
    return x.producer().filter(p -> p.op().equals("ReorderOutput")).isPresent();
  }

  /** {@code x} in the blocked layout, under its own shape, as convolutions take it. */
  private static Value blocked(Ops o, Value x) {
    return isBlocked(x) ? x.producer().orElseThrow().in(0) : Nchwc.reorderInput(o, x);
  }

  /** {@code x} in the blocked layout as (N, C/block, H·W, block), as everything else takes it. */
  private Value pixels(Ops o, Value x) {
    Value b = blocked(o, x);
    Shape s = x.shape();
    long[] sizes = {s.size(0), s.size(1) / block, s.size(2) * s.size(3), block};
    Node producer = b.producer().orElse(null);
    boolean undone =
        producer != null
            && producer.op().equals("Reshape")
            && producer.in(0).shape().equals(Shape.of(sizes));
    return undone ? producer.in(0) : o.reshape(b, sizes);
  }

  /** The plain value of a blocked one that is under its own shape. */
  private static Value plain(Ops o, Value blocked) {
    return Nchwc.reorderOutput(o, blocked);
  }

  /** The plain value of a blocked one that is (N, C/block, H·W, block). */
  private static Value plain(Ops o, Value pixels, Shape shape) {
    return plain(o, o.reshape(pixels, shape.sizes()));
  }

  // --- convolution -----------------------------------------------------------------------------

  /** (K, C, h, w) to (K/block, C/block, h, w, block of C, block of K), under the old shape. */
  private Value filter(Ops o, Value w) {
    Shape s = w.shape();
    long taps = s.size(2) * s.size(3);
    Value split = o.reshape(w, s.size(0) / block, block, s.size(1) / block, block, taps);
    return o.reshape(o.transpose(split, 0, 2, 4, 3, 1), s.sizes());
  }

  /** The filter of the input gradient: channels swapped, taps reversed. */
  private Value inputGradFilter(Ops o, Value w) {
    Shape s = w.shape();
    long taps = s.size(2) * s.size(3);
    Value split = o.reshape(w, s.size(0) / block, block, s.size(1) / block, block, taps);
    Value turned = o.transpose(split, 2, 0, 4, 1, 3); // (C/b, K/b, taps, b of K, b of C)
    Value reversed = taps == 1 ? turned : o.slice(turned, 2, -1, -taps - 1, -1);
    return o.reshape(reversed, s.size(1), s.size(0), s.size(2), s.size(3));
  }

  private boolean fitsFilter(Value w) {
    return w.shape().size(0) % block == 0 && w.shape().size(1) % block == 0;
  }

  private List<Value> conv(Ops o, Node n, List<Value> in) {
    if (!fits(in.get(0)) || !fitsFilter(in.get(1)) || !isPlainConv(n)) {
      return null;
    }
    Value bias = in.size() > 2 ? in.get(2) : null;
    long stride = n.intsAttribute("strides", ONES)[0];
    long[] pads = n.intsAttribute("pads", new long[4]);
    return List.of(
        plain(
            o,
            Nchwc.conv(o, blocked(o, in.get(0)), filter(o, in.get(1)), bias, null, stride, pads)));
  }

  /** Whether {@link Nchwc#conv} can say all that the node says. */
  private static boolean isPlainConv(Node n) {
    long[] strides = n.intsAttribute("strides", ONES);
    return n.intAttribute("group", 1) == 1
        && n.textAttribute("auto_pad", "NOTSET").equals("NOTSET")
        && Arrays.equals(n.intsAttribute("dilations", ONES), ONES)
        && strides[0] == strides[1];
  }

  private List<Value> convInputGrad(Ops o, Node n, List<Value> in) {
    Value w = in.get(1);
    long[] strides = n.intsAttribute("strides", null);
    if (!fits(in.get(0)) || !fitsFilter(w) || strides[0] != 1 || strides[1] != 1) {
      return null;
    }
    long[] pads = n.intsAttribute("pads", null);
    long h = w.shape().size(2) - 1;
    long v = w.shape().size(3) - 1;
    return List.of(
        plain(
            o,
            Nchwc.conv(
                o,
                blocked(o, in.get(0)),
                inputGradFilter(o, w),
                null,
                null,
                1,
                h - pads[0],
                v - pads[1],
                h - pads[2],
                v - pads[3])));
  }

  private List<Value> convWeightGrad(Ops o, Node n, List<Value> in) {
    Value x = in.get(1);
    if (!fits(x)) {
      return null;
    }
    Value dw = new ConvWeightGrad(o, n).applyBlocked(in.get(0), pixels(o, x), x.shape(), block);
    return dw == null ? null : List.of(dw);
  }

  private List<Value> resize(Ops o, Node n, List<Value> in) {
    Value x = in.get(0);
    Shape y = n.out().shape();
    boolean nearest =
        n.textAttribute("mode", "nearest").equals("nearest")
            && n.textAttribute("coordinate_transformation_mode", "").equals("asymmetric")
            && n.textAttribute("nearest_mode", "").equals("floor");
    if (!nearest || !fits(x) || !isBlocked(x) || n.attribute("axes").isPresent()) {
      return null;
    }
    long f = y.size(2) / x.shape().size(2);
    if (!y.equals(enlarged(x.shape(), f)) || !isScale(n, f)) {
      return null;
    }
    return List.of(plain(o, Nchwc.upsample(o, blocked(o, x), f)));
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

  /** Means over windows that tile the image. */
  private List<Value> averagePool(Ops o, Node n, List<Value> in) {
    Value x = in.get(0);
    Shape y = n.out().shape();
    long[] kernel = n.intsAttribute("kernel_shape", null);
    long f = kernel[0];
    if (!fits(x)
        || !isBlocked(x)
        || !x.shape().equals(enlarged(y, f))
        || kernel[1] != f
        || !Arrays.equals(n.intsAttribute("strides", ONES), kernel)
        || !Arrays.equals(n.intsAttribute("dilations", ONES), ONES)
        || !Arrays.equals(n.intsAttribute("pads", new long[4]), new long[4])) {
      return null;
    }
    Value rows =
        o.reshape(
            blocked(o, x),
            x.shape().size(0) * x.shape().size(1) / block,
            y.size(2),
            f,
            y.size(3),
            f,
            block);
    Value sum = o.reduceSum(rows, false, 2, 4);
    return List.of(plain(o, o.reshape(o.mul(sum, 1.0 / (f * f)), y.sizes())));
  }

  // --- elementwise -----------------------------------------------------------------------------

  /** Same shapes; or numbers for each channel; or a scalar. */
  private List<Value> add(Ops o, Node n, List<Value> in) {
    Value a = in.get(0);
    Value b = in.get(1);
    if (!fits(a) || !a.shape().equals(n.out().shape()) || !isBlocked(a) && !isBlocked(b)) {
      return null;
    }
    if (isPerChannel(a, b)) {
      Value numbers = layout.perChannel(o, b, a.shape().size(1));
      return List.of(plain(o, o.add(pixels(o, a), numbers), a.shape()));
    }
    if (!a.shape().equals(b.shape())) {
      return null;
    }
    for (int side = 0; side < 2; side++) { // a convolution adds its sum for nothing
      Value conv = isBlocked(in.get(side)) ? blocked(o, in.get(side)) : null;
      Node producer = conv == null ? null : conv.producer().orElse(null);
      if (producer != null
          && producer.schema().domain().equals(Nchwc.DOMAIN)
          && producer.op().equals("Conv")
          && !producer.hasIn(3)
          && uses.get(n.in(side)) == 1) {
        List<Value> inputs = new ArrayList<>(producer.inputs());
        while (inputs.size() < 3) {
          inputs.add(null);
        }
        inputs.add(blocked(o, in.get(1 - side)));
        return List.of(
            plain(o, o.graph().add(Nchwc.DOMAIN, "Conv", inputs, producer.attributes(), 1).out()));
      }
    }
    return List.of(plain(o, o.add(pixels(o, a), pixels(o, b)), a.shape()));
  }

  private static boolean isPerChannel(Value x, Value numbers) {
    Shape s = numbers.shape();
    return s.rank() == 4
        && s.dim(1).equals(x.shape().dim(1))
        && s.dim(2).is(1)
        && s.dim(3).is(1)
        && (s.dim(0).is(1) || s.dim(0).equals(x.shape().dim(0)))
        && !s.equals(x.shape());
  }

  private List<Value> mul(Ops o, Node n, List<Value> in) {
    Value a = in.get(0);
    Value b = in.get(1);
    if (!fits(a) || !isBlocked(a) || !a.shape().equals(n.out().shape())) {
      return null;
    }
    Value other;
    if (b.shape().rank() == 0) {
      other = b;
    } else if (isPerChannel(a, b)) {
      other = layout.perChannel(o, b, a.shape().size(1));
    } else if (b.shape().equals(a.shape())) {
      other = pixels(o, b);
    } else {
      return null;
    }
    return List.of(plain(o, o.mul(pixels(o, a), other), a.shape()));
  }

  private List<Value> dropout(Ops o, Node n, List<Value> in) {
    Value x = in.get(0);
    if (!n.hasIn(1) || !fits(x) || !isBlocked(x)) {
      return null;
    }
    Value mask = pixels(o, StandardLowerings.scaledMask(o, n, in));
    return List.of(plain(o, o.mul(pixels(o, x), mask), x.shape()));
  }

  private List<Value> silu(Ops o, Node n, List<Value> in) {
    Value x = in.get(0);
    if (!fits(x) || !isBlocked(x)) {
      return null;
    }
    Value p = pixels(o, x);
    return List.of(plain(o, o.mul(p, o.sigmoid(p)), x.shape()));
  }

  private List<Value> siluGrad(Ops o, Node n, List<Value> in) {
    Value x = in.get(1);
    if (!fits(x) || !isBlocked(x)) {
      return null;
    }
    Value dx = StandardLowerings.siluGrad(o, pixels(o, in.get(0)), pixels(o, x));
    return List.of(plain(o, dx, x.shape()));
  }

  // --- norms and sums --------------------------------------------------------------------------

  private GroupNorms norms(Ops o, Node n, Value x) {
    Shape s = x.shape();
    return new GroupNorms(o, layout, n, pixels(o, x), s.size(1), s.size(2) * s.size(3));
  }

  private List<Value> groupNorm(Ops o, Node n, List<Value> in) {
    Value x = in.get(0);
    if (!fits(x)) {
      return null;
    }
    Value y = norms(o, n, x).forward(pixels(o, x), in.get(1), in.get(2));
    return List.of(plain(o, y, x.shape()));
  }

  private List<Value> groupNormGrad(Ops o, Node n, List<Value> in) {
    Value x = in.get(1);
    if (!fits(x)) {
      return null;
    }
    List<Value> all = norms(o, n, x).backward(pixels(o, in.get(0)), pixels(o, x), in.get(2));
    return List.of(plain(o, all.get(0), x.shape()), all.get(1), all.get(2));
  }

  /** Sums over all pixels, and over the images too. */
  private List<Value> reduceSum(Ops o, Node n, List<Value> in) {
    Value x = in.get(0);
    long[] axes =
        n.hasIn(1) ? n.in(1).data().map(TensorData::longs).orElse(new long[0]) : new long[0];
    boolean overImages = Arrays.equals(axes, new long[] {0, 2, 3});
    if (!fits(x) || !isBlocked(x) || !overImages && !Arrays.equals(axes, new long[] {2, 3})) {
      return null;
    }
    Value sums = layout.sums(o, pixels(o, x)); // (N, C)
    Value total = overImages ? o.reduceSum(sums, false, 0) : sums;
    return List.of(o.reshape(total, n.out().shape().sizes()));
  }

  // --- channels --------------------------------------------------------------------------------

  private List<Value> concat(Ops o, Node n, List<Value> in) {
    if (n.out().shape().rank() != 4
        || n.intAttribute("axis", 0) != 1
        || !in.stream().allMatch(this::fits)
        || in.stream().noneMatch(BlockedLowerings::isBlocked)) {
      return null;
    }
    List<Value> parts = in.stream().map(v -> pixels(o, v)).toList();
    return List.of(plain(o, o.concat(1, parts), n.out().shape()));
  }

  private List<Value> split(Ops o, Node n, List<Value> in) {
    Value x = in.get(0);
    if (n.intAttribute("axis", 0) != 1
        || !fits(x)
        || !isBlocked(x)
        || !n.outputs().stream().allMatch(this::fits)) {
      return null;
    }
    long[] blocks = n.outputs().stream().mapToLong(v -> v.shape().size(1) / block).toArray();
    List<Value> parts = o.split(pixels(o, x), 1, blocks);
    List<Value> outputs = new ArrayList<>();
    for (int i = 0; i < blocks.length; i++) {
      outputs.add(plain(o, parts.get(i), n.out(i).shape()));
    }
    return outputs;
  }
}
