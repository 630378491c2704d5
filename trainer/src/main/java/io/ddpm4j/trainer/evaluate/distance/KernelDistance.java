package io.ddpm4j.trainer.evaluate.distance;

import io.ddpm4j.trainer.data.SplitMix64;
import io.ddpm4j.trainer.evaluate.features.Draws;
import io.ddpm4j.trainer.evaluate.features.Features;
import io.ddpm4j.trainer.evaluate.features.Work;

/**
 * The kernel distance of Bińkowski et al. 2018 (§4; over Inception's features the KID): the squared
 * maximum mean discrepancy with the kernel k(x,y) = (xᵀy/d + 1)³, in its unbiased estimate (Gretton
 * et al. 2012, eq. 3) over all pairs of images. Unbiased: its expectation does not depend on the
 * numbers of images; of sets of the same kind it is 0, so single estimates can be negative. The
 * mean over random subsets, which the literature takes, has the same expectation and a larger
 * spread.
 *
 * @param estimate over all pairs
 * @param standardError of the estimate over other sets of as many images, of both kinds; NaN where
 *     a set has fewer than 4
 * @param first images of the first set that were used
 * @param second images of the second set that were used
 */
public record KernelDistance(double estimate, double standardError, int first, int second) {
  /** Images of each set that are used at most, unless others are asked for. */
  public static final int MOST_IMAGES = 10_000;

  private static final String STAGE = "kernel distance";

  /**
   * Which images are used.
   *
   * @param images of each set at most, at least 2: time grows with their square
   * @param seed decides which, where a set has more
   */
  public record Plan(int images, long seed) {
    /** Refuses plans without an estimate. */
    public Plan {
      if (images < 2) {
        throw new IllegalArgumentException(
            "kernel distance: expected at least 2 images of each set, found " + images);
      }
    }

    /** 10,000 images. */
    public static Plan standard(long seed) {
      return new Plan(MOST_IMAGES, seed);
    }
  }

  /**
   * Measures two sets. Of a set of more images than the plan allows those are used that {@link
   * Draws} chooses, with the seed {@code derive(seed, 0)} of the first set and {@code derive(seed,
   * 1)} of the second.
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
    Features x = a.draw(plan.images(), SplitMix64.derive(plan.seed(), 0));
    Features y = b.draw(plan.images(), SplitMix64.derive(plan.seed(), 1));
    KernelSums sums = KernelSums.of(x, y, STAGE, work);
    return new KernelDistance(sums.estimate(), Math.sqrt(sums.variance()), x.count(), y.count());
  }
}
