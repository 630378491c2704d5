package io.ddpm4j.trainer.lowering;

import io.ddpm4j.exporter.graph.Node;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.Value;
import java.util.List;

/**
 * Group normalisation and its gradient as sums over each channel's pixels, a few operations on (N,
 * C) numbers, and affine passes over the pixels. Forward and backward pass take the moments the
 * same way, so that the graph shares them.
 */
final class GroupNorms {
  private final Ops o;
  private final PixelLayout layout;
  private final Value groupMeans; // (C, C): channels' sums times it are each channel's group mean
  private final Value mean; // (N, C)
  private final Value inverse; // 1/σ, (N, C)

  /**
   * @param node GroupNorm or GroupNormGrad, for its attributes
   * @param x the pixels in {@code layout}
   * @param pixels of one channel of one image
   */
  GroupNorms(Ops o, PixelLayout layout, Node node, Value x, int channels, long pixels) {
    this.o = o;
    this.layout = layout;
    int perGroup = channels / (int) node.intAttribute("groups", 1);
    float[] means = new float[channels * channels];
    for (int i = 0; i < means.length; i++) {
      boolean same = i / channels / perGroup == i % channels / perGroup;
      means[i] = same ? (float) (1.0 / pixels / perGroup) : 0;
    }
    groupMeans = o.cast(o.constant(TensorData.ofFloats(means, channels, channels)), x.dataType());
    mean = o.matMul(layout.sums(o, x), groupMeans);
    Value meanSquare = o.matMul(layout.sums(o, o.mul(x, x)), groupMeans);
    // Rounding may leave a constant group a variance just below zero.
    Value variance = o.max(o.sub(meanSquare, o.mul(mean, mean)), o.scalar(0, x));
    inverse = o.reciprocal(o.sqrt(o.add(variance, node.floatAttribute("epsilon", 1e-5f))));
  }

  /** y = A·x + B with numbers A and B for each image and channel. */
  Value forward(Value x, Value scale, Value bias) {
    Value a = o.mul(inverse, scale);
    Value b = o.sub(bias, o.mul(a, mean));
    return o.add(o.mul(x, layout.perChannel(o, a)), layout.perChannel(o, b));
  }

  /**
   * With r = 1/σ: dx = r·γ·dy - r²·m2·x + (r²·m2·μ - r·m1), where m1 and m2 are the group means of
   * γ·dy and of γ·dy·x̂. So Σdy and Σdy·x of each channel are all that is needed of the pixels.
   *
   * @return dx, dscale, dbias
   */
  List<Value> backward(Value dy, Value x, Value scale) {
    Value s1 = layout.sums(o, dy);
    Value s2 = layout.sums(o, o.mul(dy, x));
    Value centred = o.mul(o.sub(s2, o.mul(mean, s1)), inverse); // Σ dy·x̂
    Value m1 = o.matMul(o.mul(s1, scale), groupMeans);
    Value m2 = o.matMul(o.mul(centred, scale), groupMeans);
    Value slope = o.mul(o.mul(inverse, inverse), m2); // r²·m2
    Value shift = o.sub(o.mul(slope, mean), o.mul(inverse, m1));
    Value a = layout.perChannel(o, o.mul(inverse, scale));
    Value dx =
        o.add(
            o.sub(o.mul(dy, a), o.mul(x, layout.perChannel(o, slope))),
            layout.perChannel(o, shift));
    return List.of(dx, o.reduceSum(centred, false, 0), o.reduceSum(s1, false, 0));
  }
}
