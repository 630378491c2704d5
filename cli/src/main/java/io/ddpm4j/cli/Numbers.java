package io.ddpm4j.cli;

import java.math.BigDecimal;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Option values that are numbers, most of them in a range: anything else is wrong usage. */
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

  /** Any whole number, as seeds are. */
  static final class Whole implements ITypeConverter<Long> {
    @Override
    public Long convert(String value) {
      try {
        return Long.parseLong(value);
      } catch (NumberFormatException e) {
        throw wrong("a whole number of at most 64 bits", value);
      }
    }
  }

  /** Any number. */
  static final class Real implements ITypeConverter<Double> {
    @Override
    public Double convert(String value) {
      try {
        double number = Double.parseDouble(value);
        if (Double.isFinite(number)) {
          return number;
        }
      } catch (NumberFormatException e) {
        // The same sentence.
      }
      throw wrong("a number", value);
    }
  }

  /** A number above 0. */
  static final class AboveZero implements ITypeConverter<Double> {
    @Override
    public Double convert(String value) {
      double number = new Real().convert(value);
      if (!(number > 0)) {
        throw wrong("a number above 0", value);
      }
      return number;
    }
  }

  /** A tolerance: a number of at least 0. */
  static final class Tolerance implements ITypeConverter<Double> {
    @Override
    public Double convert(String value) {
      double tolerance = new Real().convert(value);
      if (tolerance < 0) {
        throw wrong("a number of at least 0", value);
      }
      return tolerance;
    }
  }

  /** A beta: a number above 0 and below 1. */
  static final class Beta implements ITypeConverter<Double> {
    @Override
    public Double convert(String value) {
      double beta = new Real().convert(value);
      if (!(beta > 0 && beta < 1)) {
        throw wrong("a number above 0 and below 1", value);
      }
      return beta;
    }
  }

  /** A part of a whole: above 0 and at most 1. */
  static final class Share implements ITypeConverter<Double> {
    @Override
    public Double convert(String value) {
      double share = new Real().convert(value);
      if (!(share > 0 && share <= 1)) {
        throw wrong("a number above 0 and at most 1", value);
      }
      return share;
    }
  }

  /** A number as a user would write it: 5, not 5.0, and 0.0001, not 1.0E-4. */
  static String plain(double value) {
    boolean written = Double.isFinite(value) && Math.abs(value) < 1e15;
    return written && (value == 0 || Math.abs(value) >= 1e-6)
        ? BigDecimal.valueOf(value).stripTrailingZeros().toPlainString()
        : Double.toString(value);
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
    throw wrong("a whole number of at least " + least, value);
  }

  private static TypeConversionException wrong(String expected, String found) {
    return new TypeConversionException("expected " + expected + ", found '" + found + "'");
  }
}
