package io.ddpm4j.exporter.graph;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * An immutable array of numbers: a graph's constant or a parameter's value. Elements lie row-major,
 * little endian, as in an ONNX file's raw data.
 */
public final class TensorData {
  private final DataType dataType;
  private final Shape shape;
  private final ByteBuffer bytes; // read-only
  private int hash; // 0 until it is asked for: constants are looked up by value, weights are not

  private TensorData(DataType dataType, Shape shape, ByteBuffer bytes) {
    long expected = Math.multiplyExact(shape.elements(), (long) dataType.bytes());
    if (dataType == DataType.STRING || bytes.remaining() != expected) {
      throw new IllegalArgumentException(
          "a tensor "
              + dataType
              + shape
              + " needs "
              + expected
              + " bytes of numbers, found "
              + bytes.remaining());
    }
    this.dataType = dataType;
    this.shape = shape;
    this.bytes = bytes.slice().asReadOnlyBuffer();
  }

  private TensorData(DataType dataType, Shape shape, byte[] bytes) {
    this(dataType, shape, ByteBuffer.wrap(bytes));
  }

  /** Copies {@code bytes}, which hold the elements little endian. */
  public static TensorData ofBytes(DataType dataType, Shape shape, byte[] bytes) {
    return new TensorData(dataType, shape, bytes.clone());
  }

  /**
   * Takes the rest of {@code bytes}, the elements little endian, without copying it: nobody may
   * change it afterwards.
   */
  public static TensorData wrap(DataType dataType, Shape shape, ByteBuffer bytes) {
    return new TensorData(dataType, shape, bytes);
  }

  /** Floats of this shape, row-major. */
  public static TensorData ofFloats(float[] values, long... sizes) {
    byte[] bytes = new byte[values.length * Float.BYTES];
    little(bytes).asFloatBuffer().put(values);
    return new TensorData(DataType.FLOAT, Shape.of(sizes), bytes);
  }

  /** Values of int64 of this shape, row-major. */
  public static TensorData ofLongs(long[] values, long... sizes) {
    byte[] bytes = new byte[values.length * Long.BYTES];
    little(bytes).asLongBuffer().put(values);
    return new TensorData(DataType.INT64, Shape.of(sizes), bytes);
  }

  /** Truth values of this shape, row-major. */
  public static TensorData ofBools(boolean[] values, long... sizes) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) (values[i] ? 1 : 0);
    }
    return new TensorData(DataType.BOOL, Shape.of(sizes), bytes);
  }

  /** A float of rank 0. */
  public static TensorData scalar(float value) {
    return ofFloats(new float[] {value});
  }

  /** An int64 of rank 0. */
  public static TensorData scalar(long value) {
    return ofLongs(new long[] {value});
  }

  /** A vector of int64, as axes, shapes and pads are given. */
  public static TensorData longs(long... values) {
    return ofLongs(values, values.length);
  }

  /**
   * A scalar of any numeric type but the 16-bit floats.
   *
   * @throws IllegalArgumentException for types that have no such scalar here
   */
  public static TensorData scalar(DataType dataType, double value) {
    byte[] bytes = new byte[dataType.bytes()];
    ByteBuffer buffer = little(bytes);
    switch (dataType) {
      case FLOAT -> buffer.putFloat((float) value);
      case DOUBLE -> buffer.putDouble(value);
      case INT64, UINT64 -> buffer.putLong((long) value);
      case INT32, UINT32 -> buffer.putInt((int) value);
      case INT16, UINT16 -> buffer.putShort((short) value);
      case INT8, UINT8 -> buffer.put((byte) value);
      case BOOL -> buffer.put((byte) (value != 0 ? 1 : 0));
      default -> throw new IllegalArgumentException("no scalar constant of type " + dataType);
    }
    return new TensorData(dataType, Shape.SCALAR, bytes);
  }

  /** The element type. */
  public DataType dataType() {
    return dataType;
  }

  /** The shape. */
  public Shape shape() {
    return shape;
  }

  /** Element type and shape. */
  public TensorType type() {
    return new TensorType(dataType, shape);
  }

  /** The elements, little endian, read-only. */
  public ByteBuffer bytes() {
    return bytes.duplicate().order(ByteOrder.LITTLE_ENDIAN);
  }

  /** The size of all elements, in bytes. */
  public int byteSize() {
    return bytes.remaining();
  }

  /**
   * A copy of the elements of a {@link DataType#FLOAT} tensor.
   *
   * @throws IllegalStateException for another type
   */
  public float[] floats() {
    require(DataType.FLOAT);
    float[] values = new float[byteSize() / Float.BYTES];
    bytes().asFloatBuffer().get(values);
    return values;
  }

  /**
   * A copy of the elements of an {@link DataType#INT64} tensor.
   *
   * @throws IllegalStateException for another type
   */
  public long[] longs() {
    require(DataType.INT64);
    long[] values = new long[byteSize() / Long.BYTES];
    bytes().asLongBuffer().get(values);
    return values;
  }

  /** The same elements under another shape of equal size. */
  public TensorData reshape(long... sizes) {
    return new TensorData(dataType, Shape.of(sizes), bytes);
  }

  private void require(DataType expected) {
    if (dataType != expected) {
      throw new IllegalStateException("expected a " + expected + " tensor, found " + dataType);
    }
  }

  private static ByteBuffer little(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof TensorData that
        && dataType == that.dataType
        && shape.equals(that.shape)
        && bytes.equals(that.bytes);
  }

  @Override
  public int hashCode() {
    if (hash == 0) { // threads may both compute it: to the same value
      hash = bytes.hashCode() * 31 + shape.hashCode();
    }
    return hash;
  }

  @Override
  public String toString() {
    return dataType + shape.toString();
  }
}
