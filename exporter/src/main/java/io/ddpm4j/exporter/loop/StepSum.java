package io.ddpm4j.exporter.loop;

import io.ddpm4j.exporter.graph.Value;
import java.util.function.ToDoubleFunction;

/** A weighted sum of arrays; one whose weight is 0 in all steps is left out. */
final class StepSum {
  private final StepColumns columns;
  private Value sum; // null: nothing yet

  StepSum(StepColumns columns) {
    this.columns = columns;
  }

  StepSum add(ToDoubleFunction<SamplerStep> weight, Value term) {
    return columns.isAlways(0, weight) ? this : add(columns.times(weight, term));
  }

  StepSum add(Value term) {
    sum = sum == null ? term : columns.ops().add(sum, term);
    return this;
  }

  /** All of x, x_0 and the output. */
  static Value of(StepColumns columns, Mixed mix, Value x, Value x0, Value output) {
    return new StepSum(columns).add(mix, x, x0, output).value();
  }

  StepSum add(Mixed mix, Value x, Value x0, Value output) {
    return add(step -> mix.of(step).x(), x)
        .add(step -> mix.of(step).predictedX0(), x0)
        .add(step -> mix.of(step).output(), output);
  }

  /** Which of a step's sums it is. */
  @FunctionalInterface
  interface Mixed {
    StepMix of(SamplerStep step);
  }

  /** The sum so far. */
  Value value() {
    if (sum == null) {
      throw new IllegalArgumentException("steps: expected weights other than 0, found none");
    }
    return sum;
  }
}
