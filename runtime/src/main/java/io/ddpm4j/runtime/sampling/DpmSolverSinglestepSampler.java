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
 * The singlestep DPM-Solvers (Lu et al. 2022, DPM-Solver, algorithms 1 and 2; DPM-Solver++,
 * algorithm 1): like Runge-Kutta's methods, groups of as many calls of the model as the order, each
 * of which starts again where the group began; the levels within a group are the grid's.
 *
 * <p>The SDE draws noise at every step, the last included.
 *
 * @param sigmaGrid the levels
 * @param output from the network's output to x_0 or ε, as {@code algorithm} has it
 * @param algorithm the equation, {@code sde-dpmsolver} excepted; in x_0 if the grid ends at level 0
 * @param rule of the last step of a group
 * @param solverOrder 1 to 3
 * @param lowerOrderFinal whether the last group is shortened so that the end has order 1 (or 2); in
 *     any case so where the grid ends at level 0 or its length is no multiple of the order
 */
public record DpmSolverSinglestepSampler(
    SolverGrid sigmaGrid,
    SolverOutput output,
    DpmAlgorithm algorithm,
    DpmAlgorithm.Rule rule,
    int solverOrder,
    boolean lowerOrderFinal)
    implements SolverMethod {
  static final String NAME = "dpmpp_2s";

  /** Refuses what does not fit together. */
  public DpmSolverSinglestepSampler {
    SolverOrder.check("solver_order", solverOrder, 3);
    if (algorithm == DpmAlgorithm.SDE_DPMSOLVER) {
      throw new IllegalArgumentException(
          "algorithm_type: expected dpmsolver, dpmsolver++ or sde-dpmsolver++, found "
              + algorithm.label());
    }
    output.check(sigmaGrid, algorithm);
  }

  /** What a configuration says. */
  public static DpmSolverSinglestepSampler of(SchedulerConfig config) {
    DpmAlgorithm algorithm = DpmAlgorithm.of(config);
    return new DpmSolverSinglestepSampler(
        SolverSigmas.of(config, End.of(config), true, Levels.FLOW),
        SolverOutput.of(config, algorithm.inX0()),
        algorithm,
        DpmAlgorithm.Rule.of(config),
        config.integer("solver_order", 2),
        config.flag("lower_order_final", false));
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public DpmSolverSinglestepSampler withSteps(int steps) {
    return new DpmSolverSinglestepSampler(
        sigmaGrid.withSteps(steps), output, algorithm, rule, solverOrder, lowerOrderFinal);
  }

  @Override
  public void sample(EpsilonModel model, NoiseSchedule schedule, SamplingRun run) {
    SamplingGrid grid = grid(schedule);
    double[] timesteps = grid.timesteps();
    double[] levels = grid.sigmas();
    NoisePath path = sigmaGrid.path();
    History outputs = new History(run, 1, solverOrder);
    WeightedSum sum = new WeightedSum(solverOrder + 2);
    double[] back = new double[solverOrder];
    DpmStep[] steps = steps(path, levels, timesteps.length);
    float[] start = run.buffer(0); // x where the group began
    int first = run.start(levels(schedule), grid.initNoiseSigma());
    for (int step = first; step < timesteps.length; step++) {
      float[] predicted = run.predict(model, timesteps[step]);
      output.convert(run, path, levels[step], predicted, outputs.push());
      // Where a run begins within a group, as far as there are outputs.
      int order = Math.min(order(step, timesteps.length), step - first + 1);
      if (order == 1) {
        System.arraycopy(run.x(), 0, start, 0, start.length);
      }
      SolverOrder.lambdas(path, levels, step, back);
      DpmStep weights = steps[step];
      sum.add(weights.x(), start);
      weights.addSinglestep(sum, order, rule, back, outputs);
      if (algorithm.stochastic()) {
        sum.add(weights.noise(), run.nextNoise());
      }
      sum.into(run.x());
      run.stepDone(step, timesteps.length, timesteps[step]);
    }
  }

  /** From where each group began to the next level. */
  private DpmStep[] steps(NoisePath path, double[] levels, int count) {
    DpmStep[] steps = new DpmStep[count];
    for (int step = 0; step < count; step++) {
      double start = levels[step - order(step, count) + 1];
      steps[step] = DpmStep.of(algorithm, path, start, levels[step + 1]);
    }
    return steps;
  }

  /** The place of a step in its group, from 1: the groups are full but the last one or two. */
  int order(int step, int steps) {
    if (step == steps - 1 && sigmaGrid.endsAtZero()) {
      return 1;
    }
    boolean lowers = lowerOrderFinal || sigmaGrid.endsAtZero() || steps % solverOrder != 0;
    boolean splits = lowers && steps % solverOrder == 0; // 1 2 3 becomes 1 2, 1
    return splits && step == steps - 1 ? 1 : step % solverOrder + 1;
  }
}
