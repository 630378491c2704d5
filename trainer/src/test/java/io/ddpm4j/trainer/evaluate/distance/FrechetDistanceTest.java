package io.ddpm4j.trainer.evaluate.distance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.runtime.sampling.Cancellation;
import io.ddpm4j.trainer.evaluate.features.Features;
import io.ddpm4j.trainer.evaluate.features.Work;
import io.ddpm4j.trainer.evaluate.features.WorkProgress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.ejml.dense.row.NormOps_DDRM;
import org.ejml.dense.row.SingularOps_DDRM;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
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

  /**
   * By centred features X and Y, over √(n-1): |Δμ|² + |X|² + |Y|² less twice the singular values of
   * XYᵀ, in which no covariance, no eigenvalue and no square of a singular value occurs.
   */
  private static double bySingularValues(Features x, Features y) {
    DMatrixRMaj[] centred = {new DMatrixRMaj(1, 1), new DMatrixRMaj(1, 1)};
    double[][] means = {centre(x, centred[0]), centre(y, centred[1])};
    double distance = 0;
    for (int i = 0; i < x.dimensions(); i++) {
      distance += Math.pow(means[0][i] - means[1][i], 2);
    }
    DMatrixRMaj product = new DMatrixRMaj(1, 1);
    CommonOps_DDRM.multTransB(centred[0], centred[1], product);
    distance += Math.pow(NormOps_DDRM.normF(centred[0]), 2);
    distance += Math.pow(NormOps_DDRM.normF(centred[1]), 2);
    for (double value : SingularOps_DDRM.singularValues(product)) {
      distance -= 2 * value;
    }
    return distance;
  }

  private static double[] centre(Features x, DMatrixRMaj to) {
    int n = x.count();
    int d = x.dimensions();
    to.reshape(n, d);
    double[] mean = new double[d];
    for (int j = 0; j < d; j++) {
      for (int i = 0; i < n; i++) {
        mean[j] += (double) x.at(i, j) / n;
      }
      for (int i = 0; i < n; i++) {
        to.set(i, j, (x.at(i, j) - mean[j]) / Math.sqrt(n - 1));
      }
    }
    return mean;
  }

  /** Fewer images than dimensions in one set or both, as many, one more, and more in both. */
  @ParameterizedTest
  @CsvSource({
    "300, 20, 64",
    "20, 30, 64",
    "30, 30, 64",
    "2, 300, 64",
    "3, 2, 64",
    "2, 2, 1",
    "300, 63, 64",
    "300, 64, 64",
    "300, 65, 64",
    "64, 65, 64",
    "65, 66, 64",
    "200, 300, 64",
    "1500, 40, 200"
  })
  void anyNumbersOfImagesAreMeasuredAsBySingularValues(int n, int m, int d) {
    Features x = Sets.normal(n, d, 5, 1, 10);
    Features y = Sets.normal(m, d, 5.5, 2, 11);
    double expected = bySingularValues(x, y);
    assertEquals(expected, distance(x, y), 1e-10 * expected);
    assertEquals(expected, distance(y, x), 1e-10 * expected);
  }

  /** Fewer dimensions than images seem to have: images occur several times, features are all 0. */
  @ParameterizedTest
  @ValueSource(ints = {2, 5, 20})
  void imagesThatOccurAgainMakeNoDimensions(int different) {
    int d = 96;
    int count = 3 * different;
    float[] values = new float[count * d];
    Features once = Sets.normal(different, d, 100, 1, 12);
    for (int i = 0; i < values.length; i++) {
      values[i] = i % 4 == 0 ? 0 : once.at(i / d % different, i % d);
    }
    Features x = Features.of(values, count, d);
    for (Features y : List.of(Sets.normal(400, d, 100, 1, 13), Sets.normal(17, d, 99, 1, 14), x)) {
      double expected = bySingularValues(x, y);
      double tolerance = 1e-9 * Math.max(1, expected);
      assertEquals(expected, distance(x, y), tolerance);
      assertEquals(expected, distance(y, x), tolerance);
    }
  }

  @Test
  void theReferenceIsDecomposedOnceAndFewImagesAreNot() {
    int d = 12;
    GaussianStatistics many = GaussianStatistics.of(Sets.normal(40, d, 0, 1, 15), WORK);
    GaussianStatistics few = GaussianStatistics.of(Sets.normal(5, d, 0, 1, 16), WORK);
    SemidefiniteFactor factor = many.factor();
    assertEquals(d, factor.count());
    assertSame(factor, many.factor());
    assertEquals(4, few.factor().count());
    for (GaussianStatistics each : List.of(many, few)) {
      double[] rows = each.factor().rows();
      for (int i = 0; i < d; i++) {
        for (int j = 0; j < d; j++) {
          double sum = 0;
          for (int row = 0; row < each.factor().count(); row++) {
            sum += rows[row * d + i] * rows[row * d + j];
          }
          assertEquals(each.covariance(i, j), sum, 1e-13);
        }
      }
    }
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
