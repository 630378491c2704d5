package io.ddpm4j.runtime.image;

import java.awt.image.BufferedImage;

/**
 * Text for pictures where no fonts may be installed: the printable ASCII characters on 5x7 pixels,
 * drawn at whole multiples of that. Letters take the width they need, figures all the same, so that
 * numbers stand in columns. Any other character is drawn as a hollow box.
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
      int drop = DROPPED_BY_TWO.indexOf(c) >= 0 ? 2 : DROPPED_BY_ONE.indexOf(c) >= 0 ? 1 : 0;
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
    int index = c - FIRST;
    return index >= 0 && index < GLYPHS.length ? GLYPHS[index] : UNKNOWN;
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
        for (int column = 0; column < CELL_WIDTH; column++) {
          glyphs[g][row][column] = line.charAt(g % PER_LINE * (CELL_WIDTH + 1) + column) == '#';
        }
      }
    }
    return glyphs;
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
