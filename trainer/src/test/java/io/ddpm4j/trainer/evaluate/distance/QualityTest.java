package io.ddpm4j.trainer.evaluate.distance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.trainer.evaluate.features.Features;
import io.ddpm4j.trainer.evaluate.features.Work;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The kernel distance's spread, the accuracy of classes, and all measures together. */
class QualityTest {
  private static final Work WORK = Work.quiet();

  private record Spread(double mean, double deviation, double meanError) {}

  /** Of many pairs of sets, the second around {@code shift}, by those images of the plan. */
  private static Spread spread(int pairs, int first, int second, double shift, int images) {
    double[] estimates = new double[pairs];
    double errors = 0;
    for (int pair = 0; pair < pairs; pair++) {
      KernelDistance distance =
          KernelDistance.between(
              Sets.normal(first, 6, 0, 1, 2 * pair),
              Sets.normal(second, 6, shift, 1, 2 * pair + 1),
              new KernelDistance.Plan(images, 3),
              WORK);
      estimates[pair] = distance.estimate();
      errors += distance.standardError() / pairs;
    }
    double mean = Arrays.stream(estimates).average().orElseThrow();
    double squares = Arrays.stream(estimates).map(e -> (e - mean) * (e - mean)).sum();
    return new Spread(mean, Math.sqrt(squares / (pairs - 1)), errors);
  }

  /** Few samples against many real images, all used, like and unlike ones; and some of many. */
  @ParameterizedTest
  @CsvSource({"300, 60, 0, 1000", "80, 240, 0.4, 1000", "200, 300, 0, 60"})
  void theErrorOfTheKernelDistanceIsItsDeviationOverOtherImages(
      int first, int second, double shift, int images) {
    int pairs = 100;
    Spread spread = spread(pairs, first, second, shift, images);
    assertEquals(1, spread.meanError() / spread.deviation(), 0.25, spread.toString());
    if (shift == 0) { // without bias
      assertEquals(0, spread.mean(), 3 * spread.deviation() / Math.sqrt(pairs));
    }
  }

  @Test
  void theKernelDistanceDoesNotDependOnThreads() {
    Features x = Sets.normal(4200, 3, 0, 1, 1); // more rows than there are lanes
    Features y = Sets.normal(300, 3, 1, 1, 2);
    KernelDistance.Plan plan = new KernelDistance.Plan(4150, 5);
    KernelDistance one = KernelDistance.between(x, y, plan, Sets.threads(1));
    assertEquals(one, KernelDistance.between(x, y, plan, Sets.threads(4)));
    assertNotEquals(one, KernelDistance.between(x, y, new KernelDistance.Plan(4150, 6), WORK));
    assertTrue(one.estimate() > 5 * one.standardError(), one.toString());
    assertEquals(4150, one.first());
    assertEquals(300, one.second());
  }

  @Test
  void countsOfClassesAreSquareTablesOfThem() {
    ClassAccuracy accuracy = ClassAccuracy.ofCounts(new long[][] {{3, 1}, {0, 4}});
    assertEquals(7, accuracy.right());
    assertEquals(0.875, accuracy.accuracy());
    assertEquals(0.75, accuracy.accuracy(0));
    assertEquals(1, accuracy.confusion(0, 1));
    for (long[][] wrong : new long[][][] {{{1, 2}}, {{1, 0}, {-1, 2}}}) {
      assertThrows(IllegalArgumentException.class, () -> ClassAccuracy.ofCounts(wrong));
    }
  }

  /** By the definition, pair by pair: more rows and columns than a tile has. */
  @Test
  void theKernelDistanceIsThatOfAllPairs() {
    Features x = Sets.normal(700, 3, 0, 1, 1);
    Features y = Sets.normal(1300, 3, 0.4, 1, 2);
    KernelDistance found =
        KernelDistance.between(x, y, KernelDistance.Plan.standard(0), Sets.threads(2));
    double expected =
        kernels(x, x) / (700.0 * 699)
            + kernels(y, y) / (1300.0 * 1299)
            - 2 * kernels(x, y) / (700.0 * 1300);
    assertEquals(expected, found.estimate(), 1e-11);
    assertTrue(
        Double.isNaN(
            KernelDistance.between(x.slice(0, 3), y, KernelDistance.Plan.standard(0), WORK)
                .standardError()));
  }

  private static double kernels(Features x, Features y) {
    double sum = 0;
    for (int i = 0; i < x.count(); i++) {
      for (int j = 0; j < y.count(); j++) {
        double product = 0;
        for (int k = 0; k < x.dimensions(); k++) {
          product += (double) x.at(i, k) * y.at(j, k);
        }
        sum += x == y && i == j ? 0 : Math.pow(product / x.dimensions() + 1, 3);
      }
    }
    return sum;
  }

  @Test
  void classesAreCounted() {
    Features logits =
        Features.of(
            new float[] {
              3, 1, 2, // 0
              0, 5, 1, // 1
              1, 1, 0, // 0: of equal ones the first
              -3, -2, -1, // 2
              0, 0, 1 // 2
            },
            5,
            3);
    ClassAccuracy accuracy = ClassAccuracy.of(logits, new int[] {0, 1, 1, 0, 1});
    assertEquals(5, accuracy.images());
    assertEquals(2 / 5.0, accuracy.accuracy());
    assertEquals(Math.sqrt(0.4 * 0.6 / 5), accuracy.standardError());
    assertEquals(1 / 2.0, accuracy.accuracy(0));
    assertEquals(1 / 3.0, accuracy.accuracy(1));
    assertTrue(Double.isNaN(accuracy.accuracy(2)));
    assertEquals(3, accuracy.images(1));
    long[][] expected = {{1, 0, 1}, {1, 1, 1}, {0, 0, 0}};
    for (int asked = 0; asked < 3; asked++) {
      for (int seen = 0; seen < 3; seen++) {
        assertEquals(expected[asked][seen], accuracy.confusion(asked, seen));
      }
    }
    String beyond =
        assertThrows(
                IllegalArgumentException.class,
                () -> ClassAccuracy.of(logits, new int[] {0, 1, 3, 0, 1}))
            .getMessage();
    assertTrue(beyond.contains("from 0 to 2") && beyond.contains("3 for image 2"), beyond);
    assertThrows(IllegalArgumentException.class, () -> ClassAccuracy.of(logits, new int[] {0, 1}));
  }

  @Test
  void allMeasuresTogetherAreEachByItself() {
    Features real = Sets.normal(400, 6, 0, 1, 7);
    Features samples = Sets.normal(300, 6, 0.3, 1.1, 8);
    QualityReference.Settings settings =
        new QualityReference.Settings(
            new KernelDistance.Plan(350, 9), ManifoldScores.Neighbours.STANDARD, 350, 9);
    QualityReference reference = QualityReference.of(real, settings, WORK);
    SampleQuality quality = reference.measure(samples, WORK);
    assertEquals(
        FrechetDistance.between(
            GaussianStatistics.of(real, WORK), GaussianStatistics.of(samples, WORK), WORK),
        quality.frechetDistance());
    assertEquals(
        KernelDistance.between(real, samples, settings.kernel(), WORK), quality.kernelDistance());
    assertEquals(350, quality.manifoldRealImages());
    assertEquals(300, quality.manifoldSamples());
    assertEquals(quality, reference.measure(samples, Sets.threads(1)));
    SampleQuality floor = reference.measure(Sets.normal(300, 6, 0, 1, 10), WORK);
    assertTrue(
        floor.frechetDistance() < quality.frechetDistance() / 2,
        floor.frechetDistance() + " and " + quality.frechetDistance());
    assertTrue(floor.manifolds().coverage() > quality.manifolds().coverage());
  }
}
