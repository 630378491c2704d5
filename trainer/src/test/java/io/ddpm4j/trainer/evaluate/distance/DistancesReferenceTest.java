package io.ddpm4j.trainer.evaluate.distance;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.trainer.evaluate.features.Features;
import io.ddpm4j.trainer.evaluate.features.Work;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Held against NumPy and SciPy: full and lacking ranks, one dimension, ties, copies, large means.
 */
class DistancesReferenceTest {
  private static final Work WORK = Work.quiet();

  static Stream<ReferenceCase> cases() {
    return ReferenceCase.all();
  }

  @Test
  void thereAreCases() {
    assertTrue(cases().count() >= 8);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void frechetDistance(ReferenceCase c) {
    GaussianStatistics x = GaussianStatistics.of(c.features("x"), WORK);
    GaussianStatistics y = GaussianStatistics.of(c.features("y"), WORK);
    double expected = c.number("frechet");
    assertEquals(expected, FrechetDistance.between(x, y, WORK), 1e-9 * Math.max(1, expected));
    assertEquals(expected, FrechetDistance.between(y, x, WORK), 1e-9 * Math.max(1, expected));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void meanAndCovariance(ReferenceCase c) {
    GaussianStatistics x = GaussianStatistics.of(c.features("x"), WORK);
    double[] means = c.numbers("mean_x");
    double[] covariances = c.numbers("cov_x_first_row");
    assertEquals(means.length, x.dimensions());
    for (int i = 0; i < means.length; i++) {
      assertEquals(means[i], x.mean(i), 1e-13 * Math.max(1, Math.abs(means[i])));
      assertEquals(covariances[i], x.covariance(0, i), 1e-12 * Math.abs(covariances[0]));
      assertEquals(x.covariance(0, i), x.covariance(i, 0));
    }
  }

  /** The estimate is a difference of sums of kernels, and as exact as those are. */
  private static double tolerance(ReferenceCase c, double expected) {
    Features x = c.features("x");
    double largest = 0;
    for (int i = 0; i < x.count(); i++) {
      double square = 0;
      for (float value : x.row(i)) {
        square += (double) value * value;
      }
      largest = Math.max(largest, square);
    }
    return 1e-10 * Math.abs(expected) + 1e-14 * Math.pow(largest / x.dimensions() + 1, 3);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void kernelDistance(ReferenceCase c) {
    KernelDistance distance =
        KernelDistance.between(
            c.features("x"), c.features("y"), KernelDistance.Plan.standard(0), WORK);
    double expected = c.number("mmd");
    double error = c.number("mmd_error");
    assertEquals(expected, distance.estimate(), tolerance(c, expected));
    assertEquals(error, distance.standardError(), 10 * tolerance(c, error));
    assertEquals(c.features("x").count(), distance.first());
    assertEquals(c.features("y").count(), distance.second());
  }

  @ParameterizedTest
  @MethodSource("cases")
  void precisionRecallDensityCoverage(ReferenceCase c) {
    ManifoldScores.Neighbours k =
        new ManifoldScores.Neighbours(
            (int) c.number("k_precision_recall"), (int) c.number("k_density_coverage"));
    ManifoldScores scores =
        ManifoldScores.of(
            Manifold.of(c.features("x"), k.most(), WORK),
            Manifold.of(c.features("y"), k.most(), WORK),
            k,
            WORK);
    assertArrayEquals(
        new double[] {
          c.number("precision"), c.number("recall"), c.number("density"), c.number("coverage")
        },
        new double[] {scores.precision(), scores.recall(), scores.density(), scores.coverage()},
        1e-14);
  }
}
