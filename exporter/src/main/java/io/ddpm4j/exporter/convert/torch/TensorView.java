package io.ddpm4j.exporter.convert.torch;

import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A tensor as PyTorch keeps it: a strided view of a storage.
 *
 * @param type of the elements
 * @param offset of the first element in the storage, in elements
 * @param strides by axis, in elements
 */
record TensorView(Storage storage, DataType type, long offset, Shape shape, long[] strides) {

  /** The number of elements; the constructor's caller has checked that it does not overflow. */
  long elements() {
    return shape.elements();
  }

  /** How far into the storage the view reaches, in elements; 0 without elements. */
  long end() {
    if (elements() == 0) {
      return 0;
    }
    long last = offset;
    for (int axis = 0; axis < strides.length; axis++) {
      last = Math.addExact(last, Math.multiplyExact(shape.size(axis) - 1, strides[axis]));
    }
    return Math.addExact(last, 1);
  }

  /** Whether the elements lie in the storage as in a file: row-major, without gaps. */
  boolean isContiguous() {
    long expected = 1;
    for (int axis = strides.length - 1; axis >= 0; axis--) {
      long size = shape.size(axis);
      if (size != 1 && strides[axis] != expected) {
        return false;
      }
      expected *= size;
    }
    return true;
  }

  /**
   * The elements row-major, copied.
   *
   * @param part the storage from the view's first element on
   */
  ByteBuffer gather(ByteBuffer part) {
    int width = type.bytes();
    ByteBuffer target =
        ByteBuffer.allocate(Math.toIntExact(elements() * width)).order(ByteOrder.LITTLE_ENDIAN);
    long[] index = new long[strides.length];
    long at = 0; // of the element, counted from the first
    while (target.hasRemaining()) {
      target.put(part.slice(Math.toIntExact(at * width), width));
      for (int axis = strides.length - 1; axis >= 0; axis--) {
        at += strides[axis];
        if (++index[axis] < shape.size(axis)) {
          break;
        }
        at -= strides[axis] * shape.size(axis);
        index[axis] = 0;
      }
    }
    return target.flip();
  }
}
