package io.ddpm4j.cli;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Height and width of an image, each at least 1. */
record ImageSize(int height, int width) {
  private static final Pattern FORM = Pattern.compile("([1-9]\\d{0,8})(?:x([1-9]\\d{0,8}))?");

  /** Reads {@code 32}, for a square, or {@code 32x48}, height first. */
  static final class Converter implements ITypeConverter<ImageSize> {
    @Override
    public ImageSize convert(String value) {
      Matcher matcher = FORM.matcher(value);
      if (!matcher.matches()) {
        throw new TypeConversionException(
            "expected a whole number of at least 1, or HEIGHTxWIDTH, found '" + value + "'");
      }
      int height = Integer.parseInt(matcher.group(1));
      return new ImageSize(
          height, matcher.group(2) == null ? height : Integer.parseInt(matcher.group(2)));
    }
  }
}
