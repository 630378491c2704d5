package io.ddpm4j.trainer.loop;

import io.ddpm4j.exporter.nn.UNetPart;
import java.util.List;
import java.util.OptionalLong;

/**
 * What a run would be, from a few of its steps that were run for it on this machine.
 *
 * @param summary data, parameters and steps
 * @param network its parts
 * @param threads that worked
 * @param stepImages images of a step
 * @param secondsPerStep the median of {@value #STEPS} steps after one to warm up
 * @param secondsPerGrid of a sample grid, by two of its sampling steps; 0 where there are none
 * @param checkpointBytes on disk, of each
 * @param peakBytes the most memory that the process held in all of that; empty where the system
 *     does not say it
 */
public record DryRun(
    RunSummary summary,
    List<UNetPart> network,
    int threads,
    int stepImages,
    double secondsPerStep,
    double secondsPerGrid,
    long checkpointBytes,
    OptionalLong peakBytes) {
  /** Steps that are timed. */
  public static final int STEPS = 3;

  /** Images that train in a second. */
  public double imagesPerSecond() {
    return stepImages / secondsPerStep;
  }

  /**
   * How long the run takes.
   *
   * @param grids sample grids on the way
   */
  public double seconds(long grids) {
    return summary.steps() * secondsPerStep + grids * secondsPerGrid;
  }
}
