package io.ddpm4j.runtime.sampling;

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
import java.util.Set;

/**
 * DEIS (Zhang and Chen 2023, Fast Sampling of Diffusion Models with Exponential Integrator, §3.3):
 * an Adams-Bashforth method in ε, whose polynomial is one in log ρ = log σ/α, the logρ variant. One
 * call of the model a step, no noise.
 *
 * @param sigmaGrid the levels, not ending at 0
 * @param output from the network's output to ε
 * @param solverOrder 1 to 3
 * @param lowerOrderFinal whether the last two of fewer than 15 steps have orders 2 and 1
 */
public record DeisSampler(
    SolverGrid sigmaGrid, SolverOutput output, int solverOrder, boolean lowerOrderFinal)
    implements SolverMethod, LinearSampler {
  static final String NAME = "deis";

  /** Names that configurations of other solvers bring along and that mean DEIS's own here. */
  private static final Set<String> ALGORITHMS = Set.of("deis", "dpmsolver", "dpmsolver++");

  private static final Set<String> RULES = Set.of("logrho", "midpoint", "heun", "bh1", "bh2");

  /** Refuses what does not fit together. */
  public DeisSampler {
    SolverOrder.check("solver_order", solverOrder, 3);
    if (sigmaGrid.endsAtZero() || output.asX0()) {
      throw new IllegalArgumentException(
          "sigma_grid: expected levels above 0 and an output as epsilon, found others");
    }
    output.check(sigmaGrid);
  }

  /** What a configuration says. */
  public static DeisSampler of(SchedulerConfig config) {
    SolverOutput.checkName(config, "algorithm_type", ALGORITHMS);
    SolverOutput.checkName(config, "solver_type", RULES);
    return new DeisSampler(
        SolverSigmas.of(config, End.SMALLEST_AGAIN, true, Levels.FLOW),
        SolverOutput.of(config, false),
        config.integer("solver_order", 2),
        config.flag("lower_order_final", true));
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public DeisSampler withSteps(int steps) {
    return new DeisSampler(sigmaGrid.withSteps(steps), output, solverOrder, lowerOrderFinal);
  }

  @Override
  public StepTable table(NoiseSchedule schedule, int first) {
    SamplingGrid grid = grid(schedule);
    double[] timesteps = grid.timesteps();
    double[] levels = grid.sigmas();
    NoisePath path = sigmaGrid.path();
    AdamsWeights adams = new AdamsWeights(solverOrder);
    List<LinearStep> steps = new ArrayList<>();
    for (int step = first; step < timesteps.length; step++) {
      int order = SolverOrder.lowered(solverOrder, step, first, levels, lowerOrderFinal);
      double target = levels[step + 1];
      double[] nodes = adams.nodes(path, levels, target, step, order);
      // x_t/α_t = x_s/α_s + ∫ ε dρ, ρ = e^{-λ}
      double[] integrals = adams.integrate(nodes[0], -1, order);
      double[] weights = new double[order];
      for (int k = 0; k < order; k++) {
        weights[k] = -path.sigma(target) * integrals[k];
      }
      steps.add(
          LinearStep.of(
                  timesteps[step],
                  output.x0(path, levels[step]),
                  StepWeights.ofX0(path.alpha(target) / path.alpha(levels[step]), 0),
                  StepNoise.NONE)
              .withHistory(output.kept(path, levels[step]), weights));
    }
    return new StepTable(grid.initNoiseSigma(), output.clipping(), steps);
  }
}
