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
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * UniPC (Zhao et al. 2023): a predictor (UniP, algorithm 2) and a corrector (UniC, algorithm 1) of
 * any order p, which share the model's calls: the output at the predicted x corrects that x, and
 * the next prediction starts from the corrected one. One call a step, no noise.
 *
 * @param sigmaGrid the levels
 * @param output from the network's output to x_0 or ε
 * @param scale B(h), the freedom in the method's coefficients
 * @param solverOrder p, at least 1; the corrector has order p + 1
 * @param lowerOrderFinal whether the order falls to 1 towards the end; a step to level 0 has order
 *     1 in any case
 * @param uncorrected the steps, from 0, whose result is not corrected; the last one never is
 */
public record UniPcSampler(
    SolverGrid sigmaGrid,
    SolverOutput output,
    Scale scale,
    int solverOrder,
    boolean lowerOrderFinal,
    List<Integer> uncorrected)
    implements SolverMethod {
  static final String NAME = "unipc";

  /** The coefficient B(h) under diffusers' names (Zhao et al. 2023, §3.4). */
  public enum Scale {
    /** B(h) = h. */
    BH1("bh1"),
    /** B(h) = e^h - 1. */
    BH2("bh2");

    private static final Set<String> OTHERS = Set.of("midpoint", "heun", "logrho");

    private final String label;

    Scale(String label) {
      this.label = label;
    }

    /** The name in a scheduler configuration. */
    public String label() {
      return label;
    }

    /** What a configuration says; other solvers' rules, which a saved model may have, count. */
    static Scale of(SchedulerConfig config) {
      return config.string("solver_type").filter(OTHERS::contains).isPresent()
          ? BH2
          : config.choice("solver_type", values(), Scale::label);
    }
  }

  /** Refuses an order below 1; copies the list. */
  public UniPcSampler {
    uncorrected = List.copyOf(uncorrected);
    SolverOrder.check("solver_order", solverOrder, Integer.MAX_VALUE);
    output.check(sigmaGrid).checkNoFlowAsEpsilon("predict_x0");
  }

  /** What a configuration says. */
  public static UniPcSampler of(SchedulerConfig config) {
    if (config.isSet("solver_p")) {
      throw new IllegalArgumentException(
          "solver_p: expected null, the method's own predictor, found another scheduler");
    }
    boolean asX0 = config.flag("predict_x0", true);
    SolverOutput output = SolverOutput.of(config, asX0);
    End end = End.of(config) == End.ZERO ? End.ZERO : End.SMALLEST_AGAIN;
    return new UniPcSampler(
        SolverSigmas.of(config, end, true, Levels.FLOW_FROM_ONE),
        asX0 ? output : output.unclipped(), // the reference does not threshold ε
        Scale.of(config),
        config.integer("solver_order", 2),
        config.flag("lower_order_final", true),
        config.numbers("disable_corrector").map(UniPcSampler::steps).orElse(List.of()));
  }

  private static List<Integer> steps(double[] values) {
    for (double value : values) {
      if (value != (int) value) {
        throw new IllegalArgumentException(
            "disable_corrector: expected numbers of steps, found " + value);
      }
    }
    return Arrays.stream(values).mapToObj(value -> (int) value).toList();
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public UniPcSampler withSteps(int steps) {
    return new UniPcSampler(
        sigmaGrid.withSteps(steps), output, scale, solverOrder, lowerOrderFinal, uncorrected);
  }

  /** What the steps of one run share. */
  private record Terms(WeightedSum sum, UniPcWeights weights, History outputs) {}

  @Override
  public void sample(EpsilonModel model, NoiseSchedule schedule, SamplingRun run) {
    SamplingGrid grid = grid(schedule);
    double[] timesteps = grid.timesteps();
    double[] levels = grid.sigmas();
    int kept = Math.min(solverOrder, timesteps.length);
    float[] start = run.buffer(0); // x that the last prediction started from
    History outputs = new History(run, 1, kept + 1);
    Terms terms = new Terms(new WeightedSum(kept + 2), new UniPcWeights(scale, kept), outputs);
    int order = 0;
    boolean[] corrects = new boolean[timesteps.length];
    for (int step = 0; step < corrects.length; step++) { // a set would box each question
      corrects[step] = !uncorrected.contains(step);
    }
    int first = run.start(levels(schedule), grid.initNoiseSigma());
    for (int step = first; step < timesteps.length; step++) {
      float[] predicted = run.predict(model, timesteps[step]);
      output.convert(run, sigmaGrid.path(), levels[step], predicted, outputs.push());
      if (step > first && corrects[step - 1]) {
        collect(terms, start, levels, step - 1, order, true);
        terms.sum.into(run.x());
      }
      System.arraycopy(run.x(), 0, start, 0, start.length);
      int asked = lowerOrderFinal ? Math.min(kept, timesteps.length - step) : kept;
      order = SolverOrder.available(asked, step, first, levels);
      collect(terms, start, levels, step, order, false);
      terms.sum.into(run.x());
      run.stepDone(step, timesteps.length, timesteps[step]);
    }
  }

  /**
   * Adds the terms of x at level {@code from} + 1.
   *
   * @param x the sample at level {@code from}
   * @param corrects whether the outputs already hold that of level {@code from} + 1, to be used
   */
  private void collect(
      Terms terms, float[] x, double[] levels, int from, int order, boolean corrects) {
    WeightedSum sum = terms.sum;
    History outputs = terms.outputs;
    NoisePath path = sigmaGrid.path();
    double s = levels[from];
    double t = levels[from + 1];
    double h = path.lambda(t) - path.lambda(s);
    double rate = output.asX0() ? -h : h;
    double amount = output.asX0() ? path.alpha(t) : path.sigma(t);
    double alphas = path.alpha(t) / path.alpha(s);
    double sigmas = path.sigma(t) / path.sigma(s);
    int first = corrects ? 1 : 0; // the place of the output at level s
    float[] d0 = outputs.get(first);
    sum.add(output.asX0() ? sigmas : alphas, x);
    // σ_t (e^h - 1) without the infinity of a step to level 0
    sum.add(
        output.asX0() ? -amount * Math.expm1(rate) : path.sigma(t) - alphas * path.sigma(s), d0);
    int differences = corrects ? order : order - 1;
    if (differences == 0) {
      return;
    }
    double[] ratios = terms.weights.ratios();
    for (int k = 0; k < order - 1; k++) {
      ratios[k] = (path.lambda(levels[from - 1 - k]) - path.lambda(s)) / h;
    }
    if (corrects) {
      ratios[order - 1] = 1;
    }
    double[] weights = terms.weights.solve(rate, differences);
    for (int k = 0; k < differences; k++) {
      float[] other = corrects && k == order - 1 ? outputs.get(0) : outputs.get(first + 1 + k);
      sum.addDifference(-amount * weights[k] / ratios[k], other, d0);
    }
  }
}
