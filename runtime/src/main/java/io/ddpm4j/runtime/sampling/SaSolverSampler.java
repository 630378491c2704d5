package io.ddpm4j.runtime.sampling;

import io.ddpm4j.runtime.model.EpsilonModel;
import io.ddpm4j.runtime.schedule.NoisePath;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.SamplingGrid;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import io.ddpm4j.runtime.schedule.SolverGrid;
import io.ddpm4j.runtime.schedule.SolverSigmas;
import io.ddpm4j.runtime.schedule.SolverSigmas.End;
import io.ddpm4j.runtime.schedule.SolverSigmas.Levels;

/**
 * SA-Solver (Xue et al. 2023, algorithm 1): stochastic Adams methods. A predictor (Adams-Bashforth,
 * eq. 14) and a corrector (Adams-Moulton, eq. 17) share the model's calls and the noise of a step:
 * the output at the predicted x corrects that x, and the next prediction starts from the corrected
 * one. One call and one draw of noise a step.
 *
 * @param sigmaGrid the levels, not ending at 0
 * @param output from the network's output to x_0 (data prediction) or ε (noise prediction)
 * @param predictorOrder 1 to 4
 * @param correctorOrder 1 to 4
 * @param lowerOrderFinal whether the orders fall to 1 towards the end
 * @param tau how much noise there is, by the timestep that a step starts from
 */
public record SaSolverSampler(
    SolverGrid sigmaGrid,
    SolverOutput output,
    int predictorOrder,
    int correctorOrder,
    boolean lowerOrderFinal,
    Tau tau)
    implements SolverMethod {
  static final String NAME = "sa_solver";
  private static final int MAX_ORDER = 4;

  /**
   * τ(t): 0 makes a step deterministic, 1 gives it the noise of the reverse SDE.
   *
   * @param value from timestep {@code first} to {@code last}, both included; 0 elsewhere
   */
  public record Tau(double value, double first, double last) {
    /** 1 from timestep 200 to 800. */
    public static final Tau DEFAULT = new Tau(1, 200, 800);

    /** Refuses a negative value. */
    public Tau {
      if (!(value >= 0)) {
        throw new IllegalArgumentException("tau: expected at least 0, found " + value);
      }
    }

    /** τ of a step from this timestep. */
    public double at(double timestep) {
      return timestep >= first && timestep <= last ? value : 0;
    }
  }

  /** The equation, under diffusers' names. */
  private enum Form {
    DATA_PREDICTION("data_prediction"),
    NOISE_PREDICTION("noise_prediction");

    private final String label;

    Form(String label) {
      this.label = label;
    }

    private String label() {
      return label;
    }
  }

  /** Refuses what does not fit together. */
  public SaSolverSampler {
    SolverOrder.check("predictor_order", predictorOrder, MAX_ORDER);
    SolverOrder.check("corrector_order", correctorOrder, MAX_ORDER);
    if (sigmaGrid.endsAtZero()) {
      throw new IllegalArgumentException("sigma_grid: expected levels above 0, found an end at 0");
    }
    output.check(sigmaGrid).checkNoFlowAsEpsilon("algorithm_type");
  }

  /** What a configuration says. */
  public static SaSolverSampler of(SchedulerConfig config) {
    if (config.isSet("tau_func")) {
      throw new IllegalArgumentException(
          "tau_func: expected null, tau of 1 from timestep 200 to 800, found a value");
    }
    Form form = config.choice("algorithm_type", Form.values(), Form::label);
    return new SaSolverSampler(
        SolverSigmas.of(config, End.SMALLEST_AGAIN, true, Levels.FLOW),
        SolverOutput.of(config, form == Form.DATA_PREDICTION),
        config.integer("predictor_order", 2),
        config.integer("corrector_order", 2),
        config.flag("lower_order_final", true),
        Tau.DEFAULT);
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public SaSolverSampler withSteps(int steps) {
    return new SaSolverSampler(
        sigmaGrid.withSteps(steps), output, predictorOrder, correctorOrder, lowerOrderFinal, tau);
  }

  /** The same sampler with another amount of noise. */
  public SaSolverSampler withTau(Tau amount) {
    return new SaSolverSampler(
        sigmaGrid, output, predictorOrder, correctorOrder, lowerOrderFinal, amount);
  }

  /** What the steps of one run share. */
  private record Terms(WeightedSum sum, AdamsWeights adams, History outputs) {}

  @Override
  public void sample(EpsilonModel model, NoiseSchedule schedule, SamplingRun run) {
    SamplingGrid grid = grid(schedule);
    double[] timesteps = grid.timesteps();
    double[] levels = grid.sigmas();
    int steps = timesteps.length;
    float[] start = run.buffer(0); // x that the last prediction started from
    float[] noise = run.buffer(1); // its noise
    History outputs = new History(run, 2, Math.max(predictorOrder, correctorOrder));
    int most = Math.max(predictorOrder, correctorOrder);
    Terms terms = new Terms(new WeightedSum(most + 2), new AdamsWeights(most), outputs);
    int first = run.start(levels(schedule), grid.initNoiseSigma());
    for (int step = first; step < steps; step++) {
      float[] predicted = run.predict(model, timesteps[step]);
      output.convert(run, sigmaGrid.path(), levels[step], predicted, outputs.push());
      if (step > first) {
        // known: the outputs up to this step; the end nears for the step that is corrected
        int order = Math.min(order(correctorOrder, steps - step + 2), step - first + 1);
        double amount = tau.at(timesteps[step - 1]);
        collect(terms, start, noise, levels, step - 1, order, amount, true);
        terms.sum.into(run.x());
      }
      System.arraycopy(run.x(), 0, start, 0, start.length);
      System.arraycopy(run.nextNoise(), 0, noise, 0, noise.length);
      int order = Math.min(order(predictorOrder, steps - step), step - first + 1);
      double amount = tau.at(timesteps[step]);
      collect(terms, start, noise, levels, step, order, amount, false);
      terms.sum.into(run.x());
      run.stepDone(step, steps, timesteps[step]);
    }
  }

  private int order(int asked, int left) {
    return lowerOrderFinal ? Math.min(asked, left) : asked;
  }

  /**
   * Adds the terms of x at level {@code from} + 1.
   *
   * @param x the sample at level {@code from}
   * @param order how many outputs: those up to level {@code from}, or one level further
   * @param corrects whether the outputs already hold that of level {@code from} + 1
   */
  private void collect(
      Terms terms,
      float[] x,
      float[] noise,
      double[] levels,
      int from,
      int order,
      double tau,
      boolean corrects) {
    WeightedSum sum = terms.sum;
    NoisePath path = sigmaGrid.path();
    double s = levels[from];
    double t = levels[from + 1];
    double h = path.lambda(t) - path.lambda(s);
    double rate = output.asX0() ? 1 + tau * tau : -1;
    double scale = (1 + tau * tau) * (output.asX0() ? path.alpha(t) : -path.sigma(t));
    double[] nodes = terms.adams.nodes(path, levels, t, corrects ? from + 1 : from, order);
    double[] weights = terms.adams.integrate(h, rate, order);
    if (output.asX0() && order == 2 && h != 0) {
      // A term of order h³, as in UniPC, that the authors found to help at few steps.
      double linear = (h * rate + Math.expm1(-rate * h)) / (rate * rate);
      double extra = corrects ? h / 2 - linear / h : (h * h / 2 - linear) / (nodes[1] - nodes[0]);
      weights[0] += extra;
      weights[1] -= extra;
    }
    if (output.asX0()) {
      sum.add(Math.exp(-tau * tau * h) * path.sigma(t) / path.sigma(s), x);
      sum.add(path.sigma(t) * Math.sqrt(-Math.expm1(-2 * tau * tau * h)), noise);
    } else {
      sum.add(path.alpha(t) / path.alpha(s), x);
      sum.add(tau * path.sigma(t) * Math.sqrt(Math.expm1(2 * h)), noise);
    }
    for (int k = 0; k < order; k++) {
      sum.add(scale * weights[k], terms.outputs.get(k));
    }
  }
}
