package io.ddpm4j.runtime.model;

import java.nio.ByteBuffer;

/** The class labels in the type and rank that a model wants, one for every image. */
final class LabelBuffer {
  private final ElementType type;
  private final long[] shape; // [], [N] or [N, 1]
  private final ByteBuffer bytes; // direct, native order

  LabelBuffer(TensorSpec spec, int images) {
    this.type = ElementType.of(spec.type()).orElseThrow();
    this.shape = new long[spec.rank()];
    for (int axis = 0; axis < shape.length; axis++) {
      shape[axis] = axis == 0 ? images : 1;
    }
    this.bytes = DirectTensor.allocate(type, images);
  }

  ElementType type() {
    return type;
  }

  long[] shape() {
    return shape.clone();
  }

  ByteBuffer bytes() {
    return bytes;
  }

  void put(int image, int label) {
    if (type == ElementType.INT32) {
      bytes.putInt(Integer.BYTES * image, label);
    } else {
      bytes.putLong(Long.BYTES * image, label);
    }
  }
}
