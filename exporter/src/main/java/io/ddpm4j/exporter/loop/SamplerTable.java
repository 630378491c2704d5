package io.ddpm4j.exporter.loop;

import java.util.List;

/**
 * A sampling method in numbers: all that it does beside calling the network.
 *
 * @param initialScale what the noise that the run starts from is multiplied by
 * @param bound what is done to the predicted x_0
 * @param noise how all steps use theirs
 * @param steps from noise to image, at least one
 */
public record SamplerTable(
    double initialScale, X0Bound bound, NoiseUse noise, List<SamplerStep> steps) {

  /** Copies the list. */
  public SamplerTable {
    steps = List.copyOf(steps);
    if (steps.isEmpty()) {
      throw new IllegalArgumentException("steps: expected at least one, found none");
    }
  }

  /** How many kept arrays a step looks at, at most, its own among them. */
  int historyDepth() {
    return steps.stream().mapToInt(step -> step.history().size()).max().orElseThrow();
  }
}
