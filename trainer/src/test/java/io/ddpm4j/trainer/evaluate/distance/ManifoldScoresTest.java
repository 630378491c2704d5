package io.ddpm4j.trainer.evaluate.distance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.runtime.sampling.Cancellation;
import io.ddpm4j.trainer.evaluate.features.Features;
import io.ddpm4j.trainer.evaluate.features.Work;
import io.ddpm4j.trainer.evaluate.features.WorkProgress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;

/** Against all pairs, one by one; and what holds of sets that are equal, apart or degenerate. */
class ManifoldScoresTest {
  private static final Work WORK = Work.quiet();
  private static final ManifoldScores.Neighbours K = ManifoldScores.Neighbours.STANDARD;

  private static ManifoldScores scores(Features real, Features samples) {
    return ManifoldScores.of(
        Manifold.of(real, K.most(), WORK), Manifold.of(samples, K.most(), WORK), K, WORK);
  }

  /** More rows than a strip and than the columns of a tile; far from 0, where norms are rounded. */
  @Test
  void manyImagesAreAsPairByPair() {
    int n = 1100;
    int d = 5;
    Features x = Sets.normal(n, d, 300, 0.01, 1);
    Features y = Sets.normal(300, d, 300.005, 0.01, 2);
    double[] closed = new double[n];
    double[] open = new double[n];
    Manifold manifold = Manifold.of(x, 5, Sets.threads(3));
    for (int i = 0; i < n; i++) {
      double[] others = new double[n];
      for (int j = 0; j < n; j++) {
        others[j] = squared(x, i, x, j);
      }
      Arrays.sort(others);
      closed[i] = others[3];
      open[i] = others[5];
      assertEquals(closed[i], manifold.squaredRadius(i, 3), 1e-12 * closed[i]);
      assertEquals(open[i], manifold.squaredRadius(i, 5), 1e-12 * open[i]);
    }
    int precise = 0;
    long inside = 0;
    boolean[] covered = new boolean[n];
    for (int j = 0; j < y.count(); j++) {
      boolean any = false;
      for (int i = 0; i < n; i++) {
        double distance = squared(x, i, y, j);
        any |= distance <= closed[i];
        inside += distance < open[i] ? 1 : 0;
        covered[i] |= distance < open[i];
      }
      precise += any ? 1 : 0;
    }
    int coverage = 0;
    for (boolean each : covered) {
      coverage += each ? 1 : 0;
    }
    ManifoldScores scores =
        ManifoldScores.of(manifold, Manifold.of(y, 5, WORK), K, Sets.threads(2));
    assertTrue(precise > 0 && precise < y.count(), "precise: " + precise);
    assertEquals(precise / (double) y.count(), scores.precision(), 1e-15);
    assertEquals(inside / (5.0 * y.count()), scores.density(), 1e-15);
    assertEquals(coverage / (double) n, scores.coverage(), 1e-15);
    assertEquals( // recall is precision the other way round
        ManifoldScores.of(Manifold.of(y, 5, WORK), manifold, K, WORK).precision(), scores.recall());
  }

  private static double squared(Features a, int i, Features b, int j) {
    double sum = 0;
    for (int k = 0; k < a.dimensions(); k++) {
      double difference = (double) a.at(i, k) - b.at(j, k);
      sum += difference * difference;
    }
    return sum;
  }

  @Test
  void anEqualSetHasEverything() {
    Features x = Sets.normal(400, 7, 0, 1, 3);
    assertEquals(new ManifoldScores(1, 1, 1, 1), scores(x, x)); // itself and 4 nearer ones, over 5
  }

  @Test
  void aSetFarAwayHasNothing() {
    assertEquals(
        new ManifoldScores(0, 0, 0, 0),
        scores(Sets.normal(60, 4, 0, 1, 4), Sets.normal(50, 4, 1000, 1, 5)));
  }

  /** Balls without extent hold their centre where their surface counts, and nothing otherwise. */
  @Test
  void copiesOfOneImageAreOnTheSurface() {
    float[] ten = new float[20];
    Arrays.fill(ten, 0.1f);
    Features x = Features.of(ten, 10, 2);
    assertEquals(new ManifoldScores(1, 1, 0, 0), scores(x, x));
  }

  @Test
  void oneModeOfTwoIsPreciseAndLosesRecall() {
    Features left = Sets.normal(200, 3, 0, 1, 6);
    Features both = Features.join(List.of(left, Sets.normal(200, 3, 100, 1, 7)));
    ManifoldScores scores = scores(both, Sets.normal(300, 3, 0, 1, 8));
    assertTrue(scores.precision() > 0.9, scores.toString());
    assertTrue(scores.recall() > 0.4 && scores.recall() <= 0.5, scores.toString());
    assertTrue(scores.coverage() > 0.45 && scores.coverage() <= 0.5, scores.toString());
  }

  @Test
  void whatDoesNotFitIsRefused() {
    Features x = Sets.normal(5, 2, 0, 1, 9);
    String few =
        assertThrows(IllegalArgumentException.class, () -> Manifold.of(x, 5, WORK)).getMessage();
    assertEquals("nearest neighbours: expected from 1 to 4 of 5 images, found 5", few);
    Manifold two = Manifold.of(x, 2, WORK);
    assertThrows(IllegalArgumentException.class, () -> ManifoldScores.of(two, two, K, WORK));
  }

  @Test
  void itCanBeStopped() {
    Cancellation cancellation = new Cancellation();
    List<Long> told = new ArrayList<>();
    WorkProgress progress =
        (stage, done, total) -> {
          told.add(done);
          cancellation.cancel("enough");
        };
    Features x = Sets.normal(2000, 2, 0, 1, 10);
    Work work = new Work(1, cancellation, progress);
    assertThrows(CancellationException.class, () -> Manifold.of(x, 1, work));
    assertEquals(List.of(1L), told);
    Thread.currentThread().interrupt();
    try {
      assertThrows(CancellationException.class, () -> Manifold.of(x, 1, WORK));
    } finally {
      assertTrue(Thread.interrupted(), "the interrupt stays set");
    }
    assertFalse(Thread.currentThread().isInterrupted());
  }
}
