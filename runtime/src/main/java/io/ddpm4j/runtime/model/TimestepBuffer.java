package io.ddpm4j.runtime.model;

import io.ddpm4j.runtime.image.HalfPrecision;
import java.nio.ByteBuffer;

/** The timestep in the type and shape that a model wants: the same number throughout. */
final class TimestepBuffer {
  private final ElementType type;
  private final long[] shape;
  private final ByteBuffer bytes; // direct, native order

  /** For a batch. Rank 0 is one number; a first axis left open takes the batch, a second one 1. */
  TimestepBuffer(TensorSpec spec, int images) {
    this.type = ElementType.of(spec.type()).orElseThrow();
    this.shape = new long[spec.rank()];
    int product = 1;
    for (int axis = 0; axis < shape.length; axis++) {
      shape[axis] = spec.isFixed(axis) ? spec.shape().get(axis) : axis == 0 ? images : 1;
      product = Math.toIntExact(product * shape[axis]);
    }
    this.bytes = DirectTensor.allocate(type, product);
  }

  /** The type of the numbers. */
  ElementType type() {
    return type;
  }

  /** The extents. */
  long[] shape() {
    return shape.clone();
  }

  /** The numbers. */
  ByteBuffer bytes() {
    return bytes;
  }

  /** Sets every number: to the nearest whole one, half to even, where the type is an integer. */
  void fill(double timestep) {
    for (int at = 0; at < bytes.capacity(); at += type.bytes()) {
      switch (type) {
        case INT64 -> bytes.putLong(at, (long) Math.rint(timestep));
        case INT32 -> bytes.putInt(at, (int) Math.rint(timestep));
        case FLOAT -> bytes.putFloat(at, (float) timestep);
        case FLOAT16 -> bytes.putShort(at, HalfPrecision.ofFloat((float) timestep));
        case BFLOAT16 -> bytes.putShort(at, HalfPrecision.bfloat16OfFloat((float) timestep));
        default -> bytes.putDouble(at, timestep);
      }
    }
  }
}
