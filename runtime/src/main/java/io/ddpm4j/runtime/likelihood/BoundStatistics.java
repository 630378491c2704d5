package io.ddpm4j.runtime.likelihood;

/**
 * The terms of the variational bound over many images: means and standard errors, in bits per
 * dimension. Not thread-safe.
 */
public final class BoundStatistics {
  private static final int TOTAL = 0;
  private static final int PRIOR = 1;
  private static final int DIVERGENCES = 2;
  private static final int FIRST_STEP = 3;
  private static final int OF_STEP = 3; // term, error of x_0, error of ε

  private final int steps;
  private final SampleStatistics statistics;

  /** A figure with the standard error of its mean over images. */
  public record Figure(double mean, double standardError) {}

  /** Of no images yet. */
  public BoundStatistics(int steps) {
    this(steps, new SampleStatistics(FIRST_STEP + Math.multiplyExact(OF_STEP, steps)));
  }

  /**
   * Statistics that were stored, to be gone on with.
   *
   * @param statistics as {@link #stored} gave them
   */
  public BoundStatistics(int steps, SampleStatistics statistics) {
    if (statistics.figures() != FIRST_STEP + OF_STEP * steps) {
      throw new IllegalArgumentException(
          "figures: expected %d, those of %d timesteps, found %d"
              .formatted(FIRST_STEP + OF_STEP * steps, steps, statistics.figures()));
    }
    this.steps = steps;
    this.statistics = statistics;
  }

  /** Adds images. */
  public void add(BoundTerms terms) {
    double[] figures = new double[statistics.figures()];
    for (int image = 0; image < terms.images(); image++) {
      double divergences = 0;
      for (int index = steps - 1; index >= 0; index--) {
        int at = FIRST_STEP + OF_STEP * index;
        figures[at] = terms.term(image, index);
        figures[at + 1] = terms.x0Error(image, index);
        figures[at + 2] = terms.epsilonError(image, index);
        divergences += index == 0 ? 0 : figures[at];
      }
      figures[TOTAL] = terms.total(image);
      figures[PRIOR] = terms.prior(image);
      figures[DIVERGENCES] = divergences;
      statistics.add(figures);
    }
  }

  /** Images so far. */
  public long images() {
    return statistics.count();
  }

  /** How many timesteps. */
  public int steps() {
    return steps;
  }

  /** L_T, Σ L_{t-1} and L_0 together: an upper bound of -log₂ p(x_0) per dimension. */
  public Figure total() {
    return figure(TOTAL);
  }

  /** L_T. */
  public Figure prior() {
    return figure(PRIOR);
  }

  /** The sum of L_{t-1} over t above 0. */
  public Figure divergences() {
    return figure(DIVERGENCES);
  }

  /** L_0 for index 0, else L_{t-1} of index t. */
  public Figure term(int index) {
    return figure(FIRST_STEP + OF_STEP * index);
  }

  /** The mean squared error of the predicted x_0. */
  public Figure x0Error(int index) {
    return figure(FIRST_STEP + OF_STEP * index + 1);
  }

  /** The mean squared error of ε. */
  public Figure epsilonError(int index) {
    return figure(FIRST_STEP + OF_STEP * index + 2);
  }

  /** All figures, to be stored. */
  public SampleStatistics stored() {
    return statistics;
  }

  private Figure figure(int at) {
    return new Figure(statistics.mean(at), statistics.standardError(at));
  }
}
