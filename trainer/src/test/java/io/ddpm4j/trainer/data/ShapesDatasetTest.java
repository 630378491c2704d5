package io.ddpm4j.trainer.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ShapesDatasetTest {

  /**
   * The promise is "the same to the bit everywhere": models and cards are made from these bytes.
   */
  @Test
  void theImagesNeverChange() {
    assertEquals(437634477L, checksum(new ShapesDataset(), 360));
    assertEquals(3251954391L, checksum(new ShapesDataset(36, 28, 7), 36));
  }

  @Test
  void anImageDoesNotDependOnHowManyThereAreOrWhoReadsIt() {
    ShapesDataset few = new ShapesDataset(40, 32, 5);
    ShapesDataset many = new ShapesDataset(4_000, 32, 5);
    byte[][] parallel =
        IntStream.range(0, 400)
            .parallel()
            .mapToObj(i -> IdxDatasetTest.image(few, i % 40))
            .toArray(byte[][]::new);
    for (int i = 0; i < 400; i++) {
      assertArrayEquals(IdxDatasetTest.image(many, i % 40), parallel[i]);
    }
    assertFalse(
        Arrays.equals(
            IdxDatasetTest.image(few, 0),
            IdxDatasetTest.image(new ShapesDataset(40, 32, 5 + 36), 0)));
  }

  @Test
  void classesAndColoursAreEquallyFrequent() {
    for (long seed : new long[] {0, 1, -5, Long.MIN_VALUE, Long.MAX_VALUE}) {
      ShapesDataset data = new ShapesDataset(36, 16, seed);
      Set<String> pairs = new HashSet<>();
      for (int i = 0; i < 36; i++) {
        byte[] image = IdxDatasetTest.image(data, i);
        pairs.add(data.label(i) + " " + centre(image, 16));
      }
      assertEquals(36, pairs.size());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {8, 28, 32, 64})
  void shapesAreLargeCentredOnWhiteAndAntiAliased(int side) {
    ShapesDataset data = new ShapesDataset(72, side, 3);
    int plane = side * side;
    for (int i = 0; i < data.size(); i++) {
      byte[] image = IdxDatasetTest.image(data, i);
      for (int corner : new int[] {0, side - 1, plane - side, plane - 1}) {
        for (int c = 0; c < 3; c++) {
          assertEquals((byte) 255, image[c * plane + corner]);
        }
      }
      assertTrue(!centre(image, side).equals("255 255 255"));
      int inked = 0;
      double x = 0;
      double y = 0;
      Set<Integer> levels = new HashSet<>();
      for (int p = 0; p < plane; p++) {
        int darkest = 255;
        for (int c = 0; c < 3; c++) {
          darkest = Math.min(darkest, image[c * plane + p] & 0xff);
        }
        levels.add(darkest);
        if (darkest < 128) {
          inked++;
          x += p % side + 0.5;
          y += p / side + 0.5;
        }
      }
      assertEquals(0.5, x / inked / side, 0.14, "image " + i);
      assertEquals(0.5, y / inked / side, 0.14, "image " + i);
      assertEquals(0.3, (double) inked / plane, 0.2, "image " + i);
      assertTrue(levels.size() > 2 || data.label(i) == 1 || side == 8, "edges of image " + i);
    }
  }

  @Test
  void saysWhatItIs() {
    ShapesDataset data = new ShapesDataset();
    assertEquals(
        List.of("circle", "square", "triangle", "star", "heart", "cross"), data.classNames());
    assertEquals(
        "6000 generated images of 32x32x3, coloured shapes of seed 0, 6 classes",
        data.description());
    assertThrows(IllegalArgumentException.class, () -> new ShapesDataset(0, 32, 0));
    assertThrows(IllegalArgumentException.class, () -> new ShapesDataset(1, 4, 0));
    assertThrows(IndexOutOfBoundsException.class, () -> data.label(6000));
    assertThrows(IndexOutOfBoundsException.class, () -> data.read(-1, new byte[3072], 0));
  }

  private static String centre(byte[] image, int side) {
    int plane = side * side;
    int p = side / 2 * side + side / 2;
    return (image[p] & 0xff)
        + " "
        + (image[plane + p] & 0xff)
        + " "
        + (image[2 * plane + p] & 0xff);
  }

  private static long checksum(ImageDataset data, int count) {
    CRC32 crc = new CRC32();
    for (int i = 0; i < count; i++) {
      crc.update(IdxDatasetTest.image(data, i));
      crc.update(data.label(i));
    }
    return crc.getValue();
  }
}
