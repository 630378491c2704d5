package io.ddpm4j.trainer.lowering;

import static java.util.Map.entry;

import io.ddpm4j.exporter.graph.Attribute;
import io.ddpm4j.exporter.graph.Lowering;
import io.ddpm4j.exporter.graph.Node;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.Value;
import java.util.List;
import java.util.Map;

/**
 * Functions and gradients in standard operators, in the (N, C, H, W) layout: correct on every
 * device. What forward and backward pass have in common is written the same way in both, so that
 * the graph shares it.
 */
public final class StandardLowerings {
  private StandardLowerings() {}

  /** Sorted by name. */
  public static final Map<String, Lowering.Rule> TABLE =
      Map.ofEntries(
          entry(
              "ddpm4j:Attention",
              (o, n, in) -> List.of(attention(o, n, in.get(0), in.get(1), in.get(2)))),
          entry("ddpm4j:AttentionGrad", StandardLowerings::attentionGrad),
          entry(
              "ddpm4j:ConvInputGrad",
              (o, n, in) -> List.of(convInputGrad(o, n, in.get(0), in.get(1)))),
          entry(
              "ddpm4j:ConvWeightGrad",
              (o, n, in) -> List.of(convWeightGrad(o, n, in.get(0), in.get(1)))),
          entry("ddpm4j:Dropout", (o, n, in) -> List.of(dropout(o, n, in))),
          asExported("ddpm4j:FirDownsample"),
          asExported("ddpm4j:FirUpsample"),
          asExported("ddpm4j:Gelu"),
          entry("ddpm4j:GroupNorm", (o, n, in) -> List.of(groupNorm(o, n, in))),
          entry("ddpm4j:GroupNormGrad", StandardLowerings::groupNormGrad),
          asExported("ddpm4j:Mish"),
          entry("ddpm4j:Silu", (o, n, in) -> List.of(o.mul(in.get(0), o.sigmoid(in.get(0))))),
          entry("ddpm4j:SiluGrad", (o, n, in) -> List.of(siluGrad(o, in.get(0), in.get(1)))));

  private static Map.Entry<String, Lowering.Rule> asExported(String function) {
    return entry(function, Lowering.portable(function));
  }

  /** The pass that applies the table. */
  public static Lowering lowering() {
    return new Lowering(TABLE);
  }

  private static Value dropout(Ops o, Node n, List<Value> in) {
    return n.hasIn(1) ? o.mul(in.get(0), scaledMask(o, n, in)) : in.get(0);
  }

  /** mask/(1 - ratio), which forward and backward pass share. */
  static Value scaledMask(Ops o, Node n, List<Value> in) {
    double kept = 1 - n.floatAttribute("ratio", 0f);
    return o.mul(o.cast(in.get(1), in.get(0).dataType()), 1 / kept);
  }

  /** y = x·s: dx = dy·(s + y - y·s) with s = sigmoid(x). */
  static Value siluGrad(Ops o, Value dy, Value x) {
    Value s = o.sigmoid(x);
    Value y = o.mul(x, s);
    return o.mul(dy, o.add(o.sub(s, o.mul(y, s)), y));
  }

  // --- attention -------------------------------------------------------------------------------

  private static Value weights(Ops o, Node n, Value q, Value k) {
    Value scaled = o.mul(q, n.floatAttribute("scale", 1f));
    return o.softmax(o.matMul(scaled, o.transpose(k, 0, 1, 3, 2)), -1); // (N, heads, L, L)
  }

  private static Value attention(Ops o, Node n, Value q, Value k, Value v) {
    return o.matMul(weights(o, n, q, k), v);
  }

  /**
   * out = P·V, P = softmax(S), S = scale·Q·Kᵀ; the softmax gradient needs rowsum(dP∘P) =
   * rowsum(dO∘out).
   */
  private static List<Value> attentionGrad(Ops o, Node n, List<Value> in) {
    Value dOut = in.get(0);
    Value q = in.get(1);
    Value k = in.get(2);
    Value v = in.get(3);
    double scale = n.floatAttribute("scale", 1f);
    Value p = weights(o, n, q, k);
    Value out = attention(o, n, q, k, v);
    Value dv = o.matMul(o.transpose(p, 0, 1, 3, 2), dOut);
    Value dp = o.matMul(dOut, o.transpose(v, 0, 1, 3, 2));
    Value rows = o.reduceSum(o.mul(dOut, out), true, -1);
    Value ds = o.mul(p, o.sub(dp, rows));
    Value dq = o.mul(o.matMul(ds, k), scale);
    Value dk = o.matMul(o.transpose(ds, 0, 1, 3, 2), o.mul(q, scale));
    return List.of(dq, dk, dv);
  }

  // --- convolution -----------------------------------------------------------------------------

  /** The kernel with input and output channels swapped and both spatial axes reversed. */
  static Value flipped(Ops o, Value w) {
    Shape s = w.shape();
    long taps = s.size(2) * s.size(3);
    Value swapped = o.transpose(w, 1, 0, 2, 3);
    if (taps == 1) {
      return swapped;
    }
    Value flat = o.reshape(swapped, s.size(1), s.size(0), taps);
    Value reversed = o.slice(flat, 2, -1, -taps - 1, -1);
    return o.reshape(reversed, s.size(1), s.size(0), s.size(2), s.size(3));
  }

  /**
   * Stride 1: a convolution with the flipped kernel, 1.5 to 2 times as fast as ConvTranspose here.
   * Other strides: ConvTranspose.
   */
  static Value convInputGrad(Ops o, Node n, Value dy, Value w) {
    long[] pads = n.intsAttribute("pads", null);
    long[] strides = n.intsAttribute("strides", null);
    long[] size = n.intsAttribute("size", null);
    long kh = w.shape().size(2);
    long kw = w.shape().size(3);
    if (strides[0] == 1 && strides[1] == 1) {
      return o.conv(
          dy,
          flipped(o, w),
          null,
          1,
          kh - 1 - pads[0],
          kw - 1 - pads[1],
          kh - 1 - pads[2],
          kw - 1 - pads[3]);
    }
    long extraH = size[2] - ((dy.shape().size(2) - 1) * strides[0] + kh - pads[0] - pads[2]);
    long extraW = size[3] - ((dy.shape().size(3) - 1) * strides[1] + kw - pads[1] - pads[3]);
    return o.graph()
        .add(
            "ConvTranspose",
            List.of(dy, w),
            Map.of(
                "kernel_shape", Attribute.of(new long[] {kh, kw}),
                "output_padding", Attribute.of(new long[] {extraH, extraW}),
                "pads", Attribute.of(pads),
                "strides", Attribute.of(strides)))
        .out();
  }

  /** {@link ConvWeightGrad} chooses the form. */
  static Value convWeightGrad(Ops o, Node n, Value dy, Value x) {
    return new ConvWeightGrad(o, n).apply(dy, x);
  }

  // --- group norm ------------------------------------------------------------------------------

  private static GroupNorms norms(Ops o, Node n, Value x) {
    Shape s = x.shape();
    return new GroupNorms(
        o, PixelLayout.CHANNEL_MAJOR, n, x, (int) s.size(1), s.size(2) * s.size(3));
  }

  private static Value groupNorm(Ops o, Node n, List<Value> in) {
    return norms(o, n, in.get(0)).forward(in.get(0), in.get(1), in.get(2));
  }

  private static List<Value> groupNormGrad(Ops o, Node n, List<Value> in) {
    return norms(o, n, in.get(1)).backward(in.get(0), in.get(1), in.get(2));
  }
}
