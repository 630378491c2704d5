package io.ddpm4j.runtime.model;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The timestep in the type and shape that a model wants: the same number throughout. */
final class TimestepBuffer {
  private static final double ROUNDING = 1e-6;

  private final TensorSpec spec;
  private final long[] shape;
  private final int count;
  private final ByteBuffer bytes; // direct, native order

  /** For a batch. Rank 0 is one number; a first axis left open takes the batch, a second one 1. */
  TimestepBuffer(TensorSpec spec, int images) {
    this.spec = spec;
    this.shape = new long[spec.rank()];
    int product = 1;
    for (int axis = 0; axis < shape.length; axis++) {
      shape[axis] = spec.isFixed(axis) ? spec.shape().get(axis) : axis == 0 ? images : 1;
      product = Math.toIntExact(product * shape[axis]);
    }
    this.count = product;
    this.bytes =
        ByteBuffer.allocateDirect(Math.multiplyExact(count, Long.BYTES))
            .order(ByteOrder.nativeOrder());
  }

  /** The extents. */
  long[] shape() {
    return shape.clone();
  }

  /** How many numbers there are. */
  int count() {
    return count;
  }

  /** The numbers, in the first bytes. */
  ByteBuffer bytes() {
    return bytes;
  }

  /**
   * Sets every number.
   *
   * @throws IllegalArgumentException if the type is an integer and {@code timestep} is none, beyond
   *     the rounding of the grids that it comes from
   */
  void fill(double timestep) {
    String type = spec.type();
    if (type.startsWith("int")) {
      if (Math.abs(timestep - Math.rint(timestep)) > ROUNDING) {
        throw new IllegalArgumentException(
            "timestep: expected a whole number for " + spec + ", found " + timestep);
      }
      timestep = Math.rint(timestep);
    }
    int width = type.equals("int32") || type.equals("float") ? Integer.BYTES : Long.BYTES;
    for (int i = 0; i < count; i++) {
      switch (type) {
        case "int64" -> bytes.putLong(i * width, (long) timestep);
        case "int32" -> bytes.putInt(i * width, (int) timestep);
        case "float" -> bytes.putFloat(i * width, (float) timestep);
        default -> bytes.putDouble(i * width, timestep);
      }
    }
  }
}
