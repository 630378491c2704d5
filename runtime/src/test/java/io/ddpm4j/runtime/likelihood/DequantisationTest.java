package io.ddpm4j.runtime.likelihood;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.runtime.image.ValueRange;
import io.ddpm4j.runtime.model.EpsilonModel;
import io.ddpm4j.runtime.random.ImageNoise;
import io.ddpm4j.runtime.random.NoiseSource;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.PredictionType;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Noise within a grey level, and what it makes of the density of data that are Gaussian. */
class DequantisationTest {
  private static final int ELEMENTS = 256;
  private static final int IMAGES = 64;
  private static final long SEED = 4;
  private static final double LOG_2 = Math.log(2);

  private static final double LEVEL = 0.5; // wide, so that the noise within it counts
  private static final ValueRange COARSE = new ValueRange(-64, 63.5);
  private static final double DEVIATION = 0.6; // of the data
  private static final NoiseSchedule SCHEDULE = NoiseSchedule.linear();

  @ParameterizedTest
  @CsvSource({"-1, 1, 0.00784313725490196", "0, 255, 1", "0, 1, 0.00392156862745098"})
  void bitsOfALevelAreThoseOfItsWidth(double low, double high, double width) {
    Dequantisation levels = Dequantisation.ofSeed(SEED, new ValueRange(low, high));
    assertEquals(width, levels.level(), 1e-15);
    assertEquals(width, Math.pow(2, -levels.bitsOfLevel()), 1e-15);
    // A uniform density over all levels takes log₂ 256 bits, whatever the range.
    double density = Math.log((high - low) * 256 / 255) / LOG_2;
    assertEquals(8, density + levels.bitsOfLevel(), 1e-12);
  }

  @Test
  void theNoiseIsUniformOverTheLevelOfEachNumber() {
    float[] x0 = grey();
    float[] noisy = x0.clone();
    Dequantisation.ofSeed(SEED, COARSE).add(noisy, IMAGES, ELEMENTS, 7);
    double mean = 0;
    double square = 0;
    for (int i = 0; i < x0.length; i++) {
      double off = (noisy[i] - x0[i]) / LEVEL;
      assertTrue(off > -0.5 && off < 0.5, "" + off);
      mean += off / x0.length;
      square += off * off / x0.length;
    }
    double sigma = 1 / Math.sqrt(x0.length);
    assertEquals(0, mean, 4 * sigma * Math.sqrt(1 / 12.0));
    assertEquals(1 / 12.0, square, 4 * sigma * Math.sqrt(1 / 180.0)); // Var(u²) = 1/80 - 1/144
    assertFalse(Arrays.equals(noisy, dequantised(x0, SEED + 1, 7)), "another seed");
    assertFalse(Arrays.equals(noisy, dequantised(x0, SEED, 8)), "other images");
    float[] third = Arrays.copyOfRange(x0, 2 * ELEMENTS, 3 * ELEMENTS);
    Dequantisation.ofSeed(SEED, COARSE).add(third, 1, ELEMENTS, 9);
    assertArrayEquals(Arrays.copyOfRange(noisy, 2 * ELEMENTS, 3 * ELEMENTS), third, "alone");
  }

  private static float[] dequantised(float[] x0, long seed, long firstImage) {
    float[] noisy = x0.clone();
    Dequantisation.ofSeed(seed, COARSE).add(noisy, IMAGES, ELEMENTS, firstImage);
    return noisy;
  }

  /**
   * For data N(0, s²) the flow's density is the Gaussian's, and its mean over u uniform in a level
   * of width δ has a closed form: -log₂ N(x + u; 0, s²) is ½ log₂ 2πs² + (x² + δ²/12)/(2s² ln 2).
   * With the bits of a level it is more than those of the level's probability.
   */
  @Test
  void theFlowsBitsOfALevelAreThoseOfTheClosedForm() {
    float[] x0 = grey();
    Dequantisation levels = Dequantisation.ofSeed(SEED, COARSE);
    float[] noisy = dequantised(x0, SEED, 0);
    double[] densities =
        new ProbabilityFlow(
                SCHEDULE,
                new ProbabilityFlow.Settings(
                    PredictionType.EPSILON, 200, true, ProbabilityFlow.DEFAULT_PROBE_STEP))
            .bitsPerDimension(
                BatchNetwork.of(network(), IMAGES, ELEMENTS, false),
                NoiseSource.ofSeed(5),
                ImageRun.of(noisy, IMAGES, 0));
    SampleStatistics gaps = new SampleStatistics(2);
    for (int image = 0; image < IMAGES; image++) {
      double found = densities[image] + levels.bitsOfLevel();
      double expected = 0;
      double code = 0;
      for (int i = image * ELEMENTS; i < (image + 1) * ELEMENTS; i++) {
        double variance = DEVIATION * DEVIATION;
        double square = x0[i] * x0[i] + LEVEL * LEVEL / 12;
        expected += (Math.log(2 * Math.PI * variance) + square / variance) / 2 / ELEMENTS;
        code -= Math.log(probability(x0[i])) / ELEMENTS;
      }
      expected = (expected - Math.log(LEVEL)) / LOG_2;
      gaps.add(found - expected, found - code / LOG_2);
    }
    double error = gaps.standardError(0);
    assertTrue(error < 4e-3, gaps.toString()); // a tenth of what the noise adds
    assertEquals(0, gaps.mean(0), 4 * error + 2e-3, gaps.toString());
    assertTrue(gaps.mean(1) > 0, "an upper bound: " + gaps);
  }

  /** Values of grey levels, as data N(0, s²) have them. */
  private static float[] grey() {
    float[] x0 = new float[IMAGES * ELEMENTS];
    new ImageNoise(11).fill(x0, 0, IMAGES, ELEMENTS, 0);
    for (int i = 0; i < x0.length; i++) {
      x0[i] = (float) (Math.rint(DEVIATION * x0[i] / LEVEL) * LEVEL);
    }
    return x0;
  }

  /** The mass of N(0, s²) over a level, by Simpson's rule. */
  private static double probability(double x) {
    double log = Math.log(DEVIATION);
    int parts = 20;
    double sum = 0;
    for (int k = 0; k <= parts; k++) {
      double at = x + LEVEL * ((double) k / parts - 0.5);
      double weight = k == 0 || k == parts ? 1 : k % 2 == 1 ? 4 : 2;
      sum += weight * Math.exp(Gaussians.logDensity(at, 0, log));
    }
    return sum * LEVEL / parts / 3;
  }

  /** The best network for N(0, s²): ε(x, t) = √(1-ᾱ) x/(ᾱ s² + 1 - ᾱ). */
  private static EpsilonModel network() {
    return (x, images, t, output) -> {
      double signal = SCHEDULE.alphaCumprod((int) t);
      double factor = Math.sqrt(1 - signal) / (signal * DEVIATION * DEVIATION + 1 - signal);
      for (int i = 0; i < images * ELEMENTS; i++) {
        output.put(i, (float) (factor * x.get(i)));
      }
    };
  }
}
