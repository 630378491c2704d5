package io.ddpm4j.exporter.loop;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Tables of no method in particular, whose numbers stay small. */
final class RandomTables {
  private RandomTables() {}

  static SamplerTable table(Random random, X0Bound bound, NoiseUse noise) {
    int count = 1 + random.nextInt(6);
    int depth = random.nextInt(4);
    List<SamplerStep> steps = new ArrayList<>();
    for (int k = 0; k < count; k++) {
      List<Double> history = new ArrayList<>();
      for (int back = 0; back < Math.min(depth, k + 1); back++) {
        history.add(number(random) / depth);
      }
      boolean draws = noise != NoiseUse.NONE && k + 1 < count;
      steps.add(
          new SamplerStep(
              10 * (count - k),
              random.nextBoolean() ? 1 : random.nextDouble() + 0.5,
              new StepMix(number(random), 0, number(random)),
              new StepMix(number(random), number(random), number(random)),
              new StepMix(number(random), number(random), number(random)),
              history,
              new SamplerStep.Noise(draws ? random.nextDouble() : 0, random.nextDouble())));
    }
    return new SamplerTable(random.nextDouble() + 0.5, bound, noise, steps);
  }

  private static double number(Random random) {
    return random.nextDouble() - 0.4;
  }
}
