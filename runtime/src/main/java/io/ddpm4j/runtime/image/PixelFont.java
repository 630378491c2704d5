package io.ddpm4j.runtime.image;

import java.awt.image.BufferedImage;
import java.text.Normalizer;
import java.util.List;
import java.util.Map;

/**
 * Text for pictures where no fonts may be installed: the printable ASCII characters on 5x7 pixels,
 * drawn at whole multiples of that. Letters take the width they need, figures all the same, so that
 * numbers stand in columns. Small letters may have an accent; where there is no room for one, as on
 * capitals, or it is an unusual one, the letter stands without. Any other character is drawn as a
 * hollow box.
 */
public final class PixelFont {
  /** Height of capitals and figures above the base line, in font pixels. */
  public static final int CAP_HEIGHT = 7;

  /** Height from the top of capitals to the lowest end of letters below the base line. */
  public static final int HEIGHT = 9;

  private static final int CELL_WIDTH = 5;
  private static final int SPACE_WIDTH = 3;
  private static final int GAP = 1;
  private static final char FIRST = ' ';
  private static final int PER_LINE = 12;

  /** Characters that reach below the base line, and by how many pixels. */
  private static final String DROPPED_BY_TWO = "gpqy";

  private static final String DROPPED_BY_ONE = "j,;";

  /** From ' ' to '~', twelve in a line. */
  private static final String TABLE =
      """
      ..... ..#.. .#.#. .#.#. ..#.. ##..# .##.. ..#.. ...#. .#... ..... .....
      ..... ..#.. .#.#. .#.#. .#### ##..# #..#. ..#.. ..#.. ..#.. ..#.. ..#..
      ..... ..#.. ..... ##### #.#.. ...#. #.#.. ..... .#... ...#. #.#.# ..#..
      ..... ..#.. ..... .#.#. .###. ..#.. .#... ..... .#... ...#. .###. #####
      ..... ..#.. ..... ##### ..#.# .#... #.#.# ..... .#... ...#. #.#.# ..#..
      ..... ..... ..... .#.#. ####. #..## #..#. ..... ..#.. ..#.. ..#.. ..#..
      ..... ..#.. ..... .#.#. ..#.. #..## .##.# ..... ...#. .#... ..... .....

      ..... ..... ..... ....# .###. ..#.. .###. .###. ...#. ##### .###. #####
      ..... ..... ..... ....# #...# .##.. #...# #...# ..##. #.... #.... ....#
      ..... ..... ..... ...#. #...# ..#.. ....# ....# .#.#. ####. #.... ...#.
      ..... .###. ..... ..#.. #...# ..#.. ...#. ..##. #..#. ....# ####. ...#.
      ..#.. ..... ..... .#... #...# ..#.. ..#.. ....# ##### ....# #...# ..#..
      ..#.. ..... ..... #.... #...# ..#.. .#... #...# ...#. #...# #...# ..#..
      .#... ..... ..#.. #.... .###. .###. ##### .###. ...#. .###. .###. ..#..

      .###. .###. ..... ..... ..... ..... ..... .###. .###. .###. ####. .###.
      #...# #...# ..... ..#.. ...#. ..... .#... #...# #...# #...# #...# #...#
      #...# #...# ..#.. ..... ..#.. .###. ..#.. ....# #.### #...# #...# #....
      .###. .#### ..... ..... .#... ..... ...#. ...#. #.#.# ##### ####. #....
      #...# ....# ..... ..#.. ..#.. .###. ..#.. ..#.. #.### #...# #...# #....
      #...# ....# ..#.. ..#.. ...#. ..... .#... ..... #.... #...# #...# #...#
      .###. .###. ..... .#... ..... ..... ..... ..#.. .###. #...# ####. .###.

      ####. ##### ##### .###. #...# .###. ..### #...# #.... #...# #...# .###.
      #...# #.... #.... #...# #...# ..#.. ...#. #..#. #.... ##.## ##..# #...#
      #...# #.... #.... #.... #...# ..#.. ...#. #.#.. #.... #.#.# ##..# #...#
      #...# ####. ####. #.### ##### ..#.. ...#. ##... #.... #.#.# #.#.# #...#
      #...# #.... #.... #...# #...# ..#.. ...#. #.#.. #.... #...# #..## #...#
      #...# #.... #.... #...# #...# ..#.. #..#. #..#. #.... #...# #..## #...#
      ####. ##### #.... .###. #...# .###. .##.. #...# ##### #...# #...# .###.

      ####. .###. ####. .#### ##### #...# #...# #...# #...# #...# ##### .##..
      #...# #...# #...# #.... ..#.. #...# #...# #...# #...# #...# ....# .#...
      #...# #...# #...# #.... ..#.. #...# #...# #...# .#.#. .#.#. ...#. .#...
      ####. #...# ####. .###. ..#.. #...# #...# #.#.# ..#.. ..#.. ..#.. .#...
      #.... #.#.# #.#.. ....# ..#.. #...# .#.#. #.#.# .#.#. ..#.. .#... .#...
      #.... #..#. #..#. ....# ..#.. #...# .#.#. ##.## #...# ..#.. #.... .#...
      #.... .##.# #...# ####. ..#.. .###. ..#.. #...# #...# ..#.. ##### .##..

      #.... ..##. ..#.. ..... .#... ..... #.... ..... ....# ..... ..##. .####
      #.... ...#. .#.#. ..... ..#.. ..... #.... ..... ....# ..... .#... #...#
      .#... ...#. #...# ..... ..... .###. ####. .###. .#### .###. ####. #...#
      ..#.. ...#. ..... ..... ..... ....# #...# #.... #...# #...# .#... #...#
      ...#. ...#. ..... ..... ..... .#### #...# #.... #...# ##### .#... .####
      ....# ...#. ..... ..... ..... #...# #...# #.... #...# #.... .#... ....#
      ....# ..##. ..... ##### ..... .#### ####. .###. .#### .###. .#... .###.

      #.... ..#.. ...#. #.... .##.. ..... ..... ..... ####. .#### ..... .....
      #.... ..... ..... #.... ..#.. ..... ..... ..... #...# #...# ..... .....
      ####. .##.. ...#. #..#. ..#.. ##.#. ####. .###. #...# #...# #.##. .####
      #...# ..#.. ...#. #.#.. ..#.. #.#.# #...# #...# #...# #...# ##... #....
      #...# ..#.. ...#. ##... ..#.. #.#.# #...# #...# ####. .#### #.... .###.
      #...# ..#.. ...#. #.#.. ..#.. #.#.# #...# #...# #.... ....# #.... ....#
      #...# .###. .##.. #..#. .###. #.#.# #...# .###. #.... ....# #.... ####.

      .#... ..... ..... ..... ..... #...# ..... ...#. ..#.. .#... .....
      .#... ..... ..... ..... ..... #...# ..... ..#.. ..#.. ..#.. .....
      ####. #...# #...# #...# #...# #...# ##### ..#.. ..#.. ..#.. .#..#
      .#... #...# #...# #.#.# .#.#. #...# ...#. .#... ..#.. ...#. #.#.#
      .#... #...# #...# #.#.# ..#.. .#### ..#.. ..#.. ..#.. ..#.. #..#.
      .#... #...# .#.#. #.#.# .#.#. ....# .#... ..#.. ..#.. ..#.. .....
      ..##. .#### ..#.. .#.#. #...# .###. ##### ...#. ..#.. .#... .....
      """;

  /** Small letters that leave the two rows above free, but for the dot of i. */
  private static final String ROOM_ABOVE = "aceimnorsuvwxz";

  /** What Unicode's combining accents look like in those two rows. */
  private static final Map<Character, List<String>> ACCENTS =
      Map.of(
          '\u0300', List.of(".#...", "..#.."), // grave
          '\u0301', List.of("...#.", "..#.."), // acute
          '\u0302', List.of("..#..", ".#.#."), // circumflex
          '\u0303', List.of(".##.#", "#.##."), // tilde
          '\u0304', List.of(".###.", "....."), // macron
          '\u0308', List.of(".#.#.", "....."), // diaeresis
          '\u030a', List.of("..#..", "..#.."), // ring
          '\u030c', List.of(".#.#.", "..#..")); // caron

  private static final boolean[][][] GLYPHS = parse(TABLE);
  private static final boolean[][] UNKNOWN = box();

  private PixelFont() {}

  /**
   * Width of a line of text in image pixels.
   *
   * @param scale image pixels per font pixel, at least 1
   */
  public static int width(String text, int scale) {
    int width = 0;
    for (int i = 0; i < text.length(); i++) {
      width += advance(text.charAt(i));
    }
    return Math.max(0, width - GAP) * scale;
  }

  /**
   * Draws a line of text; what lies outside the image is cut off.
   *
   * @param x left edge in image pixels
   * @param y top of the capitals in image pixels
   * @param scale image pixels per font pixel, at least 1
   * @param rgb colour, 0xRRGGBB
   */
  public static void draw(BufferedImage image, String text, int x, int y, int scale, int rgb) {
    draw(text, scale, (dx, dy) -> set(image, x + dx, y + dy, rgb));
  }

  /**
   * Draws a line of text that reads from bottom to top; what lies outside the image is cut off.
   *
   * @param x left edge, which is the top of the capitals, in image pixels
   * @param y bottom edge, where the text starts, in image pixels
   * @param scale image pixels per font pixel, at least 1
   * @param rgb colour, 0xRRGGBB
   */
  public static void drawUpwards(
      BufferedImage image, String text, int x, int y, int scale, int rgb) {
    draw(text, scale, (dx, dy) -> set(image, x + dy, y - 1 - dx, rgb));
  }

  private interface Pixels {
    void set(int dx, int dy);
  }

  private static void draw(String text, int scale, Pixels pixels) {
    if (scale < 1) {
      throw new IllegalArgumentException("expected a scale of at least 1, found " + scale);
    }
    int left = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean[][] glyph = glyph(c);
      int first = firstColumn(c);
      char letter = decomposed(c).charAt(0);
      int drop =
          DROPPED_BY_TWO.indexOf(letter) >= 0 ? 2 : DROPPED_BY_ONE.indexOf(letter) >= 0 ? 1 : 0;
      for (int row = 0; row < CAP_HEIGHT; row++) {
        for (int column = first; column < CELL_WIDTH; column++) {
          if (glyph[row][column]) {
            square(pixels, (left + column - first) * scale, (row + drop) * scale, scale);
          }
        }
      }
      left += advance(c);
    }
  }

  private static void square(Pixels pixels, int x, int y, int side) {
    for (int dy = 0; dy < side; dy++) {
      for (int dx = 0; dx < side; dx++) {
        pixels.set(x + dx, y + dy);
      }
    }
  }

  private static void set(BufferedImage image, int x, int y, int rgb) {
    if (x >= 0 && y >= 0 && x < image.getWidth() && y < image.getHeight()) {
      image.setRGB(x, y, 0xff000000 | rgb);
    }
  }

  private static boolean[][] glyph(char c) {
    if (isAscii(c)) {
      return GLYPHS[c - FIRST];
    }
    String parts = decomposed(c);
    char letter = parts.charAt(0);
    if (parts.length() == 1 || !isAscii(letter)) {
      return UNKNOWN;
    }
    List<String> accent = ACCENTS.get(parts.charAt(1));
    boolean[][] plain = GLYPHS[letter - FIRST];
    if (accent == null || ROOM_ABOVE.indexOf(letter) < 0) {
      return plain;
    }
    boolean[][] accented = plain.clone();
    for (int row = 0; row < accent.size(); row++) {
      accented[row] = row(accent.get(row), 0);
    }
    return accented;
  }

  /** A letter and its accents one by one; anything else is itself. */
  private static String decomposed(char c) {
    return isAscii(c)
        ? String.valueOf(c)
        : Normalizer.normalize(String.valueOf(c), Normalizer.Form.NFD);
  }

  private static boolean isAscii(char c) {
    return c >= FIRST && c - FIRST < GLYPHS.length;
  }

  private static int advance(char c) {
    if (c == ' ') {
      return SPACE_WIDTH + GAP;
    }
    return (isFigure(c) ? CELL_WIDTH : lastColumn(c) - firstColumn(c) + 1) + GAP;
  }

  private static int firstColumn(char c) {
    if (isFigure(c)) {
      return 0;
    }
    int column = 0;
    while (column < CELL_WIDTH - 1 && isEmpty(c, column)) {
      column++;
    }
    return column;
  }

  private static int lastColumn(char c) {
    int column = CELL_WIDTH - 1;
    while (column > 0 && isEmpty(c, column)) {
      column--;
    }
    return column;
  }

  private static boolean isEmpty(char c, int column) {
    for (boolean[] row : glyph(c)) {
      if (row[column]) {
        return false;
      }
    }
    return true;
  }

  private static boolean isFigure(char c) {
    return c >= '0' && c <= '9';
  }

  private static boolean[][][] parse(String table) {
    String[] lines = table.lines().filter(line -> !line.isBlank()).toArray(String[]::new);
    boolean[][][] glyphs = new boolean['~' - FIRST + 1][CAP_HEIGHT][CELL_WIDTH];
    for (int g = 0; g < glyphs.length; g++) {
      for (int row = 0; row < CAP_HEIGHT; row++) {
        String line = lines[g / PER_LINE * CAP_HEIGHT + row];
        glyphs[g][row] = row(line, g % PER_LINE * (CELL_WIDTH + 1));
      }
    }
    return glyphs;
  }

  private static boolean[] row(String line, int from) {
    boolean[] row = new boolean[CELL_WIDTH];
    for (int column = 0; column < CELL_WIDTH; column++) {
      row[column] = line.charAt(from + column) == '#';
    }
    return row;
  }

  private static boolean[][] box() {
    boolean[][] box = new boolean[CAP_HEIGHT][CELL_WIDTH];
    for (int row = 0; row < CAP_HEIGHT; row++) {
      for (int column = 0; column < CELL_WIDTH; column++) {
        box[row][column] =
            row == 0 || row == CAP_HEIGHT - 1 || column == 0 || column == CELL_WIDTH - 1;
      }
    }
    return box;
  }
}
