package io.ddpm4j.runtime.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PixelFontTest {
  private static final int INK = 0xff8000;

  @Test
  void aLetterLooksAsItShould() {
    assertEquals(
        """
        .###.
        #...#
        #...#
        #####
        #...#
        #...#
        #...#
        .....
        .....
        """,
        picture("A", 5));
    assertEquals(
        """
        .....
        .....
        .####
        #...#
        #...#
        #...#
        .####
        ....#
        .###.
        """,
        picture("g", 5));
  }

  @Test
  void smallLettersHaveTheirAccents() {
    assertEquals(
        """
        ...#.
        ..#..
        .###.
        #...#
        #####
        #....
        .###.
        .....
        .....
        """,
        picture("\u00e9", 5));
    Set<String> seen = new HashSet<>(Set.of(picture("a", 6), picture("\u4e00", 6)));
    for (String letter : List.of("\u00e0", "\u00e1", "\u00e2", "\u00e3", "\u00e4", "\u00e5")) {
      assertTrue(seen.add(picture(letter, 6)), letter);
    }
    assertEquals(picture("C", 6), picture("\u00c7", 6), "no room for a cedilla");
    assertEquals(picture("E", 6), picture("\u00c9", 6), "no room above capitals");
    assertEquals(picture("y", 6), picture("\u00fd", 6), "below the line, too");
  }

  @Test
  void everyPrintableCharacterHasAGlyphOfItsOwn() {
    Map<String, Character> seen = new HashMap<>();
    for (char c = '!'; c <= '~'; c++) {
      String picture = picture(String.valueOf(c), 6);
      assertTrue(picture.contains("#"), "nothing drawn for " + c);
      Character same = seen.put(picture, c);
      if (c != 'O') { // as in many a typeface, a capital O is a zero
        assertEquals(null, same, c + " looks like " + same);
      }
    }
    assertTrue(!seen.containsKey(picture("\u4e00", 6)), "the box is no letter");
    assertEquals(picture("\u4e00", 6), picture("\n", 6));
    assertTrue(!picture(" ", 6).contains("#"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"loss", "0.05", "Training loss: 12%", "iiii", "1", "@|~"})
  void theWidthIsThatOfTheInk(String text) {
    for (int scale = 1; scale <= 3; scale++) {
      BufferedImage image = new BufferedImage(500, 40, BufferedImage.TYPE_INT_RGB);
      PixelFont.draw(image, text, 0, 0, scale, INK);
      int last = -1;
      for (int x = 0; x < 500; x++) {
        for (int y = 0; y < 40; y++) {
          if ((image.getRGB(x, y) & 0xffffff) == INK) {
            last = x;
            assertTrue(y < PixelFont.HEIGHT * scale);
          }
        }
      }
      // A figure keeps its place even where it is narrower.
      assertEquals(PixelFont.width(text, scale), last + 1, text.equals("1") ? scale : 0);
    }
  }

  @Test
  void figuresStandInColumns() {
    for (char c = '0'; c <= '9'; c++) {
      assertEquals(5, PixelFont.width(String.valueOf(c), 1));
    }
    assertEquals(PixelFont.width("111.11", 2), PixelFont.width("888.88", 2));
    assertEquals(0, PixelFont.width("", 1));
  }

  @Test
  void upwardsIsTheSameTurned() {
    BufferedImage flat = new BufferedImage(60, 60, BufferedImage.TYPE_INT_RGB);
    BufferedImage turned = new BufferedImage(60, 60, BufferedImage.TYPE_INT_RGB);
    PixelFont.draw(flat, "Rg7", 0, 3, 2, INK);
    PixelFont.drawUpwards(turned, "Rg7", 3, 60, 2, INK);
    for (int y = 0; y < 60; y++) {
      for (int x = 0; x < 60; x++) {
        assertEquals(flat.getRGB(x, y), turned.getRGB(y, 59 - x));
      }
    }
  }

  @Test
  void whatLiesOutsideIsCutOff() {
    BufferedImage image = new BufferedImage(10, 10, BufferedImage.TYPE_INT_RGB);
    PixelFont.draw(image, "WWWW", -7, -3, 3, INK);
    PixelFont.drawUpwards(image, "WWWW", 8, 3, 3, INK);
    assertThrows(IllegalArgumentException.class, () -> PixelFont.draw(image, "W", 0, 0, 0, INK));
  }

  private static String picture(String text, int width) {
    BufferedImage image = new BufferedImage(width, PixelFont.HEIGHT, BufferedImage.TYPE_INT_RGB);
    PixelFont.draw(image, text, 0, 0, 1, INK);
    StringBuilder picture = new StringBuilder();
    for (int y = 0; y < PixelFont.HEIGHT; y++) {
      for (int x = 0; x < width; x++) {
        picture.append((image.getRGB(x, y) & 0xffffff) == INK ? '#' : '.');
      }
      picture.append('\n');
    }
    return picture.toString();
  }
}
