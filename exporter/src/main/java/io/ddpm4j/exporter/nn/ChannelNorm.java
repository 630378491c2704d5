package io.ddpm4j.exporter.nn;

import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Value;

/** Norms over the channels of each pixel of (N, C, H, W); the scale is (1, C, 1, 1). */
final class ChannelNorm {
  private ChannelNorm() {}

  private static final double SMALLEST_LENGTH = 1e-12; // of torch.nn.functional.normalize
  private static final double EPSILON = 1e-5;

  /** Root mean square norm (Zhang and Sennrich 2019): √C·x/max(‖x‖, 1e-12)·scale. */
  static Value rms(Ops ops, Value x, Value scale) {
    double smallest = SMALLEST_LENGTH / Math.sqrt(x.shape().size(1));
    Value root = ops.sqrt(ops.reduceMean(ops.mul(x, x), true, 1));
    return ops.mul(ops.div(x, ops.max(root, ops.scalar(smallest, x))), scale);
  }

  /** Layer norm (Ba et al. 2016): (x - mean)/√(variance + 1e-5)·scale. */
  static Value layer(Ops ops, Value x, Value scale) {
    Value centred = ops.sub(x, ops.reduceMean(x, true, 1));
    Value variance = ops.reduceMean(ops.mul(centred, centred), true, 1);
    return ops.mul(ops.div(centred, ops.sqrt(ops.add(variance, EPSILON))), scale);
  }
}
