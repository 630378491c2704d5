package io.ddpm4j.exporter;

/**
 * Text from files of unknown origin as it may stand in a message: without control characters, which
 * a terminal would obey, and not longer than people read.
 */
public final class OneLine {
  private static final int LONGEST = 1000;
  private static final int END = 200; // of what is too long, for it says what was found

  private OneLine() {}

  /** The text, or what is left of it. */
  public static String of(String text) {
    String cut =
        text.length() <= LONGEST
            ? text
            : text.substring(0, LONGEST - END) + "..." + text.substring(text.length() - END);
    StringBuilder line = new StringBuilder(cut.length());
    cut.codePoints().forEach(c -> line.appendCodePoint(isPlain(c) ? c : '\uFFFD'));
    return line.toString();
  }

  private static boolean isPlain(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT, // among them those that turn the direction of writing
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.SURROGATE,
          Character.UNASSIGNED ->
          false;
      default -> true;
    };
  }
}
