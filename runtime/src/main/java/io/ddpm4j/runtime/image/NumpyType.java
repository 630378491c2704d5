package io.ddpm4j.runtime.image;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** The types of number that a {@link NumpyArray} can hold. */
public enum NumpyType {
  /** Truth values, a byte each. */
  BOOL("b1"),
  /** Whole numbers of 8 bits. */
  INT8("i1"),
  /** Whole numbers of 8 bits, from 0. */
  UINT8("u1"),
  /** Whole numbers of 16 bits. */
  INT16("i2"),
  /** Whole numbers of 16 bits, from 0. */
  UINT16("u2"),
  /** Whole numbers of 32 bits. */
  INT32("i4"),
  /** Whole numbers of 32 bits, from 0. */
  UINT32("u4"),
  /** Whole numbers of 64 bits. */
  INT64("i8"),
  /** Whole numbers of 64 bits, from 0. */
  UINT64("u8"),
  /** IEEE 754 binary16. */
  FLOAT16("f2"),
  /** IEEE 754 binary32. */
  FLOAT32("f4"),
  /** IEEE 754 binary64. */
  FLOAT64("f8");

  private final String code;

  NumpyType(String code) {
    this.code = code;
  }

  /** NumPy's code, such as {@code f4}. */
  public String code() {
    return code;
  }

  /** Bytes of an element. */
  public int bytes() {
    return code.charAt(1) - '0';
  }

  /** Whether it has fractions, infinities and NaN. */
  public boolean isFloat() {
    return code.charAt(0) == 'f';
  }

  static Optional<NumpyType> ofCode(String code) {
    return Arrays.stream(values()).filter(type -> type.code.equals(code)).findFirst();
  }

  static String codes() {
    return Arrays.stream(values()).map(NumpyType::code).collect(Collectors.joining(", "));
  }

  /** NumPy's name, such as {@code float32}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
