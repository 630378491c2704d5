package io.ddpm4j.trainer.loop;

/**
 * A running mean of about the last hundred losses: exponential, with losses as old on average as in
 * a window of 99. It begins as polynomial-decay averaging (Shamir and Zhang 2013, with η = 9),
 * which looks at about the last fifth: the loss falls fast at first, and what was then must not
 * stay.
 */
public final class SmoothedLoss {
  private static final double SHARE = 2.0 / (99 + 1);
  private static final double ETA = 9;

  private double value;
  private long count;

  /**
   * @param value the mean so far
   * @param count losses that are in it; 0 to begin with
   */
  public SmoothedLoss(double value, long count) {
    this.value = value;
    this.count = count;
  }

  /** Takes the loss of one more step. */
  public void add(double loss) {
    count++;
    double share = Math.max(SHARE, (ETA + 1) / (count + ETA));
    value = count == 1 ? loss : value + share * (loss - value);
  }

  /** The mean. */
  public double value() {
    return value;
  }
}
