package io.ddpm4j.trainer.loop;

/** Images a second over about the last twenty steps. */
final class Pace {
  private static final double SHARE = 0.05;

  private final int batchSize;
  private double secondsPerStep;

  Pace(int batchSize) {
    this.batchSize = batchSize;
  }

  /** A step took so long, waiting for its data included. */
  void add(double seconds) {
    secondsPerStep =
        secondsPerStep == 0 ? seconds : secondsPerStep + SHARE * (seconds - secondsPerStep);
  }

  double imagesPerSecond() {
    return batchSize / secondsPerStep;
  }

  double secondsFor(long steps) {
    return steps * secondsPerStep;
  }
}
