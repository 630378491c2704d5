package io.ddpm4j.trainer.evaluate.features;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.runtime.image.NumpyArray;
import io.ddpm4j.runtime.image.NumpyType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FeaturesTest {
  @TempDir Path folder;

  private static Features random(int count, int dimensions, long seed) {
    Random random = new Random(seed);
    float[] values = new float[count * dimensions];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return Features.of(values, count, dimensions);
  }

  private static void assertSame(Features expected, Features found) {
    assertEquals(expected.toString(), found.toString());
    for (int row = 0; row < expected.count(); row++) {
      assertArrayEquals(expected.row(row), found.row(row));
    }
  }

  @Test
  void aFileHoldsThemBitForBitAndIsNumPys() throws IOException {
    Path file = folder.resolve("features.npy");
    for (int count : new int[] {1, 7, 3000}) {
      Features features = random(count, 131, count);
      features.save(file);
      assertSame(features, Features.load(file));
      assertArrayEquals(
          NumpyArray.of(features.values(), count, 131).toBytes(), Files.readAllBytes(file));
    }
    try (var files = Files.list(folder)) {
      assertEquals(List.of(file), files.toList());
    }
  }

  @Test
  void filesOfOtherWidthsAreRead() throws IOException {
    Features features = Features.of(new float[] {1, 2, 3, 4.5f, -5, 6}, 3, 2);
    Path file = folder.resolve("half.npy");
    for (NumpyType type : List.of(NumpyType.FLOAT16, NumpyType.FLOAT64)) {
      NumpyArray.of(features.values(), 3, 2).rounded(type).write(file);
      assertSame(features, Features.load(file));
    }
  }

  @Test
  void filesThatHoldNoneAreRefused() throws IOException {
    Path file = folder.resolve("bad.npy");
    assertThrows(IOException.class, () -> Features.load(file));
    assertTrue(failure(file, NumpyArray.of(new float[6], 6)).contains("float32[6]"));
    assertTrue(failure(file, NumpyArray.of(new long[6], 3, 2)).contains("int64[3,2]"));
    assertTrue(failure(file, NumpyArray.of(new float[0], 0, 2)).contains("float32[0,2]"));
    float[] values = {1, 2, 3, Float.NaN};
    assertTrue(failure(file, NumpyArray.of(values, 2, 2)).contains("found NaN in row 1"));
    byte[] whole = NumpyArray.of(new float[6], 3, 2).toBytes();
    for (int length : new int[] {0, 5, 9, 60, whole.length - 1}) {
      Files.write(file, Arrays.copyOf(whole, length));
      String message = assertThrows(IOException.class, () -> Features.load(file)).getMessage();
      assertTrue(message.contains("bad.npy"), message);
    }
  }

  private static String failure(Path file, NumpyArray array) throws IOException {
    array.write(file);
    return assertThrows(IOException.class, () -> Features.load(file)).getMessage();
  }

  @Test
  void drawsDependOnTheSeedAndHaveNoRowTwice() {
    Features all = random(50, 2, 1);
    Features some = all.draw(20, 5);
    assertSame(some, all.draw(20, 5));
    assertNotEquals(
        some.at(0, 0) + some.at(19, 0), all.draw(20, 6).at(0, 0) + all.draw(20, 6).at(19, 0));
    int next = 0;
    for (int row = 0; row < 20; row++) { // in order, so none twice
      while (!Arrays.equals(all.row(next), some.row(row))) {
        next++;
      }
      next++;
    }
    assertSame(all, all.draw(50, 1));
    int[] chosen = Draws.choose(50, 50, 3);
    Arrays.sort(chosen);
    for (int i = 0; i < 50; i++) {
      assertEquals(i, chosen[i]);
    }
    assertThrows(IllegalArgumentException.class, () -> Draws.choose(5, 6, 0));
  }

  @Test
  void rowsAreTakenApartAndJoined() {
    Features all = random(9, 3, 2);
    assertSame(all, Features.join(List.of(all.slice(0, 4), all.slice(4, 5))));
    assertSame(all.slice(2, 2), all.pick(new int[] {2, 3}));
    double[] two = new double[6];
    all.copyRows(5, 2, two);
    assertEquals(all.at(6, 2), two[5]);
    String message =
        assertThrows(
                IllegalArgumentException.class, () -> Features.join(List.of(all, random(2, 4, 3))))
            .getMessage();
    assertTrue(message.contains("expected 3 dimensions"), message);
    assertThrows(IllegalArgumentException.class, () -> Features.of(new float[] {1, 2, 3}, 2, 2));
  }

  @Test
  void distancesAreTheSameBothWaysAndNothingBetweenCopies() {
    for (int d : new int[] {1, 2, 7, 128}) {
      Features a = random(5, d, 4);
      Features b = random(5, d, 5);
      for (int i = 0; i < 5; i++) {
        double expected = 0;
        for (int k = 0; k < d; k++) {
          expected += Math.pow((double) a.at(i, k) - b.at(4 - i, k), 2);
        }
        assertEquals(expected, a.squaredDistance(i, b, 4 - i), 1e-14 * expected);
        assertEquals(a.squaredDistance(i, b, 4 - i), b.squaredDistance(4 - i, a, i));
        assertEquals(0, a.squaredDistance(i, a, i));
      }
    }
  }
}
