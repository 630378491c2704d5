package io.ddpm4j.trainer.checkpoint;

import java.util.List;

/**
 * How a run stands with breakdowns of its training: those that it has recovered from, and what the
 * next one is told by.
 *
 * @param count how often the run was rolled back
 * @param learningRate the run's, of which {@code rateFactor} is a part
 * @param rateFactor what the learning rate is multiplied by, in (0, 1]
 * @param skippedSteps steps that were rolled back: step k trains on what step k + skippedSteps of a
 *     run without breakdowns has
 * @param recentLosses of the newest steps, oldest first
 */
public record Recovery(
    int count,
    double learningRate,
    double rateFactor,
    long skippedSteps,
    List<Float> recentLosses) {
  /** So often a run is rolled back before it gives up. */
  public static final int MOST = 3;

  /** By how much each time lowers the learning rate. */
  public static final double FACTOR = 0.5;

  /** Copies the list; refuses numbers out of range. */
  public Recovery {
    if (count < 0 || skippedSteps < 0 || !(rateFactor > 0 && rateFactor <= 1)) {
      throw new IllegalArgumentException(
          "recovery: expected counts of at least 0 and a factor above 0 and at most 1, found "
              + List.of(count, skippedSteps, rateFactor));
    }
    recentLosses = List.copyOf(recentLosses);
  }

  /** That of a run that has just begun. */
  public static Recovery none(double learningRate) {
    return new Recovery(0, learningRate, 1, 0, List.of());
  }

  /**
   * What it is in a run that goes on with a rate that somebody chose: as if it had never broken
   * down, but the batches that were left out stay out.
   */
  public Recovery withLearningRate(double chosen) {
    return new Recovery(0, chosen, 1, skippedSteps, recentLosses);
  }

  /** The same with the losses of other steps. */
  public Recovery withLosses(List<Float> losses) {
    return new Recovery(count, learningRate, rateFactor, skippedSteps, losses);
  }

  /**
   * After going back once more.
   *
   * @param steps how many steps were lost
   * @param losses of the steps that stay
   */
  public Recovery rolledBack(long steps, List<Float> losses) {
    return new Recovery(count + 1, learningRate, rateFactor * FACTOR, skippedSteps + steps, losses);
  }
}
