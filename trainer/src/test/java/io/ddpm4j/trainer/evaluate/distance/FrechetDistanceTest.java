package io.ddpm4j.trainer.evaluate.distance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.runtime.sampling.Cancellation;
import io.ddpm4j.trainer.evaluate.features.Features;
import io.ddpm4j.trainer.evaluate.features.Work;
import io.ddpm4j.trainer.evaluate.features.WorkProgress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Closed forms and what must hold of any two sets. */
class FrechetDistanceTest {
  private static final Work WORK = Work.quiet();

  private static double distance(Features a, Features b) {
    return FrechetDistance.between(
        GaussianStatistics.of(a, WORK), GaussianStatistics.of(b, WORK), WORK);
  }

  /** A reflection: orthogonal, and exact in floats for a power of two. */
  private static double[][] reflection(int d) {
    double[][] u = new double[d][d];
    for (int i = 0; i < d; i++) {
      for (int j = 0; j < d; j++) {
        u[i][j] = (i == j ? 1 : 0) - 2.0 / d;
      }
    }
    return u;
  }

  private static double[][] identity(int d) {
    double[][] u = new double[d][d];
    for (int i = 0; i < d; i++) {
      u[i][i] = 1;
    }
    return u;
  }

  /** Of covariances that commute: |Δμ|² + Σ(√λ - √κ)². */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void commutingCovariancesHaveAClosedForm(boolean turned) {
    int d = 8;
    double[][] u = turned ? reflection(d) : identity(d);
    double[] a = {1, 2, 3, 4, 0.5, 0.25, 8, 1};
    double[] b = {2, 2, 1, 0, 4, 0.25, 0, 0}; // rank 5
    double[] zero = new double[d];
    double[] mean = {1, -1, 0.5, 0, 0, 2, 0, 0.25};
    double expected = 0;
    for (int i = 0; i < d; i++) {
      double root = (a[i] - b[i]) * Math.sqrt(2.0 / (2 * d - 1));
      expected += root * root + mean[i] * mean[i];
    }
    Features x = Sets.cross(a, u, zero);
    Features y = Sets.cross(b, u, mean);
    assertEquals(expected, distance(x, y), 1e-10 * expected);
    assertEquals(expected, distance(y, x), 1e-10 * expected);
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 40, 2000})
  void equalSetsAreNotApart(int count) {
    Features x = Sets.normal(count, 24, 3, 2, 1);
    assertEquals(0, distance(x, x), 1e-9);
  }

  @ParameterizedTest
  @ValueSource(ints = {5, 200}) // fewer and more than dimensions
  void aShiftIsItsSquaredLength(int count) {
    int d = 16;
    Features x = Sets.normal(count, d, 0, 1, 2);
    float[] moved = new float[count * d];
    for (int i = 0; i < moved.length; i++) {
      moved[i] = (float) (Math.round(x.at(i / d, i % d) * 1024) / 1024.0); // exact when shifted
    }
    Features from = Features.of(moved, count, d);
    for (int i = 0; i < moved.length; i++) {
      moved[i] += i % d == 3 ? 2 : i % d == 7 ? -1.5f : 0;
    }
    assertEquals(2 * 2 + 1.5 * 1.5, distance(from, Features.of(moved, count, d)), 1e-8);
  }

  @Test
  void aSetOfOneImageOverAndOverHasNoSpread() {
    Features point = Features.of(new float[] {1, 2, 1, 2, 1, 2}, 3, 2);
    Features other = Features.of(new float[] {0, 0, 2, 0, 0, 4, 2, 4}, 4, 2);
    double variances = 4.0 / 3 + 16.0 / 3;
    assertEquals(variances, distance(point, other), 1e-12);
    assertEquals(variances, distance(other, point), 1e-12);
    assertEquals(0, distance(point, point));
  }

  @Test
  void scalingBothScalesByTheSquare() {
    Features x = Sets.normal(50, 6, 0, 1, 3);
    Features y = Sets.normal(70, 6, 0.5, 2, 4);
    float[] x4 = new float[50 * 6];
    float[] y4 = new float[70 * 6];
    for (int i = 0; i < x4.length; i++) {
      x4[i] = 4 * x.at(i / 6, i % 6);
    }
    for (int i = 0; i < y4.length; i++) {
      y4[i] = 4 * y.at(i / 6, i % 6);
    }
    double once = distance(x, y);
    assertEquals(16 * once, distance(Features.of(x4, 50, 6), Features.of(y4, 70, 6)), 1e-10 * once);
  }

  /** More rows than a block, more dimensions than a tile, a mean far beyond the deviation. */
  @Test
  void statisticsAreThoseOfTwoPasses() {
    int n = 2100;
    int d = 530;
    Features x = Sets.normal(n, d, 10_000, 1, 5);
    GaussianStatistics statistics = GaussianStatistics.of(x, WORK);
    for (int i : new int[] {0, 17, 511, 512, 529}) {
      for (int j : new int[] {0, 1, 511, 513, 529}) {
        double meanI = 0;
        double meanJ = 0;
        for (int row = 0; row < n; row++) {
          meanI += (double) x.at(row, i) / n;
          meanJ += (double) x.at(row, j) / n;
        }
        double sum = 0;
        for (int row = 0; row < n; row++) {
          sum += (x.at(row, i) - meanI) * (x.at(row, j) - meanJ);
        }
        assertEquals(meanI, statistics.mean(i), 1e-8);
        assertEquals(sum / (n - 1), statistics.covariance(i, j), 1e-11);
      }
    }
  }

  @Test
  void threadsChangeNothing() {
    Features x = Sets.normal(1500, 600, 1, 1, 6);
    GaussianStatistics one = GaussianStatistics.of(x, Sets.threads(1));
    GaussianStatistics three = GaussianStatistics.of(x, Sets.threads(3));
    for (int i = 0; i < 600; i++) {
      assertEquals(one.mean(i), three.mean(i));
      for (int j = 0; j < 600; j++) {
        assertEquals(one.covariance(i, j), three.covariance(i, j));
      }
    }
  }

  @Test
  void whatDoesNotFitIsRefused() {
    Features x = Sets.normal(4, 3, 0, 1, 7);
    String one =
        assertThrows(
                IllegalArgumentException.class, () -> GaussianStatistics.of(x.slice(0, 1), WORK))
            .getMessage();
    assertTrue(one.contains("at least 2 images, found 1"), one);
    String dimensions =
        assertThrows(IllegalArgumentException.class, () -> distance(x, Sets.normal(4, 5, 0, 1, 8)))
            .getMessage();
    assertTrue(dimensions.contains("3 dimensions, found 5"), dimensions);
  }

  @Test
  void itCanBeStoppedAndTellsHowFarItIs() {
    List<String> told = new ArrayList<>();
    Cancellation cancellation = new Cancellation();
    WorkProgress progress =
        (stage, done, total) -> {
          told.add(stage + " " + done + "/" + total);
          if (done == 1024) {
            cancellation.cancel("enough");
          }
        };
    Features x = Sets.normal(3000, 4, 0, 1, 9);
    Work work = new Work(2, cancellation, progress);
    assertEquals(
        "enough",
        assertThrows(CancellationException.class, () -> GaussianStatistics.of(x, work))
            .getMessage());
    assertEquals(List.of("covariance 1024/3000"), told);
  }
}
