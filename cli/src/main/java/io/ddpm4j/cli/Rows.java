package io.ddpm4j.cli;

import io.ddpm4j.runtime.image.NumpyArray;
import java.nio.ByteBuffer;
import java.util.List;

/** Parts of arrays along their first axis, as batches are. */
final class Rows {
  private Rows() {}

  /**
   * Some of an array's rows.
   *
   * @param from the first
   * @param count how many; past the array's end its last row is repeated
   */
  static NumpyArray of(NumpyArray array, int from, int count) {
    long[] shape = array.shape();
    int rows = Math.toIntExact(shape[0]);
    ByteBuffer data = array.data();
    int bytes = data.remaining() / rows;
    ByteBuffer some = ByteBuffer.allocate(Math.multiplyExact(count, bytes)).order(data.order());
    for (int k = 0; k < count; k++) {
      int row = Math.min(from + k, rows - 1);
      some.put(k * bytes, data, data.position() + row * bytes, bytes);
    }
    shape[0] = count;
    return NumpyArray.of(array.type(), some, shape);
  }

  /** Arrays of equal rows, one after the other. */
  static NumpyArray joined(List<NumpyArray> parts) {
    int bytes = parts.stream().mapToInt(part -> part.data().remaining()).sum();
    ByteBuffer all = ByteBuffer.allocate(bytes).order(parts.get(0).data().order());
    parts.forEach(part -> all.put(part.data()));
    long[] shape = parts.get(0).shape();
    shape[0] = parts.stream().mapToLong(part -> part.shape()[0]).sum();
    return NumpyArray.of(parts.get(0).type(), all.flip(), shape);
  }
}
