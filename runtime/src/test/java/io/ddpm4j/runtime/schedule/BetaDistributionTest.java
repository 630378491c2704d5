package io.ddpm4j.runtime.schedule;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BetaDistributionTest {

  @ParameterizedTest
  @CsvSource({"0.6, 0.6", "0.3, 2.5", "2.5, 0.3", "1, 1", "5, 0.7", "8, 12"})
  void integratingTheDensityUpToAQuantileGivesItsProbabilityBack(double a, double b) {
    double whole = integral(1, a, b);
    for (double p : new double[] {1e-6, 0.01, 1 / 9.0, 0.25, 0.5, 2 / 3.0, 0.9, 0.999}) {
      double x = BetaDistribution.quantile(p, a, b);
      // Near 1 a steep density turns the last digit of x into many of p.
      double ulp = integral(Math.nextUp(x), a, b) - integral(Math.nextDown(x), a, b);
      double allowed = 1e-12 * p + Math.abs(ulp) / whole;
      assertEquals(p, integral(x, a, b) / whole, allowed, "p of a=" + a + ", b=" + b);
      assertEquals(p, BetaDistribution.cumulative(x, a, b), allowed);
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {1e-9, 0.1, 0.3, 0.5, 0.8, 0.99})
  void closedForms(double p) {
    double sine = Math.sin(Math.PI * p / 2); // the arcsine distribution
    assertClose(sine * sine, BetaDistribution.quantile(p, 0.5, 0.5));
    assertClose(Math.pow(p, 1 / 0.6), BetaDistribution.quantile(p, 0.6, 1));
    assertClose(-Math.expm1(Math.log1p(-p) / 0.6), BetaDistribution.quantile(p, 1, 0.6));
  }

  private static void assertClose(double expected, double found) {
    assertEquals(expected, found, 1e-12 * expected);
  }

  /** The density's integral from 0 to x, without its norm: tanh-sinh quadrature. */
  private static double integral(double x, double a, double b) {
    double sum = 0;
    double step = 1 / 64.0;
    for (int k = -64 * 6; k <= 64 * 6; k++) {
      double u = Math.PI / 2 * Math.sinh(k * step);
      double weight = Math.PI / 2 * Math.cosh(k * step) / Math.cosh(u) / Math.cosh(u) / 2;
      double part = 1 / (1 + Math.exp(-2 * u)); // of x
      double rest = 1 / (1 + Math.exp(2 * u)); // 1 - part, to all its digits
      double fromOne = 1 - x + x * rest;
      if (weight > 0 && part > 0 && fromOne > 0) {
        sum += weight * Math.pow(x * part, a - 1) * Math.pow(fromOne, b - 1);
      }
    }
    return sum * step * x;
  }
}
