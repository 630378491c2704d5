package io.ddpm4j.exporter.loop;

import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.Value;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * The numbers of the step that runs, inside the loop's body. A number that is the same in all steps
 * is a constant; the others are looked up in a vector.
 */
final class StepColumns {
  private final Ops ops;
  private final List<SamplerStep> steps;
  private final Value step;

  /**
   * @param ops of the loop's body
   * @param step the number of the step, int64 scalar
   */
  StepColumns(Ops ops, List<SamplerStep> steps, Value step) {
    this.ops = ops;
    this.steps = steps;
    this.step = step;
  }

  Ops ops() {
    return ops;
  }

  /** The number of the step, int64 scalar. */
  Value step() {
    return step;
  }

  /** Whether the number is this one in all steps. */
  boolean isAlways(double value, ToDoubleFunction<SamplerStep> number) {
    return steps.stream().allMatch(each -> number.applyAsDouble(each) == value);
  }

  /** The number as a float scalar. */
  Value of(ToDoubleFunction<SamplerStep> number) {
    float[] floats = new float[steps.size()];
    for (int k = 0; k < floats.length; k++) {
      floats[k] = (float) number.applyAsDouble(steps.get(k));
    }
    return isAlways(number.applyAsDouble(steps.get(0)), number)
        ? ops.scalar(floats[0])
        : ops.gather(ops.constant(TensorData.ofFloats(floats, floats.length)), step, 0);
  }

  /** x times the number; x itself where that is always 1. */
  Value times(ToDoubleFunction<SamplerStep> number, Value x) {
    return isAlways(1, number) ? x : ops.mul(x, of(number));
  }

  /** The timestep as a scalar of this type: the nearest whole one, half to even, of an integer. */
  Value timestep(DataType type) {
    if (type.isFloatingPoint()) {
      return ops.cast(of(SamplerStep::timestep), type);
    }
    long[] whole = steps.stream().mapToLong(each -> (long) Math.rint(each.timestep())).toArray();
    Value table = ops.constant(TensorData.ofLongs(whole, whole.length));
    return ops.cast(ops.gather(table, step, 0), type);
  }
}
