package io.ddpm4j.trainer.evaluate;

import java.util.List;

/**
 * The mean loss in each quarter of the timesteps.
 *
 * @param quarters four losses; the first is of the timesteps with the least noise
 */
public record QuarterLosses(List<Double> quarters) {
  /** Quarters of the timesteps. */
  public static final int COUNT = 4;

  /** Refuses any other number of them. */
  public QuarterLosses {
    if (quarters.size() != COUNT) {
      throw new IllegalArgumentException(
          "expected the losses of " + COUNT + " quarters, found " + quarters.size());
    }
    quarters = List.copyOf(quarters);
  }

  /** The mean over all timesteps, to be held against the loss of training. */
  public double mean() {
    return quarters.stream().mapToDouble(Double::doubleValue).sum() / COUNT;
  }
}
