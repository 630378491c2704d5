package io.ddpm4j.runtime.sampling;

import io.ddpm4j.runtime.schedule.Sigmas;

/** Single steps along dx/dσ = (x - x_0)/σ (Karras et al. 2022, eq. 3), shared by many methods. */
final class SigmaSteps {
  private SigmaSteps() {}

  /** The weights of x and x_0 in Euler's step between two levels. */
  static StepWeights euler(double from, double to) {
    double kept = to / from;
    return StepWeights.ofX0(kept, 1 - kept);
  }

  /** Euler's step between two levels; {@code out} may be {@code x}. */
  static void euler(float[] out, float[] x, float[] x0, double from, double to) {
    double kept = to / from;
    Vectors.combine(out, kept, x, 1 - kept, x0);
  }

  /**
   * Euler's step to a level below {@code to}, and fresh noise up to it: the posterior of the
   * diffusion. Draws noise once.
   *
   * @param noiseScale factor of the fresh noise
   */
  static void ancestral(SamplingRun run, float[] x, double from, double to, double noiseScale) {
    double kept = Sigmas.ancestralDown(from, to) / from;
    double up = noiseScale * Sigmas.ancestralUp(from, to);
    Vectors.combine(run.x(), kept, x, 1 - kept, run.predictedX0(), up, run.nextNoise());
  }
}
