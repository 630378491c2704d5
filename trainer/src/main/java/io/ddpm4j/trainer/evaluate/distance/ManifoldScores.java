package io.ddpm4j.trainer.evaluate.distance;

import io.ddpm4j.trainer.evaluate.features.Features;
import io.ddpm4j.trainer.evaluate.features.Work;
import java.util.concurrent.atomic.LongAdder;

/**
 * What of the samples is real, and what of the real is among the samples.
 *
 * <p>Improved precision and recall (Kynkäänniemi et al. 2019, eq. 2) with the balls of the k-th
 * nearest neighbours ({@link Manifold}), their surface included as in the authors' code. Density
 * and coverage (Naeem et al. 2020, eqs. 3 and 4), their surface not included, as in the authors'
 * code. All but density lie in [0, 1]. All depend on the numbers of images: compare equal ones
 * only.
 *
 * @param precision the share of samples that lie in the ball of some real image
 * @param recall the share of real images that lie in the ball of some sample
 * @param density how many balls of real images a sample lies in on average, over k; around 1 where
 *     both sets are alike
 * @param coverage the share of real images whose ball holds a sample
 */
public record ManifoldScores(double precision, double recall, double density, double coverage) {

  /**
   * How many neighbours make a ball.
   *
   * @param precisionRecall of precision and recall
   * @param densityCoverage of density and coverage
   */
  public record Neighbours(int precisionRecall, int densityCoverage) {
    /** 3 and 5, as the papers have them. */
    public static final Neighbours STANDARD = new Neighbours(3, 5);

    /** Refuses fewer than one. */
    public Neighbours {
      if (precisionRecall < 1 || densityCoverage < 1) {
        throw new IllegalArgumentException(
            "nearest neighbours: expected at least 1, found %d and %d"
                .formatted(precisionRecall, densityCoverage));
      }
    }

    /** As many as a manifold must know. */
    public int most() {
      return Math.max(precisionRecall, densityCoverage);
    }
  }

  /**
   * Measures samples.
   *
   * @param real with as many neighbours known as {@code k} wants
   * @param samples likewise, of as many dimensions
   * @throws java.util.concurrent.CancellationException if the work was cancelled
   */
  public static ManifoldScores of(Manifold real, Manifold samples, Neighbours k, Work work) {
    Features reals = real.features();
    Features fakes = samples.features();
    fakes.requireDimensions(reals.dimensions());
    double[] closedReal = radii(real, k.precisionRecall());
    double[] openReal = radii(real, k.densityCoverage());
    double[] closedFake = radii(samples, k.precisionRecall());
    // Threads share all but their rows, and write nothing into them but `true`.
    boolean[] precise = new boolean[fakes.count()];
    boolean[] recalled = new boolean[reals.count()];
    boolean[] covered = new boolean[reals.count()];
    LongAdder inside = new LongAdder();
    try (MatrixProducts products = new MatrixProducts()) {
      DistanceTiles tiles = new DistanceTiles(reals, fakes, products);
      Parallel.run(
          "precision and recall",
          tiles.strips(),
          work,
          strip ->
              tiles.visit(
                  strip,
                  (row, column, low, high) -> {
                    double closedHere = closedReal[row];
                    double openHere = openReal[row];
                    double there = closedFake[column];
                    if (low > closedHere && low >= openHere && low > there) {
                      return;
                    }
                    boolean sure = high < Math.min(Math.min(closedHere, openHere), there);
                    double squared = sure ? low : reals.squaredDistance(row, fakes, column);
                    if (squared <= closedHere) {
                      precise[column] = true;
                    }
                    if (squared <= there) {
                      recalled[row] = true;
                    }
                    if (squared < openHere) {
                      covered[row] = true;
                      inside.increment();
                    }
                  }));
    }
    return new ManifoldScores(
        share(precise),
        share(recalled),
        inside.sum() / ((double) k.densityCoverage() * fakes.count()),
        share(covered));
  }

  private static double[] radii(Manifold manifold, int k) {
    double[] radii = new double[manifold.features().count()];
    for (int i = 0; i < radii.length; i++) {
      radii[i] = manifold.squaredRadius(i, k);
    }
    return radii;
  }

  private static double share(boolean[] flags) {
    int count = 0;
    for (boolean flag : flags) {
      count += flag ? 1 : 0;
    }
    return (double) count / flags.length;
  }
}
