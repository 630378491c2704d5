package io.ddpm4j.trainer.loop;

/** A running mean of about the last hundred losses; the first ones weigh alike. */
final class SmoothedLoss {
  private static final double SHARE = 0.01;

  private double value;
  private long count;

  /**
   * @param value the mean so far
   * @param count losses that are in it; 0 to begin with
   */
  SmoothedLoss(double value, long count) {
    this.value = value;
    this.count = count;
  }

  void add(double loss) {
    count++;
    double share = Math.max(SHARE, 1.0 / count);
    value = count == 1 ? loss : value + share * (loss - value);
  }

  double value() {
    return value;
  }
}
