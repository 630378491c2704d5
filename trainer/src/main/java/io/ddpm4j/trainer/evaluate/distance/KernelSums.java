package io.ddpm4j.trainer.evaluate.distance;

import io.ddpm4j.trainer.evaluate.features.Features;
import io.ddpm4j.trainer.evaluate.features.Work;
import java.util.Arrays;

/**
 * Sums of the kernel over the pairs of two sets: all that the unbiased estimate of the squared
 * maximum mean discrepancy and its variance need.
 *
 * @param withinX for each x the sum over the other x
 * @param withinY for each y the sum over the other y
 * @param acrossX for each x the sum over all y
 * @param acrossY for each y the sum over all x
 * @param squaresX the sum of squares over the ordered pairs of different x
 * @param squaresY the same of y
 * @param squaresAcross the same over the pairs of an x and a y
 */
record KernelSums(
    double[] withinX,
    double[] withinY,
    double[] acrossX,
    double[] acrossY,
    double squaresX,
    double squaresY,
    double squaresAcross) {

  static KernelSums of(Features x, Features y, String stage, Work work) {
    double[] z = mean(x, y);
    double[] xCentres = KernelBlock.centres(x, z);
    double[] yCentres = KernelBlock.centres(y, z);
    KernelBlock withinX = KernelBlock.within(x, xCentres);
    KernelBlock withinY = KernelBlock.within(y, yCentres);
    KernelBlock across = KernelBlock.across(x, xCentres, y, yCentres);
    KernelBlock[] blocks = {withinX, withinY, across};
    try (MatrixProducts products = new MatrixProducts()) {
      Parallel.run(
          stage,
          blocks.length * KernelBlock.LANES,
          work,
          part -> blocks[part / KernelBlock.LANES].add(part % KernelBlock.LANES, products, work));
    }
    return new KernelSums(
        withinX.rowSums(),
        withinY.rowSums(),
        across.rowSums(),
        across.columnSums(),
        withinX.squares(),
        withinY.squares(),
        across.squares());
  }

  private static double[] mean(Features x, Features y) {
    double[] mean = new double[x.dimensions()];
    double[] row = new double[mean.length];
    for (Features set : new Features[] {x, y}) {
      for (int i = 0; i < set.count(); i++) {
        set.copyRows(i, 1, row);
        for (int j = 0; j < row.length; j++) {
          mean[j] += row[j] / (2.0 * set.count());
        }
      }
    }
    return mean;
  }

  /** The unbiased estimate (Gretton et al. 2012, eq. 3). */
  double estimate() {
    return estimate(sum(withinX), sum(withinY), sum(acrossX), withinX.length, withinY.length);
  }

  private static double estimate(double xx, double yy, double xy, double m, double n) {
    return xx / (m * (m - 1)) + yy / (n * (n - 1)) - 2 * xy / (m * n);
  }

  /**
   * The variance of the estimate over other sets of as many images. By Hoeffding's decomposition
   * (1948) it is that of a sum over single images and those of three sums over pairs, which no
   * single image decides. The jackknife (Efron and Stein 1981) counts the latter about twice, and
   * of like sets there is nothing else; so they are estimated by themselves and taken off once.
   * Each part is without bias. That of the images, a difference, can come out below 0 by chance; it
   * takes off half of what the pairs say at most. NaN where a set has fewer than 4 images.
   */
  double variance() {
    double m = withinX.length;
    double n = withinY.length;
    if (m < 4 || n < 4) {
      return Double.NaN;
    }
    double pairsX = 2 / (m * (m - 1)) * pairsWithin(withinX, squaresX);
    double pairsY = 2 / (n * (n - 1)) * pairsWithin(withinY, squaresY);
    double pairsXy = 4 / (m * n) * pairsAcross();
    double singles =
        jackknife() - 2 * (m - 1) / (m - 2) * pairsX - 2 * (n - 1) / (n - 2) * pairsY - 2 * pairsXy;
    double pairs = pairsX + pairsY + pairsXy;
    return pairs + Math.max(-pairs / 2, singles);
  }

  /**
   * The variance of what the kernel says of a pair beyond what it says of either image, E[k²] -
   * 2·E[g²] + E[k]² with g(x) = E[k(x,·)]; each without bias, from pairs, triples and quadruples of
   * different images.
   */
  private static double pairsWithin(double[] sums, double squares) {
    double n = sums.length;
    double all = sum(sums);
    double rows = squares(sums);
    double kernel = squares / (n * (n - 1));
    double single = (rows - squares) / (n * (n - 1) * (n - 2));
    double mean = (all * all - 4 * rows + 2 * squares) / (n * (n - 1) * (n - 2) * (n - 3));
    return Math.max(0, kernel - 2 * single + mean);
  }

  private double pairsAcross() {
    double m = acrossX.length;
    double n = acrossY.length;
    double all = sum(acrossX);
    double rows = squares(acrossX);
    double columns = squares(acrossY);
    double kernel = squaresAcross / (m * n);
    double singleX = (rows - squaresAcross) / (m * n * (n - 1));
    double singleY = (columns - squaresAcross) / (n * m * (m - 1));
    double mean = (all * all - rows - columns + squaresAcross) / (m * (m - 1) * n * (n - 1));
    return Math.max(0, kernel - singleX - singleY + mean);
  }

  /** The spread of the estimates that lack one image each, of both sets. */
  private double jackknife() {
    int m = withinX.length;
    int n = withinY.length;
    double xx = sum(withinX);
    double yy = sum(withinY);
    double xy = sum(acrossX);
    double[] withoutX = new double[m];
    for (int i = 0; i < m; i++) { // a pair of the same set counts twice
      withoutX[i] = estimate(xx - 2 * withinX[i], yy, xy - acrossX[i], m - 1, n);
    }
    double[] withoutY = new double[n];
    for (int j = 0; j < n; j++) {
      withoutY[j] = estimate(xx, yy - 2 * withinY[j], xy - acrossY[j], m, n - 1);
    }
    return spread(withoutX) + spread(withoutY);
  }

  /** (n-1)/n · Σ (θ_i - mean)². */
  private static double spread(double[] estimates) {
    double mean = sum(estimates) / estimates.length;
    double squares = 0;
    for (double estimate : estimates) {
      squares += (estimate - mean) * (estimate - mean);
    }
    return squares * (estimates.length - 1) / estimates.length;
  }

  private static double sum(double[] values) {
    double sum = 0;
    for (double value : values) {
      sum += value;
    }
    return sum;
  }

  private static double squares(double[] values) {
    return Arrays.stream(values).map(value -> value * value).sum();
  }
}
