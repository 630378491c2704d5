package io.ddpm4j.exporter.graph;

/** The element types of ONNX tensors, with their numbers in the file format. */
public enum DataType {
  /** IEEE 754 binary32. */
  FLOAT(1, 4),
  /** Unsigned, 8 bits. */
  UINT8(2, 1),
  /** Signed, 8 bits. */
  INT8(3, 1),
  /** Unsigned, 16 bits. */
  UINT16(4, 2),
  /** Signed, 16 bits. */
  INT16(5, 2),
  /** Signed, 32 bits. */
  INT32(6, 4),
  /** Signed, 64 bits. */
  INT64(7, 8),
  /** Text in UTF-8. */
  STRING(8, 0),
  /** Truth values, a byte each. */
  BOOL(9, 1),
  /** IEEE 754 binary16. */
  FLOAT16(10, 2),
  /** IEEE 754 binary64. */
  DOUBLE(11, 8),
  /** Unsigned, 32 bits. */
  UINT32(12, 4),
  /** Unsigned, 64 bits. */
  UINT64(13, 8),
  /** Pairs of binary32. */
  COMPLEX64(14, 8),
  /** Pairs of binary64. */
  COMPLEX128(15, 16),
  /** The upper half of a binary32. */
  BFLOAT16(16, 2);

  private final int onnx;
  private final int bytes;

  DataType(int onnx, int bytes) {
    this.onnx = onnx;
    this.bytes = bytes;
  }

  /** The number of this type in an ONNX file ({@code TensorProto.DataType}). */
  public int onnx() {
    return onnx;
  }

  /** Size of one element in bytes; 0 for {@link #STRING}, whose elements have no fixed size. */
  public int bytes() {
    return bytes;
  }

  /** True for the types that hold fractions, complex ones left out. */
  public boolean isFloatingPoint() {
    return this == FLOAT || this == DOUBLE || this == FLOAT16 || this == BFLOAT16;
  }

  /**
   * The type with a number of the file format.
   *
   * @throws IllegalArgumentException if ddpm4j has no such type
   */
  public static DataType ofOnnx(int number) {
    for (DataType type : values()) {
      if (type.onnx == number) {
        return type;
      }
    }
    throw new IllegalArgumentException(
        "ONNX element type " + number + " is not supported; expected 1 (FLOAT) to 16 (BFLOAT16)");
  }
}
