package io.ddpm4j.runtime.sampling;

import io.ddpm4j.runtime.schedule.NoisePath;
import io.ddpm4j.runtime.schedule.PredictionType;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import io.ddpm4j.runtime.schedule.SolverGrid;
import java.util.Set;
import java.util.TreeSet;

/**
 * What a solver makes of the network's output before it steps: x_0 or ε, at a noise level.
 *
 * @param predictionType what the output means
 * @param clipping what is done to x_0; where the solver steps in ε, that follows the clipped x_0
 * @param asX0 whether the solver steps in x_0, in ε otherwise
 * @param learnsVariance whether the output has twice the image's channels, of which the second half
 *     is ignored
 */
public record SolverOutput(
    PredictionType predictionType, Clipping clipping, boolean asX0, boolean learnsVariance) {

  /** What a configuration says; solvers threshold, but do not clip. */
  static SolverOutput of(SchedulerConfig config, boolean asX0) {
    return new SolverOutput(
        config.predictionType(),
        config.thresholding() ? Clipping.of(config) : new Clipping.None(),
        asX0,
        config.varianceType().isLearned());
  }

  /** Refuses a name that is none of {@code names}, which all mean the same to a solver. */
  static void checkName(SchedulerConfig config, String field, Set<String> names) {
    String name = config.string(field).orElse("");
    if (!names.contains(name)) {
      throw new IllegalArgumentException(
          "%s: expected one of %s, found \"%s\""
              .formatted(field, String.join(", ", new TreeSet<>(names)), name));
    }
  }

  /** Without thresholding. */
  SolverOutput unclipped() {
    return new SolverOutput(predictionType, new Clipping.None(), asX0, learnsVariance);
  }

  /** Refuses an output that the grid's levels give no meaning to. */
  SolverOutput check(SolverGrid grid) {
    grid.path().check(predictionType);
    return this;
  }

  /** Refuses what does not fit a DPM-Solver's equation. */
  void check(SolverGrid grid, DpmAlgorithm algorithm) {
    if (!algorithm.inX0() && grid.endsAtZero()) {
      throw new IllegalArgumentException(
          "final_sigmas_type: expected sigma_min with %s, found zero".formatted(algorithm.label()));
    }
    if (asX0 != algorithm.inX0()) {
      throw new IllegalArgumentException(
          "output: expected %s with %s, found the other"
              .formatted(algorithm.inX0() ? "x_0" : "epsilon", algorithm.label()));
    }
    check(grid).checkNoFlowAsEpsilon("algorithm_type");
  }

  /** Refuses a flow's velocity for a solver that steps in ε. */
  SolverOutput checkNoFlowAsEpsilon(String field) {
    if (!asX0 && predictionType == PredictionType.FLOW_PREDICTION) {
      throw new IllegalArgumentException(
          "prediction_type: expected epsilon, sample or v_prediction with this %s, found %s"
              .formatted(field, predictionType.label()));
    }
    return this;
  }

  /** The weights of x and the output in the predicted x_0 at level s. */
  StepWeights x0(NoisePath path, double s) {
    return StepWeights.ofOutput(
        path.x0FromX(predictionType, s), path.x0FromOutput(predictionType, s));
  }

  /** Those of x, x_0 and the output in what the solver steps in, x_0 or ε, at level s. */
  StepWeights kept(NoisePath path, double s) {
    return new StepWeights(fromX(path, s), fromX0(path, s), fromOutput(path, s));
  }

  private double fromX(NoisePath path, double s) {
    if (asX0) {
      return 0;
    }
    return clipping.bounds() ? 1 / path.sigma(s) : path.epsilonFromX(predictionType, s);
  }

  private double fromX0(NoisePath path, double s) {
    if (asX0) {
      return 1;
    }
    return clipping.bounds() ? -path.alpha(s) / path.sigma(s) : 0;
  }

  private double fromOutput(NoisePath path, double s) {
    return asX0 || clipping.bounds() ? 0 : path.epsilonFromOutput(predictionType, s);
  }

  /**
   * Turns the output at level s to x_0, which it leaves in the run, and x_0 or ε in {@code into}.
   */
  void convert(SamplingRun run, NoisePath path, double s, float[] output, float[] into) {
    run.predictX0(
        clipping, path.x0FromX(predictionType, s), path.x0FromOutput(predictionType, s), output);
    float[] x = run.x();
    float[] x0 = run.predictedX0();
    double a = fromX(path, s);
    if (asX0) {
      System.arraycopy(x0, 0, into, 0, into.length);
    } else if (clipping.bounds()) {
      Vectors.combine(into, a, x, fromX0(path, s), x0);
    } else {
      double b = fromOutput(path, s);
      Vectors.combineStrided(into, a, x, b, output, run.elements(), run.stride());
    }
  }
}
