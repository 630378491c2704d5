package io.ddpm4j.runtime.model;

import io.ddpm4j.runtime.image.NumpyType;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** The element types of tensors that ONNX Runtime's Java interface can make and read. */
enum ElementType {
  FLOAT(NumpyType.FLOAT32),
  DOUBLE(NumpyType.FLOAT64),
  FLOAT16(NumpyType.FLOAT16),
  /** NumPy has none: its arrays hold the same numbers as float32. */
  BFLOAT16(NumpyType.FLOAT32),
  INT8(NumpyType.INT8),
  INT16(NumpyType.INT16),
  INT32(NumpyType.INT32),
  INT64(NumpyType.INT64),
  UINT8(NumpyType.UINT8),
  BOOL(NumpyType.BOOL);

  private final NumpyType numpy;

  ElementType(NumpyType numpy) {
    this.numpy = numpy;
  }

  /** The type of this name in ONNX's spelling, lower case. */
  static Optional<ElementType> of(String name) {
    return Arrays.stream(values()).filter(type -> type.label().equals(name)).findFirst();
  }

  /** ONNX's spelling, lower case. */
  String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** All names, for messages. */
  static String labels() {
    return Arrays.stream(values()).map(ElementType::label).collect(Collectors.joining(", "));
  }

  /** The type of an array that holds such numbers. */
  NumpyType numpy() {
    return numpy;
  }

  /** Bytes of an element. */
  int bytes() {
    return this == BFLOAT16 ? Short.BYTES : numpy.bytes();
  }

  /** Whether images can be of it: a number with a fraction. */
  boolean isFloat() {
    return numpy.isFloat();
  }
}
