package io.ddpm4j.trainer.lowering;

import io.ddpm4j.exporter.graph.Node;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.Value;
import java.util.Arrays;
import java.util.List;

/**
 * Group normalisation and its gradient as sums over each channel's pixels, a few operations on (N,
 * C) numbers, and affine passes over the pixels. Forward and backward pass take the moments the
 * same way, so that the graph shares them.
 */
final class GroupNorms {
  private final Ops o;
  private final PixelLayout layout;
  private final long groups;
  private final long channels;
  private final double perGroup; // numbers that are normalised together
  private final Value mean; // (N, groups, 1)
  private final Value inverse; // 1/σ, (N, groups, 1)

  /**
   * @param node GroupNorm or GroupNormGrad, for its attributes
   * @param x the pixels in {@code layout}
   * @param pixels of one channel of one image
   */
  GroupNorms(Ops o, PixelLayout layout, Node node, Value x, long channels, long pixels) {
    this.o = o;
    this.layout = layout;
    this.channels = channels;
    groups = node.intAttribute("groups", 1);
    perGroup = (double) pixels * (channels / groups);
    mean = o.mul(o.reduceSum(grouped(layout.sums(o, x)), true, 2), 1 / perGroup);
    Value squares = layout.sums(o, o.mul(x, x));
    Value meanSquare = o.mul(o.reduceSum(grouped(squares), true, 2), 1 / perGroup);
    // Rounding may leave a constant group a variance just below zero.
    Value variance = o.max(o.sub(meanSquare, o.mul(mean, mean)), o.scalar(0, x));
    inverse = o.reciprocal(o.sqrt(o.add(variance, node.floatAttribute("epsilon", 1e-5f))));
  }

  /** y = A·x + B with numbers A and B for each image and channel. */
  Value forward(Value x, Value scale, Value bias) {
    Value a = o.mul(inverse, parameters(scale)); // (N, groups, C/groups)
    Value b = o.sub(parameters(bias), o.mul(a, mean));
    return o.add(o.mul(x, layout.perChannel(o, a, channels)), layout.perChannel(o, b, channels));
  }

  /**
   * With r = 1/σ: dx = r·γ·dy - r²·m2·x + (r²·m2·μ - r·m1), where m1 and m2 are the group means of
   * γ·dy and of γ·dy·x̂. So Σdy and Σdy·x of each channel are all that is needed of the pixels.
   *
   * @return dx, dscale, dbias
   */
  List<Value> backward(Value dy, Value x, Value scale) {
    Value gamma = parameters(scale);
    Value s1 = grouped(layout.sums(o, dy));
    Value s2 = grouped(layout.sums(o, o.mul(dy, x)));
    Value centred = o.mul(o.sub(s2, o.mul(mean, s1)), inverse); // Σ dy·x̂
    Value dGamma = o.reshape(o.reduceSum(centred, false, 0), channels);
    Value dBeta = o.reshape(o.reduceSum(s1, false, 0), channels);
    Value m1 = o.mul(o.reduceSum(o.mul(s1, gamma), true, 2), 1 / perGroup);
    Value m2 = o.mul(o.reduceSum(o.mul(centred, gamma), true, 2), 1 / perGroup);
    Value slope = o.mul(o.mul(inverse, inverse), m2); // r²·m2, (N, groups, 1)
    Value shift = o.sub(o.mul(slope, mean), o.mul(inverse, m1));
    Value a = layout.perChannel(o, o.mul(gamma, inverse), channels);
    Value b = layout.perChannel(o, spread(slope), channels);
    Value c = layout.perChannel(o, spread(shift), channels);
    return List.of(o.add(o.sub(o.mul(dy, a), o.mul(x, b)), c), dGamma, dBeta);
  }

  private Value grouped(Value perChannel) {
    return o.reshape(perChannel, 0, groups, channels / groups);
  }

  private Value parameters(Value scaleOrBias) {
    return o.reshape(scaleOrBias, 1, groups, channels / groups);
  }

  /** A number of each group, repeated for its channels. */
  private Value spread(Value perGroupNumber) {
    float[] ones = new float[(int) (channels / groups)];
    Arrays.fill(ones, 1f);
    Value row = o.constant(TensorData.ofFloats(ones, 1, 1, ones.length));
    return o.mul(perGroupNumber, o.cast(row, perGroupNumber.dataType()));
  }
}
