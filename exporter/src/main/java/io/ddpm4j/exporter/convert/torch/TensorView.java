package io.ddpm4j.exporter.convert.torch;

import io.ddpm4j.exporter.TemporaryBytes;
import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Shape;
import java.io.IOException;
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
  private static final int PIECE = 1 << 16; // bytes, a multiple of every element's size

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
   * @param part the storage from the view's first element on, little endian
   * @throws IOException if many of them cannot be kept
   */
  ByteBuffer gather(ByteBuffer part) throws IOException {
    int size = Math.toIntExact(elements() * type.bytes());
    return TemporaryBytes.of(
        size,
        out -> {
          ByteBuffer piece = ByteBuffer.allocate(PIECE).order(ByteOrder.LITTLE_ENDIAN);
          long[] sizes = shape.sizes();
          long[] index = new long[sizes.length];
          long at = 0; // of the element, counted from the first
          for (long left = elements(); left > 0; left--) {
            put((int) at * type.bytes(), part, piece);
            if (!piece.hasRemaining() || left == 1) {
              out.write(piece.flip());
              piece.clear();
            }
            for (int axis = sizes.length - 1; axis >= 0; axis--) {
              at += strides[axis];
              if (++index[axis] < sizes[axis]) {
                break;
              }
              at -= strides[axis] * sizes[axis];
              index[axis] = 0;
            }
          }
        });
  }

  private void put(int at, ByteBuffer from, ByteBuffer to) {
    switch (type.bytes()) {
      case 1 -> to.put(from.get(at));
      case 2 -> to.putShort(from.getShort(at));
      case 4 -> to.putInt(from.getInt(at));
      case 8 -> to.putLong(from.getLong(at));
      default -> to.putLong(from.getLong(at)).putLong(from.getLong(at + 8));
    }
  }
}
