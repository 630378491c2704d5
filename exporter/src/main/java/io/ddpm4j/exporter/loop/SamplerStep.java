package io.ddpm4j.exporter.loop;

import java.util.List;
import java.util.stream.DoubleStream;

/**
 * A step that adds up arrays with weights which are known beforehand. In this order:
 *
 * <pre>
 * output = network({@link #inputScale}·x, {@link #timestep})
 * x     += noise, of {@link NoiseUse#BEFORE}
 * x̂_0    = bounded({@link #x0} of x and output)
 * kept_0 = {@link #kept} of x, x̂_0 and output, which later steps see as kept_1, kept_2, …
 * x      = {@link #next} of x, x̂_0 and output + Σ {@link #history}[k]·kept_k + other noise
 * </pre>
 *
 * @param timestep what the network is told
 * @param inputScale what x is multiplied by before the network sees it
 * @param x0 the weights of x and the output in the predicted x_0, of which the sum holds nothing
 * @param kept those of what is kept for later steps
 * @param next those of x after the step
 * @param history the weights of what was kept, this step's first; steps may look back differently
 *     far
 * @param noise the noise of the step
 */
public record SamplerStep(
    double timestep,
    double inputScale,
    StepMix x0,
    StepMix kept,
    StepMix next,
    List<Double> history,
    Noise noise) {

  /**
   * The noise of a step.
   *
   * @param scale what the draw is multiplied by, or the factor of the learned deviation; 0 where
   *     the step uses none
   * @param logRange log(largest/smallest deviation), of {@link NoiseUse#LEARNED_RANGE} only
   */
  public record Noise(double scale, double logRange) {}

  /** Copies the list; refuses what a graph of float32 cannot hold. */
  public SamplerStep {
    history = List.copyOf(history);
    if (x0.predictedX0() != 0) {
      throw new IllegalArgumentException(
          "x0: expected weights of x and the output, found one of the predicted x_0");
    }
    DoubleStream weights =
        DoubleStream.concat(
            history.stream().mapToDouble(Double::doubleValue),
            DoubleStream.of(
                timestep,
                inputScale,
                x0.x(),
                x0.output(),
                kept.x(),
                kept.predictedX0(),
                kept.output(),
                next.x(),
                next.predictedX0(),
                next.output(),
                noise.scale(),
                noise.logRange()));
    weights
        .filter(weight -> !Float.isFinite((float) weight))
        .findFirst()
        .ifPresent(
            weight -> {
              throw new IllegalArgumentException(
                  "weights of the step at timestep %s: expected numbers that float32 holds, found %s"
                      .formatted(timestep, weight));
            });
  }

  /** The weight of what was kept so many steps ago; 0 where the step does not look so far back. */
  double history(int back) {
    return back < history.size() ? history.get(back) : 0;
  }
}
