package io.ddpm4j.exporter.convert;

import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;
import java.io.IOException;

/** How a parameter of our network is made from a tensor of a checkpoint. */
interface Transform {

  /** The shape that the checkpoint's tensor must have for a parameter of that shape. */
  Shape source(Shape target);

  /**
   * The parameter.
   *
   * @param tensor float, of the shape {@link #source}
   * @throws IOException if what it makes of a large tensor cannot be kept
   */
  TensorData apply(TensorData tensor, Shape target) throws IOException;

  /** The tensor as it is. */
  Transform NONE =
      new Transform() {
        @Override
        public Shape source(Shape target) {
          return target;
        }

        @Override
        public TensorData apply(TensorData tensor, Shape target) {
          return tensor;
        }
      };

  /** A tensor of another shape with the same elements in the same order. */
  interface Reshape extends Transform {
    @Override
    default TensorData apply(TensorData tensor, Shape target) {
      return tensor.reshape(target.sizes());
    }
  }

  /** The weight (out, in, 1) of a convolution of one pixel, as that of a linear layer. */
  Reshape POINT_CONVOLUTION = target -> Shape.of(target.size(0), target.size(1), 1);

  /** The weight (out, in, 1, 1) of a convolution of one pixel, as that of a linear layer. */
  Reshape PIXEL_CONVOLUTION = target -> Shape.of(target.size(0), target.size(1), 1, 1);

  /** A weight (out, 4·in, 1, 1) of four pixels as channels, as the convolution (out, in, 2, 2). */
  Reshape PIXEL_UNSHUFFLE = target -> Shape.of(target.size(0), 4 * target.size(1), 1, 1);
}
