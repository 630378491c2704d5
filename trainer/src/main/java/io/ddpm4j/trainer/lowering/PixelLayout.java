package io.ddpm4j.trainer.lowering;

import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Value;

/** How pixels lie in memory, for code that works channel by channel and does not care. */
interface PixelLayout {
  /** The sums of each channel's pixels: (N, C). */
  Value sums(Ops o, Value x);

  /** Numbers (N, C) or (C), to go with pixels. */
  Value perChannel(Ops o, Value numbers);

  /** (N, C, H, W). */
  PixelLayout CHANNEL_MAJOR =
      new PixelLayout() {
        @Override
        public Value sums(Ops o, Value x) {
          return o.reduceSum(x, false, 2, 3);
        }

        @Override
        public Value perChannel(Ops o, Value numbers) {
          return o.reshape(numbers, -1, numbers.shape().size(-1), 1, 1);
        }
      };

  /** (H, W, N, C). */
  PixelLayout PIXEL_MAJOR =
      new PixelLayout() {
        @Override
        public Value sums(Ops o, Value x) {
          // One axis after the other: ONNX Runtime adds all pixels of both into one number each,
          // and
          // the last of 65,536 terms would leave half its digits.
          return o.reduceSum(o.reduceSum(x, false, 1), false, 0);
        }

        @Override
        public Value perChannel(Ops o, Value numbers) {
          return numbers;
        }
      };
}
