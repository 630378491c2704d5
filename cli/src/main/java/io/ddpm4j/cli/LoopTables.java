package io.ddpm4j.cli;

import io.ddpm4j.exporter.loop.NoiseUse;
import io.ddpm4j.exporter.loop.SamplerStep;
import io.ddpm4j.exporter.loop.SamplerTable;
import io.ddpm4j.exporter.loop.StepMix;
import io.ddpm4j.exporter.loop.X0Bound;
import io.ddpm4j.runtime.sampling.Clipping;
import io.ddpm4j.runtime.sampling.LinearStep;
import io.ddpm4j.runtime.sampling.StepNoise;
import io.ddpm4j.runtime.sampling.StepTable;
import io.ddpm4j.runtime.sampling.StepWeights;
import java.util.Arrays;

/**
 * From runtime's tables of steps to exporter's: the two modules do not know each other, and this
 * one knows both.
 */
final class LoopTables {
  private LoopTables() {}

  /** The same table. */
  static SamplerTable of(StepTable table) {
    return new SamplerTable(
        table.initNoiseSigma(),
        bound(table.clipping()),
        NoiseUse.valueOf(table.noiseKind().name()),
        table.steps().stream().map(LoopTables::step).toList());
  }

  private static SamplerStep step(LinearStep step) {
    return new SamplerStep(
        step.timestep(),
        step.inputScale(),
        mix(step.x0()),
        mix(step.kept()),
        mix(step.next()),
        Arrays.stream(step.history()).boxed().toList(),
        noise(step.noise()));
  }

  private static StepMix mix(StepWeights weights) {
    return new StepMix(weights.x(), weights.predictedX0(), weights.output());
  }

  /** A step that draws nothing beside others that do has a scale of 0. */
  private static SamplerStep.Noise noise(StepNoise noise) {
    return new SamplerStep.Noise(noise.scale(), noise.logRange());
  }

  private static X0Bound bound(Clipping clipping) {
    if (clipping instanceof Clipping.Range range) {
      return new X0Bound.Range(range.bound());
    } else if (clipping instanceof Clipping.DynamicThreshold threshold) {
      return new X0Bound.Threshold(threshold.ratio(), threshold.maximum());
    }
    return new X0Bound.None();
  }
}
