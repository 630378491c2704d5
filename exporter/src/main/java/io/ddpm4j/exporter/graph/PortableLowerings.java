package io.ddpm4j.exporter.graph;

import static java.util.Map.entry;

import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** How each of {@link Functions} is written in standard operators, sorted by name. */
final class PortableLowerings {
  private PortableLowerings() {}

  static final Map<String, Lowering.Rule> TABLE =
      Map.ofEntries(
          entry("ddpm4j:Attention", (o, n, in) -> List.of(attention(o, n, in))),
          entry("ddpm4j:Dropout", (o, n, in) -> List.of(dropout(o, n, in))),
          entry("ddpm4j:FirDownsample", (o, n, in) -> List.of(FirFilter.downsample(o, in.get(0)))),
          entry("ddpm4j:FirUpsample", (o, n, in) -> List.of(FirFilter.upsample(o, in.get(0)))),
          entry("ddpm4j:Gelu", (o, n, in) -> List.of(gelu(o, in.get(0)))),
          entry("ddpm4j:GroupNorm", (o, n, in) -> List.of(groupNorm(o, n, in))),
          entry("ddpm4j:Mish", (o, n, in) -> List.of(mish(o, in.get(0)))),
          entry("ddpm4j:Silu", (o, n, in) -> List.of(o.mul(in.get(0), o.sigmoid(in.get(0))))));

  private static Value attention(Ops o, Node node, List<Value> in) {
    Value scaled = o.mul(in.get(0), o.scalar(node.floatAttribute("scale", 1f), in.get(0)));
    Value logits = o.matMul(scaled, o.transpose(in.get(1), 0, 1, 3, 2)); // (N, heads, L, L)
    return o.matMul(o.softmax(logits, -1), in.get(2));
  }

  private static Value dropout(Ops o, Node node, List<Value> in) {
    Value x = in.get(0);
    if (!node.hasIn(1)) {
      return x;
    }
    double kept = 1 - node.floatAttribute("ratio", 0f);
    return o.mul(x, o.mul(o.cast(in.get(1), x.dataType()), 1 / kept));
  }

  /** By Erf: an operator of this name came with version 20. */
  private static Value gelu(Ops o, Value x) {
    Value twice = o.add(o.erf(o.mul(x, Math.sqrt(0.5))), 1);
    return o.mul(o.mul(x, twice), 0.5);
  }

  /** By Softplus: an operator of this name came with version 18. */
  private static Value mish(Ops o, Value x) {
    return o.mul(x, o.tanh(o.softplus(x)));
  }

  /**
   * InstanceNormalization over (N, groups, C/groups·H·W) normalises each group; scale and bias
   * follow as one affine map. Opset 17 has no GroupNormalization that takes (C) parameters.
   */
  private static Value groupNorm(Ops o, Node node, List<Value> in) {
    Value x = in.get(0);
    long groups = node.intAttribute("groups", 1);
    float epsilon = node.floatAttribute("epsilon", 1e-5f);
    long channels = x.shape().size(1);
    float[] ones = new float[(int) groups];
    Arrays.fill(ones, 1f);
    Value one = o.cast(o.constant(TensorData.ofFloats(ones, groups)), x.dataType());
    Value zero =
        o.cast(o.constant(TensorData.ofFloats(new float[(int) groups], groups)), x.dataType());
    Value grouped = o.reshape(x, 0, groups, -1);
    Value normed =
        o.graph()
            .add(
                "InstanceNormalization",
                List.of(grouped, one, zero),
                Map.of("epsilon", Attribute.of(epsilon)))
            .out();
    Value back = o.reshapeAs(normed, x);
    Value scale = o.reshape(in.get(1), 1, channels, 1, 1);
    Value bias = o.reshape(in.get(2), 1, channels, 1, 1);
    return o.add(o.mul(back, scale), bias);
  }
}
