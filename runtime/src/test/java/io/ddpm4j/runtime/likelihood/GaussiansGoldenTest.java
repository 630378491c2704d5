package io.ddpm4j.runtime.likelihood;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import io.ddpm4j.runtime.image.ValueRange;
import io.ddpm4j.testing.Json;
import java.util.function.IntToDoubleFunction;
import org.junit.jupiter.api.Test;

/** The reference's divergences and likelihoods of single numbers. */
class GaussiansGoldenTest {
  private static final double HALF_LEVEL = 1 / 255.0;

  private static void near(double[] expected, IntToDoubleFunction found, String what) {
    assertTrue(expected.length > 0, what);
    for (int i = 0; i < expected.length; i++) {
      assertEquals(
          expected[i], found.applyAsDouble(i), 1e-10 * Math.abs(expected[i]), what + " " + i);
    }
  }

  @Test
  void divergencesAndTheCumulativeAreReproduced() {
    JsonObject losses = Json.shared("golden/math/losses.json");
    IntToDoubleFunction mean1 = i -> 0.5 * Math.sin(0.7 * i);
    IntToDoubleFunction log1 = i -> -2 + 0.05 * i;
    near(
        Json.doubles(losses.get("normal_kl")),
        i ->
            Gaussians.kl(
                mean1.applyAsDouble(i),
                log1.applyAsDouble(i),
                0.3 * Math.cos(0.4 * i),
                -1.5 + 0.3 * Math.sin(1.1 * i)),
        "normal_kl");
    near(
        Json.doubles(losses.get("normal_kl_vs_standard")),
        i -> Gaussians.klToStandardNormal(mean1.applyAsDouble(i), log1.applyAsDouble(i)),
        "normal_kl_vs_standard");
    near(
        Json.doubles(losses.getAsJsonObject("approx_standard_normal_cdf").get("y")),
        i -> Gaussians.approximateCdf(-4 + i * 8 / 47.0),
        "approx_standard_normal_cdf");
  }

  @Test
  void discretisedLikelihoodsAreReproduced() {
    JsonObject losses = Json.shared("golden/math/losses.json");
    double[] x = Json.doubles(losses.get("x8"));
    near(
        Json.doubles(losses.get("discretized_gaussian_log_likelihood")),
        i ->
            Gaussians.discretisedLogLikelihood(
                x[i], x[i] + 0.01 * Math.sin(2.3 * i), -3 + 0.1 * Math.cos(0.9 * i), HALF_LEVEL),
        "discretized");
    near(
        Json.doubles(losses.getAsJsonObject("discretized_gaussian_log_likelihood_wide").get("y")),
        i -> Gaussians.discretisedLogLikelihood(x[i], i * 37 % 101 / 50.5 - 1, -1, HALF_LEVEL),
        "wide");
    near(
        Json.doubles(losses.getAsJsonObject("discretized_gaussian_log_likelihood_floor").get("y")),
        i ->
            Gaussians.discretisedLogLikelihood(
                x[i], x[i] + (i % 2 == 0 ? 0.9 : -0.9), -6, HALF_LEVEL),
        "floor");
  }

  @Test
  void theDecoderOfAnotherRangeGivesTheSameProbabilities() {
    Decoder signed = Decoder.discretised(ValueRange.SIGNED);
    Decoder bytes = Decoder.discretised(new ValueRange(0, 255));
    for (int level : new int[] {0, 1, 100, 254, 255}) {
      double x = level / 127.5 - 1;
      double mean = x + 0.02;
      assertEquals(
          signed.logLikelihood(x, mean, -3),
          bytes.logLikelihood(level, (mean + 1) * 127.5, -3 + Math.log(127.5)),
          1e-10);
    }
  }

  /** All levels of a pixel together, since the open ends take the rest. */
  @Test
  void theProbabilitiesOfAllLevelsSumToOne() {
    for (double logScale : new double[] {-5, -2, 0}) {
      double sum = 0;
      for (int level = 0; level < Decoder.LEVELS; level++) {
        sum +=
            Math.exp(
                Gaussians.discretisedLogLikelihood(level / 127.5 - 1, 0.3, logScale, HALF_LEVEL));
      }
      assertEquals(1, sum, 1e-9);
    }
  }

  /** log N by its integral: a density integrates to one. */
  @Test
  void theDensityIntegratesToOne() {
    double sum = 0;
    for (double x = -6; x < 6; x += 1e-3) {
      sum += Math.exp(Gaussians.logDensity(x, 0.2, -0.5)) * 1e-3;
    }
    assertEquals(1, sum, 1e-9);
    assertEquals(0, Gaussians.klToStandardNormal(0, 0));
  }
}
