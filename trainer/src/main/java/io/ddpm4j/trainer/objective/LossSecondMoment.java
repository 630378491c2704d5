package io.ddpm4j.trainer.objective;

import io.ddpm4j.exporter.graph.TensorData;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Importance sampling (Nichol and Dhariwal 2021, §3.3): timestep t is drawn with a probability in
 * proportion to √E[L_t²], over the last ten losses that were seen of t; the rest, a thousandth, is
 * spread evenly. Every timestep is as likely as any other until each has ten.
 */
final class LossSecondMoment implements TimestepSampler {
  /** Losses that are kept of each timestep. */
  static final int KEPT = 10;

  private static final double EVENLY = 0.001;
  private static final String LOSSES = "losses";
  private static final String COUNTS = "counts";

  private final int trainTimesteps;
  private final float[] losses; // (T, KEPT), a row's oldest first
  private final long[] counts; // (T), of a row's losses
  private final double[] probabilities; // (T)
  private final double[] cumulative; // (T), of timesteps up to t
  private int complete; // rows that are full

  LossSecondMoment(int trainTimesteps) {
    this.trainTimesteps = trainTimesteps;
    losses = new float[Math.multiplyExact(trainTimesteps, KEPT)];
    counts = new long[trainTimesteps];
    probabilities = new double[trainTimesteps];
    cumulative = new double[trainTimesteps];
    weigh();
  }

  @Override
  public int timestep(long word) {
    if (complete < trainTimesteps) {
      return (int) (word * trainTimesteps >>> 32);
    }
    // The first t whose cumulative probability is above the number.
    double wanted = word * 0x1p-32 * cumulative[trainTimesteps - 1];
    int low = 0;
    int high = trainTimesteps - 1;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (cumulative[middle] > wanted) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }

  @Override
  public double weight(int timestep) {
    return 1 / (trainTimesteps * probabilities[timestep]);
  }

  @Override
  public void observe(LongBuffer timesteps, FloatBuffer found) {
    for (int i = 0; i < found.capacity(); i++) {
      add((int) timesteps.get(i), found.get(i));
    }
    weigh();
  }

  private void add(int t, float loss) {
    int row = t * KEPT;
    if (counts[t] == KEPT) {
      System.arraycopy(losses, row + 1, losses, row, KEPT - 1);
      losses[row + KEPT - 1] = loss;
      return;
    }
    losses[row + (int) counts[t]++] = loss;
    complete += counts[t] == KEPT ? 1 : 0;
  }

  /** Probabilities from the losses. */
  private void weigh() {
    double sum = 0;
    for (int t = 0; t < trainTimesteps; t++) {
      probabilities[t] = rootMeanSquare(t);
      sum += probabilities[t];
    }
    boolean equal = complete < trainTimesteps || sum == 0;
    double before = 0;
    for (int t = 0; t < trainTimesteps; t++) {
      double share = equal ? 1.0 / trainTimesteps : probabilities[t] / sum;
      probabilities[t] = (1 - EVENLY) * share + EVENLY / trainTimesteps;
      before += probabilities[t];
      cumulative[t] = before;
    }
  }

  private double rootMeanSquare(int t) {
    double squares = 0;
    for (int i = t * KEPT; i < (t + 1) * KEPT; i++) {
      squares += (double) losses[i] * losses[i];
    }
    return Math.sqrt(squares / KEPT);
  }

  @Override
  public Map<String, TensorData> state() {
    Map<String, TensorData> state = new LinkedHashMap<>();
    state.put(LOSSES, TensorData.ofFloats(losses.clone(), trainTimesteps, KEPT));
    state.put(COUNTS, TensorData.ofLongs(counts.clone(), trainTimesteps));
    return state;
  }

  @Override
  public void restore(Map<String, TensorData> state) {
    TensorData rows = state.get(LOSSES);
    TensorData sizes = state.get(COUNTS);
    TensorData mine = state().get(LOSSES);
    if (rows == null || sizes == null || !rows.shape().equals(mine.shape())) {
      throw new IllegalArgumentException(
          "losses of timesteps: expected shape "
              + mine.shape()
              + ", found "
              + (rows == null ? "none" : rows.shape()));
    }
    System.arraycopy(rows.floats(), 0, losses, 0, losses.length);
    System.arraycopy(sizes.longs(), 0, counts, 0, counts.length);
    complete = (int) Arrays.stream(counts).filter(count -> count == KEPT).count();
    weigh();
  }
}
