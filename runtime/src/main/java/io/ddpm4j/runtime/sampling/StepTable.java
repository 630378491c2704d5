package io.ddpm4j.runtime.sampling;

import java.util.List;

/**
 * A run in numbers: all that a method does beside calling the model, known before the run. Whoever
 * follows it, in Java or in another language, takes the same steps.
 *
 * @param initNoiseSigma the deviation of the noise that the run starts from
 * @param clipping what is done to the predicted x_0
 * @param steps from noise to image, at least one; those that draw noise do it in one way
 */
public record StepTable(double initNoiseSigma, Clipping clipping, List<LinearStep> steps) {

  /** Copies the list; refuses noise of different kinds. */
  public StepTable {
    steps = List.copyOf(steps);
    long kinds =
        steps.stream().map(s -> s.noise().kind()).filter(StepTable::draws).distinct().count();
    if (steps.isEmpty() || kinds > 1) {
      throw new IllegalArgumentException(
          "steps: expected at least one, with noise of one kind, found %d with %d kinds"
              .formatted(steps.size(), kinds));
    }
  }

  private static boolean draws(StepNoise.Kind kind) {
    return kind != StepNoise.Kind.NONE;
  }

  /** The kind of noise of those steps that draw any. */
  public StepNoise.Kind noiseKind() {
    return steps.stream()
        .map(step -> step.noise().kind())
        .filter(StepTable::draws)
        .findFirst()
        .orElse(StepNoise.Kind.NONE);
  }

  /** How many steps draw noise. */
  public int draws() {
    return (int) steps.stream().filter(step -> step.noise().isDrawn()).count();
  }

  /** How many kept arrays a step looks at, at most, its own among them. */
  public int historyDepth() {
    return steps.stream().mapToInt(LinearStep::depth).max().orElseThrow();
  }
}
