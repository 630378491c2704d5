package io.ddpm4j.runtime.likelihood;

import io.ddpm4j.runtime.random.NoiseSource;
import io.ddpm4j.runtime.schedule.NoisePath;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.PredictionType;

/**
 * The likelihood of the probability flow, the ordinary differential equation that DDIM's steps
 * follow (Song, Sohl-Dickstein and others 2021, eq. 39). With x̄ = x/√ᾱ and s = √((1-ᾱ)/ᾱ) it is
 * dx̄/ds = ε(√ᾱ x̄, t), and
 *
 * <pre>
 * log p(x_0) = log N(x_T; 0, I) + C·H·W/2·log ᾱ_T + ∫ √ᾱ div ε ds,  s from 0 to that of T-1.
 * </pre>
 *
 * <p>The path is Heun's: second order, exact where x̄ is linear in s, as it is where all is noise
 * and in pixels that all data have alike. The divergence, which goes as 1/s there, is integrated by
 * trapezoids of s·div over log s, exact in the same places. Both are evaluated at timesteps alone,
 * so a network of whole timesteps is never asked for what lies between them, and an image's
 * likelihood does not depend on the others of its batch, as it would with steps that adapt.
 *
 * <p>The divergence is Hutchinson's estimate vᵀ(∂ε/∂x)v with signs v (Rademacher), drawn anew at
 * every evaluation, where the derivative along v is the central difference of two calls of the
 * network, h·v apart from x each way; ε itself is their mean. h is a share of the noise's standard
 * deviation, at whose scale ε varies: the difference loses digits as h falls and curvature enters
 * with h², see {@link Settings#probeStep}.
 *
 * <p>Immutable and thread-safe.
 */
public final class ProbabilityFlow {
  /** The usual h as a share of √(1-ᾱ): float32 networks lose about as much to either side of it. */
  public static final double DEFAULT_PROBE_STEP = 0.01;

  private static final double LOG_2 = Math.log(2);
  private static final NoisePath PATH = NoisePath.VARIANCE_PRESERVING;

  private final Settings settings;
  private final FlowKnots knots;

  /**
   * How the flow is integrated.
   *
   * @param predictionType what the network predicts: ε, x_0 or v
   * @param steps about as many, each of four calls of the network
   * @param wholeTimesteps whether the network takes whole timesteps only
   * @param probeStep h as a share of √(1-ᾱ), above 0: {@link #DEFAULT_PROBE_STEP}. Networks of
   *     float16 need a larger one
   */
  public record Settings(
      PredictionType predictionType, int steps, boolean wholeTimesteps, double probeStep) {
    /** Refuses what cannot be integrated. */
    public Settings {
      PATH.check(predictionType);
      if (steps < 1) {
        throw new IllegalArgumentException("steps: expected at least 1, found " + steps);
      }
      if (!(probeStep > 0 && probeStep < 1)) {
        throw new IllegalArgumentException(
            "probe step: expected a number above 0 and below 1, found " + probeStep);
      }
    }
  }

  /** A flow over this schedule. */
  public ProbabilityFlow(NoiseSchedule schedule, Settings settings) {
    this.settings = settings;
    this.knots = FlowKnots.of(schedule, settings.steps(), settings.wholeTimesteps());
  }

  /** Calls of the network for each batch. */
  public int calls() {
    return 4 * (knots.count() - 1);
  }

  /**
   * The density of each image in bits per dimension, -log₂ p(x_0)/(C·H·W): of real numbers. To make
   * a code length of it, add noise by {@link Dequantisation} and its {@link
   * Dequantisation#bitsOfLevel}.
   *
   * @param probes draw i is for evaluation i; signs count
   * @throws IllegalStateException if the network's numbers are not finite
   * @throws java.util.concurrent.CancellationException if it was cancelled
   */
  public double[] bitsPerDimension(BatchNetwork network, NoiseSource probes, ImageRun run) {
    run.requireFits(network);
    return new Integration(network, probes, run).integrate();
  }

  /** The memory of one call. */
  private final class Integration {
    private final BatchNetwork network;
    private final NoiseSource probes;
    private final ImageRun run;
    private final int elements;
    private final int numbers;
    private final double[] x; // x̄, likewise next
    private final double[] next;
    private final double[] slope; // ε at x̄, likewise at next
    private final double[] nextSlope;
    private final double[] divergence; // √ᾱ div ε of each image, likewise at next
    private final double[] nextDivergence;
    private final double[] logDeterminant;
    private final float[] signs;
    private final float[] ahead;
    private final float[] behind;
    private final float[] outputAhead;
    private final float[] outputBehind;
    private int evaluations;
    private int calls;

    Integration(BatchNetwork network, NoiseSource probes, ImageRun run) {
      this.network = network;
      this.probes = probes;
      this.run = run;
      this.elements = network.elements();
      this.numbers = run.images() * elements;
      this.x = new double[numbers];
      this.next = new double[numbers];
      this.slope = new double[numbers];
      this.nextSlope = new double[numbers];
      this.divergence = new double[run.images()];
      this.nextDivergence = new double[run.images()];
      this.logDeterminant = new double[run.images()];
      this.signs = new float[numbers];
      this.ahead = new float[network.batch() * elements];
      this.behind = new float[network.batch() * elements];
      this.outputAhead = new float[network.batch() * network.outputs()];
      this.outputBehind = new float[network.batch() * network.outputs()];
    }

    double[] integrate() {
      for (int i = 0; i < numbers; i++) {
        x[i] = run.x0()[i]; // ᾱ = 1
      }
      for (int knot = 0; knot + 1 < knots.count(); knot++) {
        step(knot);
      }
      return bits();
    }

    /** Heun's step to the next knot. */
    private void step(int knot) {
      double length = knots.levels()[knot + 1] - knots.levels()[knot];
      evaluate(knot, x, slope, divergence);
      for (int i = 0; i < numbers; i++) {
        next[i] = x[i] + length * slope[i];
      }
      evaluate(knot + 1, next, nextSlope, nextDivergence);
      double half = length / 2;
      for (int i = 0; i < numbers; i++) {
        x[i] += half * (slope[i] + nextSlope[i]);
      }
      double first = knots.weight(knot, knot);
      double second = knots.weight(knot, knot + 1);
      for (int image = 0; image < divergence.length; image++) {
        logDeterminant[image] += first * divergence[image] + second * nextDivergence[image];
      }
    }

    /** ε and its divergence at a knot. */
    private void evaluate(int knot, double[] at, double[] epsilon, double[] divergences) {
      double level = knots.askedLevel(knot);
      double timestep = knots.timesteps()[knot];
      double alpha = PATH.alpha(level);
      double h = settings.probeStep() * PATH.sigma(level);
      probes.fill(signs, run.firstImage(), run.images(), elements, evaluations);
      for (int i = 0; i < numbers; i++) {
        double middle = alpha * at[i];
        double off = Math.copySign(h, signs[i]);
        ahead[i] = (float) (middle + off);
        behind[i] = (float) (middle - off);
      }
      predict(ahead, timestep, outputAhead);
      predict(behind, timestep, outputBehind);
      double fromX = PATH.epsilonFromX(settings.predictionType(), level);
      double fromOutput = PATH.epsilonFromOutput(settings.predictionType(), level);
      for (int image = 0; image < divergences.length; image++) {
        int outputFrom = image * network.outputs();
        double sum = 0;
        for (int k = 0; k < elements; k++) {
          int i = image * elements + k;
          double first = fromX * ahead[i] + fromOutput * outputAhead[outputFrom + k];
          double second = fromX * behind[i] + fromOutput * outputBehind[outputFrom + k];
          epsilon[i] = (first + second) / 2;
          sum += Math.copySign(1, signs[i]) * (first - second);
        }
        divergences[image] = alpha * sum / (2 * h);
        network.requireFinite(divergences[image], run.firstImage() + image, timestep);
      }
      evaluations++;
    }

    private void predict(float[] values, double timestep, float[] output) {
      run.cancellation().throwIfCancelled();
      network.predict(values, timestep, output);
      calls++;
      run.listener().onCall(calls, calls());
    }

    /** -log₂ p(x_0) per dimension. */
    private double[] bits() {
      double alpha = PATH.alpha(knots.levels()[knots.count() - 1]);
      double[] bits = new double[run.images()];
      for (int image = 0; image < bits.length; image++) {
        double log = logDeterminant[image] + elements * Math.log(alpha);
        for (int i = image * elements; i < (image + 1) * elements; i++) {
          log += Gaussians.logDensity(alpha * x[i], 0, 0);
        }
        bits[image] = -log / elements / LOG_2;
      }
      return bits;
    }
  }
}
