package io.ddpm4j.trainer.lowering;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Each algorithm, in double, against the sum that defines a convolution. */
class AxisAlgorithmTest {
  private static double[] times(double[][] matrix, double[] vector) {
    double[] product = new double[matrix.length];
    for (int i = 0; i < matrix.length; i++) {
      for (int j = 0; j < vector.length; j++) {
        product[i] += matrix[i][j] * vector[j];
      }
    }
    return product;
  }

  private static double[] random(SplittableRandom random, int size) {
    return random.doubles(size, -1, 1).toArray();
  }

  private static void check(int size, int taps, int stride, int before, int after) {
    String what =
        size + " pixels, " + taps + " taps, stride " + stride + ", " + before + "+" + after;
    AxisAlgorithm a = AxisAlgorithm.of(size, taps, stride, before, after);
    SplittableRandom random = new SplittableRandom(size + 100L * taps);
    double[] x = random(random, size);
    double[] w = random(random, taps);
    double[] planes = times(a.input(), x);
    double[] kernel = times(a.kernel(), w);
    for (int i = 0; i < planes.length; i++) {
      planes[i] *= kernel[i / a.tiles()];
    }
    double[] y = times(a.output(), planes);
    assertEquals((size + before + after - taps) / stride + 1, y.length, what);
    for (int i = 0; i < y.length; i++) {
      double expected = 0;
      for (int tap = 0; tap < taps; tap++) {
        int from = i * stride + tap - before;
        expected += from >= 0 && from < size ? w[tap] * x[from] : 0;
      }
      assertEquals(expected, y[i], 1e-13, what + ", output " + i);
    }
  }

  @Test
  void everyAlgorithmIsTheConvolution() {
    for (int size = 1; size <= 33; size++) {
      for (int stride = 1; stride <= 2; stride++) {
        check(size, 3, stride, 1, 1);
        check(size, 1, stride, 0, 0);
        check(size + 2, 3, stride, 0, 0);
        check(size + 2, 3, stride, 0, 1);
        check(size + 2, 3, stride, 2, 1);
        check(size + 4, 5, stride, 2, 2);
      }
    }
  }

  @Test
  void threeTapsTakeHalfTheMultiplications() {
    for (int size : new int[] {4, 8, 16, 28, 32, 64}) {
      AxisAlgorithm a = AxisAlgorithm.of(size, 3, 1, 1, 1);
      assertEquals(1.5 * size, a.planes() * a.tiles(), size + " pixels");
    }
    for (int size = 1; size < 40; size++) { // never more than the plain way
      AxisAlgorithm a = AxisAlgorithm.of(size, 3, 1, 1, 1);
      assertTrue(a.planes() * a.tiles() <= 3 * size, size + " pixels");
    }
  }
}
