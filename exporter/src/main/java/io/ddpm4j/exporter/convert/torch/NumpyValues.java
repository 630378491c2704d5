package io.ddpm4j.exporter.convert.torch;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;

/** NumPy's numbers, of which training loops keep a few. Its arrays are not read. */
final class NumpyValues {
  /** Reads a number that begins at byte 0. */
  @FunctionalInterface
  private interface Reader {
    Object read(ByteBuffer bytes);
  }

  private static final Map<String, Reader> READERS =
      Map.of(
          "f8", ByteBuffer::getDouble,
          "f4", bytes -> (double) bytes.getFloat(),
          "i8", ByteBuffer::getLong,
          "i4", bytes -> (long) bytes.getInt(),
          "i2", bytes -> (long) bytes.getShort(),
          "i1", bytes -> (long) bytes.get(),
          "u4", bytes -> bytes.getInt() & 0xFFFFFFFFL,
          "u2", bytes -> (long) (bytes.getShort() & 0xFFFF),
          "u1", bytes -> (long) (bytes.get() & 0xFF),
          "b1", bytes -> bytes.get() != 0);

  private NumpyValues() {}

  /** An element type, to whose code, such as {@code f8}, a byte order is added as its state. */
  static final class Dtype {
    private final String code;
    private ByteOrder order = ByteOrder.LITTLE_ENDIAN;

    private Dtype(String code) {
      this.code = code;
    }

    /**
     * Takes the state.
     *
     * @param state a version, the byte order, and what other types than numbers have
     */
    void build(Object state) {
      if (state instanceof List<?> parts && parts.size() > 1 && ">".equals(parts.get(1))) {
        order = ByteOrder.BIG_ENDIAN;
      }
    }
  }

  /** {@code numpy.dtype(code, align, copy)}. */
  static Object dtype(List<?> arguments) {
    if (arguments.isEmpty() || !(arguments.get(0) instanceof String code)) {
      throw new IllegalArgumentException("the code of a type");
    }
    return new Dtype(code);
  }

  /** {@code numpy.core.multiarray.scalar(dtype, bytes)}: a number of Java's where there is one. */
  static Object scalar(List<?> arguments) {
    if (arguments.size() == 2
        && arguments.get(0) instanceof Dtype type
        && arguments.get(1) instanceof byte[] bytes) {
      Reader reader = READERS.get(type.code);
      if (reader != null && type.code.endsWith(Integer.toString(bytes.length))) {
        return reader.read(ByteBuffer.wrap(bytes).order(type.order));
      }
    }
    return new Inert("a scalar of NumPy");
  }
}
