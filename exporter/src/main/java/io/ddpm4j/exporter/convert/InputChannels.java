package io.ddpm4j.exporter.convert;

import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;

/**
 * The last of a convolution's input channels: those before them see zeros only, so that their
 * weights count for nothing.
 *
 * @param all of the checkpoint's tensor
 */
record InputChannels(int all) implements Transform {
  @Override
  public Shape source(Shape target) {
    return Shape.of(target.size(0), all, target.size(2), target.size(3));
  }

  @Override
  public TensorData apply(TensorData tensor, Shape target) {
    float[] from = tensor.floats();
    float[] to = new float[Math.toIntExact(target.elements())];
    int rows = (int) target.size(0);
    int kept = to.length / rows;
    int row = from.length / rows;
    for (int i = 0; i < rows; i++) {
      System.arraycopy(from, (i + 1) * row - kept, to, i * kept, kept);
    }
    return TensorData.ofFloats(to, target.sizes());
  }
}
