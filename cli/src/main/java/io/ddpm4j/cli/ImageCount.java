package io.ddpm4j.cli;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * How many images of a data set.
 *
 * @param number at least 1, or 0 for all of them
 */
record ImageCount(int number) {
  private static final String ALL = "all";

  /** Of a set that holds so many. */
  int of(int size) {
    return number == 0 ? size : number;
  }

  /** Reads {@code 100}, or {@code all}. */
  static final class Converter implements ITypeConverter<ImageCount> {
    @Override
    public ImageCount convert(String value) {
      if (value.equals(ALL)) {
        return new ImageCount(0);
      }
      try {
        return new ImageCount(new Numbers.Positive().convert(value));
      } catch (TypeConversionException e) {
        throw new TypeConversionException(
            "expected a whole number of at least 1, or all, found '" + value + "'");
      }
    }
  }
}
