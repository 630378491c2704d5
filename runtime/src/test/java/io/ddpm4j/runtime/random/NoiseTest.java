package io.ddpm4j.runtime.random;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NoiseTest {

  /** The known answers that Random123 ships with the generator. */
  @ParameterizedTest
  @CsvSource({
    "00000000 00000000 00000000 00000000, 00000000 00000000, 6627e8d5 e169c58d bc57ac4c 9b00dbd8",
    "ffffffff ffffffff ffffffff ffffffff, ffffffff ffffffff, 408f276d 41c83b0e a20bc7c6 6d5451fd",
    "243f6a88 85a308d3 13198a2e 03707344, a4093822 299f31d0, d16cfe09 94fdcceb 5001e420 24126ea1"
  })
  void philoxGivesTheKnownAnswers(String counter, String key, String expected) {
    int[] k = words(key);
    int[] block = new int[4];
    Philox.block(words(counter), (k[0] & 0xFFFFFFFFL) | ((long) k[1] << 32), block);
    assertArrayEquals(words(expected), block);
  }

  private static int[] words(String hex) {
    return Arrays.stream(hex.split(" ")).mapToInt(w -> Integer.parseUnsignedInt(w, 16)).toArray();
  }

  /** The table of docs/random.md, made by an independent program in another language. */
  @ParameterizedTest
  @CsvSource({
    "0, 0, 0, be82fa50 3f96bb4f 3f2153b7 3e88fdeb 3ff51846",
    "42, 0, 0, 3e92f728 bda16e33 bfb9dfa1 bed1fa53 400fe2b3",
    "42, 1, 0, c014becd bf927863 bf3b683e 3f0edfcb bf90d888",
    "42, 0, 1, bf23b7c2 bcb4b0b6 bf637823 be574df7 bf8e74f8",
    "-1, 5000000000, 7, 3f14aa2c 3e941d0b bf90874f 3e914f2f 3f73811f"
  })
  void theFirstNumbersAreThoseOfTheSpecification(long seed, long image, int draw, String bits) {
    float[] z = new float[5];
    NoiseSource.ofSeed(seed).fill(z, image, 1, 5, draw);
    int[] found = new int[5];
    Arrays.setAll(found, i -> Float.floatToRawIntBits(z[i]));
    assertArrayEquals(words(bits), found);
  }

  @Test
  void theNoiseOfAnImageDoesNotDependOnItsBatch() {
    NoiseSource source = NoiseSource.ofSeed(7);
    int elements = 1029; // a multiple neither of the generator's block nor of what is made at once
    float[] all = new float[13 * elements];
    source.fill(all, 100, 13, elements, 3);
    for (int batch = 1; batch <= 13; batch++) {
      float[] parts = new float[13 * elements];
      for (int first = 0; first < 13; first += batch) {
        int count = Math.min(batch, 13 - first);
        float[] part = new float[count * elements];
        source.fill(part, 100 + first, count, elements, 3);
        System.arraycopy(part, 0, parts, first * elements, part.length);
      }
      assertArrayEquals(all, parts);
    }
  }

  @Test
  void seedsImagesAndDrawsDiffer() {
    float[] a = draw(1, 0, 0);
    assertFalse(Arrays.equals(a, draw(2, 0, 0)));
    assertFalse(Arrays.equals(a, draw(1L << 32 | 1, 0, 0)));
    assertFalse(Arrays.equals(a, draw(1, 1, 0)));
    assertFalse(Arrays.equals(a, draw(1, 1L << 32, 0)));
    assertFalse(Arrays.equals(a, draw(1, 0, 1)));
  }

  private static float[] draw(long seed, long image, int draw) {
    float[] z = new float[64];
    NoiseSource.ofSeed(seed).fill(z, image, 1, 64, draw);
    return z;
  }

  @Test
  void theNumbersAreStandardNormal() {
    int images = 200;
    int elements = 5000;
    int n = images * elements;
    float[] z = new float[n];
    NoiseSource.ofSeed(20260101).fill(z, 0, images, elements, 0);
    double[] moments = new double[5];
    for (float v : z) {
      for (int power = 1; power <= 4; power++) {
        moments[power] += Math.pow(v, power) / n;
      }
    }
    double sigma = 1 / Math.sqrt(n); // four standard errors each
    assertEquals(0, moments[1], 4 * sigma);
    assertEquals(1, moments[2], 4 * Math.sqrt(2) * sigma);
    assertEquals(0, moments[3], 4 * Math.sqrt(15) * sigma);
    assertEquals(3, moments[4], 4 * Math.sqrt(96) * sigma);
    assertTrue(kolmogorovSmirnov(z) < 1.95 * sigma, "distance from the normal distribution");
  }

  /** Largest distance of the empirical distribution from Φ, found by walking Φ's quantiles. */
  private static double kolmogorovSmirnov(float[] z) {
    float[] sorted = z.clone();
    Arrays.sort(sorted);
    double largest = 0;
    int below = 0;
    for (int i = 1; i < 10_000; i++) {
      double p = i / 10_000.0;
      double quantile = Normal.inverse(p);
      while (below < sorted.length && sorted[below] <= quantile) {
        below++;
      }
      largest = Math.max(largest, Math.abs((double) below / sorted.length - p));
    }
    return largest;
  }

  @Test
  void neighboursAreUncorrelated() {
    int n = 1 << 18;
    float[] z = new float[n];
    NoiseSource.ofSeed(3).fill(z, 0, 1, n, 0);
    float[] other = new float[n];
    NoiseSource.ofSeed(3).fill(other, 1, 1, n, 0);
    for (int lag = 1; lag <= 5; lag++) {
      double within = 0;
      double between = 0;
      for (int i = 0; i + lag < n; i++) {
        within += z[i] * z[i + lag];
        between += z[i] * other[i + lag - 1];
      }
      assertEquals(0, within / n, 4 / Math.sqrt(n), "lag " + lag);
      assertEquals(0, between / n, 4 / Math.sqrt(n), "lag " + lag + " of the next image");
    }
  }

  /** The u that the normal numbers are made of, less ½. */
  @Test
  void uniformNumbersAreThoseOfTheNormalOnes() {
    int images = 200;
    int elements = 1029;
    float[] uniform = new float[images * elements];
    float[] normal = new float[images * elements];
    ImageNoise noise = new ImageNoise(7);
    noise.fillUniform(uniform, 100, images, elements, 3);
    noise.fill(normal, 100, images, elements, 3);
    double mean = 0;
    double square = 0;
    for (int i = 0; i < uniform.length; i++) {
      assertTrue(uniform[i] >= -0.5f && uniform[i] <= 0.5f, "" + uniform[i]); // as float rounds
      if (Math.abs(uniform[i]) < 0.49) {
        assertEquals(Normal.inverse(uniform[i] + 0.5), normal[i], 1e-5);
      }
      mean += uniform[i] / (double) uniform.length;
      square += uniform[i] * uniform[i] / (double) uniform.length;
    }
    double sigma = 1 / Math.sqrt(uniform.length); // four standard errors each
    assertEquals(0, mean, 4 * sigma * Math.sqrt(1 / 12.0));
    assertEquals(1 / 12.0, square, 4 * sigma * Math.sqrt(1 / 180.0));
    float[] alone = new float[elements];
    noise.fillUniform(alone, 103, 1, elements, 3);
    assertArrayEquals(Arrays.copyOfRange(uniform, 3 * elements, 4 * elements), alone);
    noise.fillUniform(alone, 103, 1, elements, 4);
    assertFalse(Arrays.equals(Arrays.copyOfRange(uniform, 3 * elements, 4 * elements), alone));
  }

  /** Quantiles with 17 digits from another implementation. */
  @ParameterizedTest
  @CsvSource({
    "0.5, 0.0",
    "0.025, -1.9599639845400538",
    "0.975, 1.9599639845400536",
    "0.075, -1.4395314709384557",
    "1e-10, -6.361340902404056",
    "1.1641532182693481e-10, -6.337957754553789",
    "0.9999999998835847, 6.337957754553789",
    "0.7, 0.5244005127080407"
  })
  void theInverseOfTheNormalDistribution(double p, double expected) {
    assertEquals(expected, Normal.inverse(p), 1e-14 * Math.abs(expected) + 1e-300);
  }

  @Test
  void manyInversesAreTheSameBitsAsOneByOne() {
    int n = 4001;
    double[] p = new double[n];
    double[] z = new double[n];
    Normal.Tails tails = Normal.Tails.of(n);
    for (int i = 0; i < n; i++) {
      p[i] = (i * 1_073_741 % 0x1p32 + 0.5) * 0x1p-32;
    }
    for (int repeat = 0; repeat < 200; repeat++) { // interpreted at first, compiled in the end
      Normal.inverse(p, z, n, tails);
    }
    for (int i = 0; i < n; i++) {
      assertEquals(Normal.inverse(p[i]), z[i]);
    }
  }

  @Test
  void theLogarithmIsOne() {
    for (double x = 0x1p-40; x < 1e6; x *= 1.0137) {
      assertEquals(Math.log(x), Normal.log(x), 4e-16 * Math.max(1e-1, Math.abs(Math.log(x))));
    }
  }
}
