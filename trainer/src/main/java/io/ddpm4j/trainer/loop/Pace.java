package io.ddpm4j.trainer.loop;

/** Images a second over about the last twenty steps. */
public final class Pace {
  private static final double SHARE = 0.05;

  private final int batchSize;
  private double secondsPerStep;

  /** Of steps with so many images. */
  public Pace(int batchSize) {
    this.batchSize = batchSize;
  }

  /** A step took so long, waiting for its data included. */
  public void add(double seconds) {
    secondsPerStep =
        secondsPerStep == 0 ? seconds : secondsPerStep + SHARE * (seconds - secondsPerStep);
  }

  /** Images a second. */
  public double imagesPerSecond() {
    return batchSize / secondsPerStep;
  }

  /** How long so many steps will take. */
  public double secondsFor(long steps) {
    return steps * secondsPerStep;
  }
}
