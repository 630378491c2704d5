package io.ddpm4j.trainer.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HeldOutTest {
  private final ImageDataset all = new ShapesDataset(60, 8, 0);

  private static List<String> pixels(ImageDataset data) {
    List<String> pixels = new ArrayList<>();
    byte[] image = new byte[data.imageBytes()];
    for (int i = 0; i < data.size(); i++) {
      data.read(i, image, 0);
      pixels.add(data.label(i) + " " + java.util.HexFormat.of().formatHex(image));
    }
    return pixels;
  }

  @Test
  void noImageIsLostAndNoneIsInBoth() {
    List<String> whole = pixels(all);
    Set<String> different = new HashSet<>(whole);
    assertEquals(60, different.size(), "the images of the test are different ones");
    for (long seed = 0; seed < 20; seed++) {
      HeldOut parts = HeldOut.of(all, 7, seed);
      List<String> training = pixels(parts.training());
      List<String> heldOut = pixels(parts.heldOut());
      assertEquals(53, training.size());
      assertEquals(7, heldOut.size());
      List<String> left = new ArrayList<>(whole);
      left.removeAll(heldOut);
      assertEquals(left, training, "the order of the data set, seed " + seed);
    }
  }

  @Test
  void theSeedDecides() {
    List<String> first = pixels(HeldOut.of(all, 7, 3).heldOut());
    assertEquals(first, pixels(HeldOut.of(all, 7, 3).heldOut()));
    assertNotEquals(first, pixels(HeldOut.of(all, 7, 4).heldOut()));
  }

  @Test
  void everyImageIsHeldOutAboutAsOften() {
    int[] times = new int[60];
    List<String> whole = pixels(all);
    for (long seed = 0; seed < 600; seed++) {
      pixels(HeldOut.of(all, 6, seed).heldOut()).forEach(p -> times[whole.indexOf(p)]++);
    }
    for (int image = 0; image < 60; image++) { // 60 expected, standard deviation 7.3
      assertTrue(times[image] > 30 && times[image] < 90, image + ": " + times[image]);
    }
  }

  @Test
  void theRestIsTheDataSets() {
    HeldOut parts = HeldOut.of(all, 7, 0);
    for (ImageDataset part : List.of(parts.training(), parts.heldOut())) {
      assertEquals(all.name(), part.name());
      assertEquals(all.classNames(), part.classNames());
      assertArrayEquals(
          new int[] {all.channels(), all.height(), all.width()},
          new int[] {part.channels(), part.height(), part.width()});
      assertThrows(IndexOutOfBoundsException.class, () -> part.label(part.size()));
      assertThrows(
          IndexOutOfBoundsException.class, () -> part.read(-1, new byte[part.imageBytes()], 0));
    }
    assertTrue(parts.training().description().endsWith(", 7 of them held out"));
    assertTrue(parts.heldOut().description().startsWith("7 held out of "));
  }

  @ParameterizedTest
  @CsvSource({
    "1000, 0.05, 50",
    "60000, 0.05, 3000",
    "100, 0.05, 8",
    "40, 0.05, 8",
    "39, 0.05, 7",
    "5, 0.05, 1",
    "4, 0.05, 0",
    "1, 0.9, 0",
    "10, 0.5, 5",
    "3, 0.99, 2",
    "1000, 0, 0"
  })
  void countsAreShares(int size, double share, int expected) {
    assertEquals(expected, HeldOut.count(size, share));
  }

  @Test
  void nonsenseIsRefused() {
    assertThrows(IllegalArgumentException.class, () -> HeldOut.of(all, 0, 0));
    assertThrows(IllegalArgumentException.class, () -> HeldOut.of(all, 60, 0));
    for (double share : new double[] {-0.1, 1, Double.NaN}) {
      assertThrows(IllegalArgumentException.class, () -> HeldOut.count(10, share));
    }
  }
}
