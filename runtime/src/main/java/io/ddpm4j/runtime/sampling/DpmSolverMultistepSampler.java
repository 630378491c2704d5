package io.ddpm4j.runtime.sampling;

import io.ddpm4j.runtime.schedule.BetaSchedule;
import io.ddpm4j.runtime.schedule.EdmGrid;
import io.ddpm4j.runtime.schedule.NoisePath;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.SamplingGrid;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import io.ddpm4j.runtime.schedule.SolverGrid;
import io.ddpm4j.runtime.schedule.SolverSigmas;
import io.ddpm4j.runtime.schedule.SolverSigmas.End;
import io.ddpm4j.runtime.schedule.SolverSigmas.Levels;
import java.util.ArrayList;
import java.util.List;

/**
 * The multistep DPM-Solvers (Lu et al. 2022, DPM-Solver++, algorithm 2 and appendix B; DPM-Solver,
 * eq. 3.7), one call of the model a step: between two levels the network's outputs are a polynomial
 * in λ = log α - log σ through the last of them, and the rest of the equation is solved exactly.
 * The SDE's first order is DDIM's with η = 1. Over EDM's levels (Karras et al. 2022) α is 1; over
 * rising ones it turns an image into its noise.
 *
 * <p>The SDE draws noise at every step, the last included.
 *
 * @param sigmaGrid the levels
 * @param output from the network's output to x_0 or ε, as {@code algorithm} has it
 * @param algorithm the equation; in x_0 if the grid ends at level 0, and no SDE over rising levels
 * @param rule of the second order
 * @param solverOrder 1 to 3; at most 2 for {@code sde-dpmsolver} and for the SDE over EDM's levels
 * @param lowerOrderFinal whether the last two of fewer than 15 steps have orders 2 and 1
 * @param eulerAtFinal whether the last step has order 1, as it has in any case if it ends at 0
 */
public record DpmSolverMultistepSampler(
    SolverGrid sigmaGrid,
    SolverOutput output,
    DpmAlgorithm algorithm,
    DpmAlgorithm.Rule rule,
    int solverOrder,
    boolean lowerOrderFinal,
    boolean eulerAtFinal)
    implements SolverMethod, LinearSampler {
  static final String NAME = "dpmpp_2m";
  static final String SDE = "dpmpp_2m_sde";
  static final String INVERSE = "dpmpp_2m_inverse";
  static final String EDM = "edm_dpmpp_2m";

  /** Refuses what does not fit together. */
  public DpmSolverMultistepSampler {
    SolverOrder.check("solver_order", solverOrder, 3);
    boolean edm = sigmaGrid instanceof EdmGrid;
    if (solverOrder == 3
        && (algorithm == DpmAlgorithm.SDE_DPMSOLVER || edm && algorithm.stochastic())) {
      throw new IllegalArgumentException(
          "solver_order: expected 1 or 2 with %s, found 3".formatted(algorithm.label()));
    }
    if (edm && !algorithm.inX0() || algorithm.stochastic() && isInverse(sigmaGrid)) {
      throw new IllegalArgumentException(
          "algorithm_type: expected dpmsolver++ or %s here, found %s"
              .formatted(edm ? "sde-dpmsolver++" : "dpmsolver", algorithm.label()));
    }
    output.check(sigmaGrid, algorithm);
  }

  private static boolean isInverse(SolverGrid grid) {
    return grid instanceof SolverSigmas levels && levels.end() == End.SIGMA_MAX;
  }

  /** What a configuration of DPMSolverMultistepScheduler says. */
  public static DpmSolverMultistepSampler of(SchedulerConfig config) {
    boolean rounds = config.betaSchedule() != BetaSchedule.SQUAREDCOS_CAP_V2;
    return of(config, SolverSigmas.of(config, End.of(config), rounds, Levels.FLOW));
  }

  /** What a configuration of DPMSolverMultistepInverseScheduler says. */
  public static DpmSolverMultistepSampler inverse(SchedulerConfig config) {
    return of(config, SolverSigmas.of(config, End.SIGMA_MAX, true, Levels.FLOW));
  }

  /** What a configuration of EDMDPMSolverMultistepScheduler says. */
  public static DpmSolverMultistepSampler edm(SchedulerConfig config) {
    return of(config, EdmGrid.ofSolver(config));
  }

  private static DpmSolverMultistepSampler of(SchedulerConfig config, SolverGrid grid) {
    DpmAlgorithm algorithm = DpmAlgorithm.of(config);
    return new DpmSolverMultistepSampler(
        grid,
        SolverOutput.of(config, algorithm.inX0()),
        algorithm,
        DpmAlgorithm.Rule.of(config),
        config.integer("solver_order", 2),
        config.flag("lower_order_final", true),
        config.flag("euler_at_final", false));
  }

  @Override
  public String name() {
    if (sigmaGrid instanceof EdmGrid) {
      return EDM;
    }
    return isInverse(sigmaGrid) ? INVERSE : algorithm.stochastic() ? SDE : NAME;
  }

  @Override
  public DpmSolverMultistepSampler withSteps(int steps) {
    return new DpmSolverMultistepSampler(
        sigmaGrid.withSteps(steps),
        output,
        algorithm,
        rule,
        solverOrder,
        lowerOrderFinal,
        eulerAtFinal);
  }

  @Override
  public boolean isInverse() {
    return isInverse(sigmaGrid);
  }

  @Override
  public StepTable table(NoiseSchedule schedule, int first) {
    SamplingGrid grid = grid(schedule);
    double[] timesteps = grid.timesteps();
    double[] levels = grid.sigmas();
    NoisePath path = sigmaGrid.path();
    DpmStep[] weights = DpmStep.all(algorithm, path, levels);
    double[] back = new double[solverOrder];
    List<LinearStep> steps = new ArrayList<>();
    for (int step = first; step < timesteps.length; step++) {
      SolverOrder.lambdas(path, levels, step, back);
      int order = order(step, first, levels);
      steps.add(
          LinearStep.of(
                  timesteps[step],
                  output.x0(path, levels[step]),
                  StepWeights.ofX0(weights[step].x(), 0),
                  algorithm.stochastic() ? StepNoise.after(weights[step].noise()) : StepNoise.NONE)
              .withInputScale(path.inputScale(levels[step]))
              .withHistory(
                  output.kept(path, levels[step]), weights[step].multistep(order, rule, back)));
    }
    return new StepTable(grid.initNoiseSigma(), output.clipping(), steps);
  }

  private int order(int step, int first, double[] levels) {
    boolean last = step == levels.length - 2;
    return last && (eulerAtFinal || sigmaGrid.endsAtZero())
        ? 1
        : SolverOrder.lowered(solverOrder, step, first, levels, lowerOrderFinal);
  }
}
