package io.ddpm4j.trainer.objective;

import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.Value;
import java.util.function.IntToDoubleFunction;

/**
 * Numbers of a noise schedule for the images of a batch. Computed in double, looked up by timestep.
 *
 * @param timestep int64 (N)
 * @param trainTimesteps T
 */
record Tables(Ops o, Value timestep, int trainTimesteps) {
  /** The number for each image: (N). */
  Value numbers(IntToDoubleFunction at) {
    float[] values = new float[trainTimesteps];
    for (int t = 0; t < values.length; t++) {
      values[t] = (float) at.applyAsDouble(t);
    }
    return o.gather(o.constant(TensorData.ofFloats(values, values.length)), timestep, 0);
  }

  /** The number for each image, to go with its pixels: (N, 1, 1, 1). */
  Value forPixels(IntToDoubleFunction at) {
    return o.reshape(numbers(at), -1, 1, 1, 1);
  }
}
