package io.ddpm4j.exporter.nn;

import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Value;
import java.util.function.BiFunction;

/** How a residual block changes the size of its images, without weights. */
enum Resampling {
  NONE((o, x) -> x),
  /** Means of four pixels. */
  DOWN((o, x) -> o.averagePool(x, 2)),
  /** Copies of each pixel. */
  UP((o, x) -> o.upsampleNearest(x, 2)),
  FIR_DOWN(Ops::firDownsample),
  FIR_UP(Ops::firUpsample);

  private final BiFunction<Ops, Value, Value> function;

  Resampling(BiFunction<Ops, Value, Value> function) {
    this.function = function;
  }

  /** (N, C, H, W) to (N, C, H', W'). */
  Value apply(Ops ops, Value x) {
    return function.apply(ops, x);
  }
}
