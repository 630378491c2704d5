package io.ddpm4j.cli;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Option values that have to lie in a range: anything else is wrong usage. */
final class Numbers {
  private Numbers() {}

  /** 1, 2, 3, … */
  static final class Positive implements ITypeConverter<Integer> {
    @Override
    public Integer convert(String value) {
      return atLeast(1, value);
    }
  }

  /** 2, 3, 4, … */
  static final class AtLeastTwo implements ITypeConverter<Integer> {
    @Override
    public Integer convert(String value) {
      return atLeast(2, value);
    }
  }

  /** 0, 1, 2, … */
  static final class NotNegative implements ITypeConverter<Integer> {
    @Override
    public Integer convert(String value) {
      return atLeast(0, value);
    }
  }

  private static int atLeast(int least, String value) {
    try {
      int number = Integer.parseInt(value);
      if (number >= least) {
        return number;
      }
    } catch (NumberFormatException e) {
      // The same sentence.
    }
    throw new TypeConversionException(
        "expected a whole number of at least " + least + ", found '" + value + "'");
  }
}
