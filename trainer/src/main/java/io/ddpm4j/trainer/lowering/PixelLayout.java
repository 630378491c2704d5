package io.ddpm4j.trainer.lowering;

import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Value;

/**
 * How the pixels of (N, C, H, W) lie in memory, for code that works channel by channel and does not
 * care.
 */
interface PixelLayout {
  /** The sums of each channel's pixels: (N, C). */
  Value sums(Ops o, Value x);

  /** Numbers for each image and channel, of any shape that holds N·C or C, to go with pixels. */
  Value perChannel(Ops o, Value numbers, long channels);

  /** Row-major (N, C, H, W). */
  PixelLayout PLAIN =
      new PixelLayout() {
        @Override
        public Value sums(Ops o, Value x) {
          return o.reduceSum(x, false, 2, 3);
        }

        @Override
        public Value perChannel(Ops o, Value numbers, long channels) {
          return o.reshape(numbers, -1, channels, 1, 1);
        }
      };

  /** Channels in blocks: (N, C/block, H·W, block). */
  static PixelLayout blocked(long block) {
    return new PixelLayout() {
      @Override
      public Value sums(Ops o, Value x) {
        Value sums = o.reduceSum(x, false, 2); // (N, C/block, block)
        return o.reshape(sums, x.shape().size(0), x.shape().size(1) * block);
      }

      @Override
      public Value perChannel(Ops o, Value numbers, long channels) {
        return o.reshape(numbers, -1, channels / block, 1, block);
      }
    };
  }
}
