package io.ddpm4j.trainer.optim;

import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.Value;

/**
 * The exponential moving average of the weights (Ho et al. 2020, appendix B), with warm-up: at step
 * t the decay is at most (1 + t) / (10 + t), so that the start is forgotten.
 *
 * @param decay in [0, 1)
 */
public record Ema(double decay) {
  /** Refuses a decay outside its range. */
  public Ema {
    if (!(decay >= 0 && decay < 1)) {
      throw new IllegalArgumentException(
          "EMA decay: expected a number from 0 to below 1, found " + decay);
    }
  }

  /**
   * The average after a step.
   *
   * @param average before the step
   * @param weights after the step
   * @param step int64 scalar, 1 for the first step
   */
  public Value apply(Ops o, Value average, Value weights, Value step) {
    Value t = o.cast(step, DataType.DOUBLE); // in float, 1 - 0.9999 has lost four digits
    Value warm = o.div(o.add(t, 1), o.add(t, 10));
    Value least = o.min(warm, o.constant(TensorData.scalar(DataType.DOUBLE, decay)));
    Value share = o.cast(o.sub(1, least), DataType.FLOAT); // of the new weights
    return o.add(average, o.mul(o.sub(weights, average), share));
  }
}
