package io.ddpm4j.trainer.loop;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/**
 * Tells from the losses of the newest steps whether training has broken down, though its loss is
 * still a number.
 *
 * <p>The median of the last {@value #RECENT} losses is held against the steps before them, in
 * logarithms, where losses scatter evenly: it is a spike if it lies above their median by more than
 * log {@value #RATIO} and by more than {@value #DEVIATIONS} standard deviations of a single loss
 * (estimated by the median absolute deviation, which outliers do not move). A median of nine
 * scatters by 0.42 of such a deviation, so chance does not come near, and a single bad batch is
 * never a spike. At first, with too few steps before, it is one if that median is more than {@value
 * #EARLY_RATIO} times the largest of the first losses.
 */
final class LossWatch {
  /** Losses that are judged together. */
  static final int RECENT = 9;

  private static final int WINDOW = 100; // losses that are remembered
  private static final int ENOUGH = 20; // of which a median and a deviation are worth something
  private static final int FIRST = 5;
  private static final double RATIO = 4;
  private static final double EARLY_RATIO = 10;
  private static final double DEVIATIONS = 4;
  private static final double DEVIATION_OF_MAD = 1.4826; // of a normal distribution
  private static final double LEAST = 1e-30; // has a logarithm

  private final Deque<Float> losses;

  /**
   * The loss has risen.
   *
   * @param ratio how many times higher it is than before
   * @param steps in which it did, up to the newest step, from 1
   */
  record Spike(double ratio, int steps) {}

  /**
   * @param losses of the newest steps, oldest first
   */
  LossWatch(List<Float> losses) {
    this.losses = new ArrayDeque<>(losses);
  }

  void add(float loss) {
    losses.addLast(loss);
    if (losses.size() > WINDOW) {
      losses.removeFirst();
    }
  }

  /** What it remembers, oldest first. */
  List<Float> losses() {
    return List.copyOf(losses);
  }

  /** What the newest losses say. */
  Optional<Spike> spike() {
    double[] logs = losses.stream().mapToDouble(l -> Math.log(Math.max(l, LEAST))).toArray();
    int before = logs.length - RECENT;
    if (before < FIRST) {
      return Optional.empty();
    }
    if (before < ENOUGH) {
      double largest = Arrays.stream(logs, 0, FIRST).max().getAsDouble();
      return spike(logs, largest, Math.log(EARLY_RATIO));
    }
    double usual = median(logs, 0, before);
    double[] deviations = new double[before];
    for (int i = 0; i < before; i++) {
      deviations[i] = Math.abs(logs[i] - usual);
    }
    double deviation = DEVIATION_OF_MAD * median(deviations, 0, before);
    return spike(logs, usual, Math.max(Math.log(RATIO), DEVIATIONS * deviation));
  }

  private static Optional<Spike> spike(double[] logs, double usual, double threshold) {
    int first = logs.length - RECENT;
    double recent = median(logs, first, logs.length);
    if (recent - usual <= threshold) {
      return Optional.empty();
    }
    while (logs[first] - usual <= threshold) {
      first++;
    }
    return Optional.of(new Spike(Math.exp(recent - usual), logs.length - first));
  }

  /** Of the values from one index to before another. */
  private static double median(double[] values, int from, int to) {
    double[] sorted = Arrays.copyOfRange(values, from, to);
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }
}
