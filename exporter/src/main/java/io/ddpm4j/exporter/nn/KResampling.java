package io.ddpm4j.exporter.nn;

import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.ShapeException;
import io.ddpm4j.exporter.graph.Value;

/**
 * How k-diffusion's blocks change sizes: by {@link io.ddpm4j.exporter.graph.FirFilter}, with a
 * mirror around the image instead of zeros.
 */
final class KResampling {
  private KResampling() {}

  private static final int CHANNELS_IN_GROUP = 32;

  /** Groups of the norms of k-diffusion's blocks. */
  static int groups(int channels) {
    return channels / CHANNELS_IN_GROUP;
  }

  /** (N, C, H, W) to (N, C, H / 2, W / 2). */
  static Value downsample(Ops o, Value x) {
    Value even = o.pad(mirrored(o, x), 0, 0, 1, 1, 0, 0, 1, 1); // so that pairs stay pairs
    return inner(o, o.firDownsample(even), 1);
  }

  /** (N, C, H, W) to (N, C, 2·H, 2·W). */
  static Value upsample(Ops o, Value x) {
    return inner(o, o.firUpsample(mirrored(o, x)), 2);
  }

  /** With one more pixel on each side, a copy of the last but one. */
  private static Value mirrored(Ops o, Value x) {
    Value all = x;
    for (int axis = 2; axis < 4; axis++) {
      long size = x.shape().size(axis);
      if (size < 2) {
        throw new ShapeException(
            "U-Net config: sample_size: expected K blocks of at least 2x2 pixels, found "
                + x.shape());
      }
      Value before = o.slice(all, axis, 1, 2);
      Value after = o.slice(all, axis, size - 2, size - 1);
      all = o.concat(axis, before, all, after);
    }
    return all;
  }

  /** Without so many pixels on each side. */
  private static Value inner(Ops o, Value x, long border) {
    Value rows = o.slice(x, 2, border, x.shape().size(2) - border);
    return o.slice(rows, 3, border, x.shape().size(3) - border);
  }
}
