package io.ddpm4j.exporter.graph;

/** The element types of ONNX tensors, with their numbers in the file format. */
public enum DataType {
  FLOAT(1, 4),
  UINT8(2, 1),
  INT8(3, 1),
  UINT16(4, 2),
  INT16(5, 2),
  INT32(6, 4),
  INT64(7, 8),
  STRING(8, 0),
  BOOL(9, 1),
  FLOAT16(10, 2),
  DOUBLE(11, 8),
  UINT32(12, 4),
  UINT64(13, 8),
  COMPLEX64(14, 8),
  COMPLEX128(15, 16),
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
