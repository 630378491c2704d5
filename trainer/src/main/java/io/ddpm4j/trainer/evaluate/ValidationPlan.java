package io.ddpm4j.trainer.evaluate;

/**
 * Which image is shown at which timestep: the same for every measurement. Each quarter of the
 * timesteps has as many of them, in the middles of equal parts, and each timestep has as many
 * images. Showing number j, from 0, is at timestep number j mod (number of timesteps) and of image
 * j·(size of the set) div (showings), so each timestep gets images from the whole set.
 *
 * @param timesteps in all quarters together
 * @param imagesPerTimestep images of each
 */
record ValidationPlan(int trainTimesteps, int timesteps, int imagesPerTimestep) {
  /** Enough for the loss of the first timesteps, which falls steeply. */
  private static final int MOST_PER_QUARTER = 16;

  /**
   * A plan for at least so many showings.
   *
   * @param trainTimesteps T
   */
  static ValidationPlan of(int trainTimesteps, int images) {
    int inQuarter = Math.min(trainTimesteps, images) / QuarterLosses.COUNT;
    int perQuarter = Math.max(1, Math.min(MOST_PER_QUARTER, inQuarter));
    int timesteps = QuarterLosses.COUNT * perQuarter;
    return new ValidationPlan(trainTimesteps, timesteps, (images + timesteps - 1) / timesteps);
  }

  int showings() {
    return timesteps * imagesPerTimestep;
  }

  /** The timestep with that number. */
  int timestep(int number) {
    return (int) ((2L * number + 1) * trainTimesteps / (2L * timesteps));
  }

  /** The quarter that it lies in, from 0. */
  int quarter(int number) {
    return number * QuarterLosses.COUNT / timesteps;
  }

  /** The showing with that number among those of a timestep. */
  int showing(int timestepNumber, int number) {
    return number * timesteps + timestepNumber;
  }

  /** The image of a showing. */
  int image(int showing, int size) {
    return (int) ((long) showing * size / showings());
  }
}
