package io.ddpm4j.trainer.evaluate.distance;

import io.ddpm4j.trainer.data.SplitMix64;
import io.ddpm4j.trainer.evaluate.features.Draws;
import io.ddpm4j.trainer.evaluate.features.Features;
import io.ddpm4j.trainer.evaluate.features.Work;

/**
 * The kernel distance of Bińkowski et al. 2018 (§4; over Inception's features the KID): the squared
 * maximum mean discrepancy with the kernel k(x,y) = (xᵀy/d + 1)³, in its unbiased estimate (Gretton
 * et al. 2012, eq. 3), averaged over random subsets of both sets. Unbiased: its expectation does
 * not depend on the numbers of images; of sets of the same kind it is 0, so single estimates can be
 * negative.
 *
 * @param mean over the subsets
 * @param standardError of that mean. Of subsets it is their deviation over the root of their
 *     number, which tells how well they stand for all subsets of these images, and not what other
 *     images would give; where all images are used at once it is the jackknife's, which does, and
 *     NaN for sets of 2 images
 * @param subsets that were used; 1 where all images were used at once
 * @param subsetSize images of each set in a subset; where all are used, those of the smaller set
 */
public record KernelDistance(double mean, double standardError, int subsets, int subsetSize) {
  /** Subsets that the literature uses. */
  public static final int SUBSETS = 100;

  /** Images in a subset that the literature uses. */
  public static final int SUBSET_SIZE = 1000;

  private static final String STAGE = "kernel distance";

  /**
   * Which subsets are drawn.
   *
   * @param subsets how many, at least 2
   * @param size images of each set in a subset, at least 2; a smaller set gives all of its images.
   *     Where both sets have no more, there is but one subset: all images
   * @param seed decides which images
   */
  public record Plan(int subsets, int size, long seed) {
    /** Refuses plans without an estimate. */
    public Plan {
      if (subsets < 2 || size < 2) {
        throw new IllegalArgumentException(
            "kernel distance: expected at least 2 subsets of at least 2 images, found %d of %d"
                .formatted(subsets, size));
      }
    }

    /** 100 subsets of 1000 images. */
    public static Plan standard(long seed) {
      return new Plan(SUBSETS, SUBSET_SIZE, seed);
    }
  }

  /**
   * Measures two sets. Subset s is of the rows that {@link Draws} chooses with the seeds {@code
   * derive(derive(seed, s), 0)} of the first set and {@code derive(derive(seed, s), 1)} of the
   * second.
   *
   * @param a features of at least 2 images
   * @param b of as many dimensions
   * @throws java.util.concurrent.CancellationException if the work was cancelled
   */
  public static KernelDistance between(Features a, Features b, Plan plan, Work work) {
    b.requireDimensions(a.dimensions());
    if (a.count() < 2 || b.count() < 2) {
      throw new IllegalArgumentException(
          "kernel distance: expected features of at least 2 images in both sets, found %d and %d"
              .formatted(a.count(), b.count()));
    }
    int size = Math.min(plan.size(), Math.min(a.count(), b.count()));
    try (MatrixProducts products = new MatrixProducts()) {
      if (a.count() <= plan.size() && b.count() <= plan.size()) {
        KernelSums sums = KernelSums.of(a, b, products);
        work.cancellation().throwIfCancelled();
        work.progress().advanced(STAGE, 1, 1);
        return new KernelDistance(sums.estimate(), sums.jackknifeError(), 1, size);
      }
      double[] estimates = new double[plan.subsets()];
      Parallel.run(
          STAGE,
          plan.subsets(),
          work,
          s -> {
            long seed = SplitMix64.derive(plan.seed(), s);
            Features x = a.pick(Draws.choose(a.count(), size, SplitMix64.derive(seed, 0)));
            Features y = b.pick(Draws.choose(b.count(), size, SplitMix64.derive(seed, 1)));
            estimates[s] = KernelSums.of(x, y, products).estimate();
          });
      return ofEstimates(estimates, size);
    }
  }

  private static KernelDistance ofEstimates(double[] estimates, int size) {
    double mean = 0;
    for (double estimate : estimates) {
      mean += estimate / estimates.length;
    }
    double squares = 0;
    for (double estimate : estimates) {
      squares += (estimate - mean) * (estimate - mean);
    }
    double variance = squares / (estimates.length - 1);
    return new KernelDistance(mean, Math.sqrt(variance / estimates.length), estimates.length, size);
  }
}
