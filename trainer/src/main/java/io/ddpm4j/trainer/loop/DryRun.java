package io.ddpm4j.trainer.loop;

import java.util.OptionalLong;

/**
 * What a run would take, from a few of its steps that were run for it on this machine.
 *
 * @param threads that worked
 * @param stepImages images of a step
 * @param secondsPerStep the median of {@value #STEPS} steps after one to warm up
 * @param secondsPerGrid of a sample grid, by two of its sampling steps; 0 where there are none
 * @param secondsPerValidation of the validation loss; 0 where it is not measured
 * @param checkpointBytes on disk, of each
 * @param peakBytes the most memory that the process held in all of that; empty where the system
 *     does not say it
 */
public record DryRun(
    int threads,
    int stepImages,
    double secondsPerStep,
    double secondsPerGrid,
    double secondsPerValidation,
    long checkpointBytes,
    OptionalLong peakBytes) {
  /** Steps that are timed. */
  public static final int STEPS = 3;

  /**
   * By how much runs of some dozens of steps went beyond the peak of these few: by 7 to 27 %,
   * measured with the presets.
   */
  private static final double GROWTH = 1.25;

  /** The most memory that the run is expected to hold; empty where {@link #peakBytes} is. */
  public OptionalLong expectedPeakBytes() {
    return peakBytes.isPresent()
        ? OptionalLong.of(Math.round(GROWTH * peakBytes.getAsLong()))
        : OptionalLong.empty();
  }

  /** Images that train in a second. */
  public double imagesPerSecond() {
    return stepImages / secondsPerStep;
  }

  /**
   * How long the run takes.
   *
   * @param steps of the run
   * @param grids sample grids on the way
   * @param validations measurements of the validation loss on the way
   */
  public double seconds(long steps, long grids, long validations) {
    return steps * secondsPerStep + grids * secondsPerGrid + validations * secondsPerValidation;
  }
}
