package io.ddpm4j.runtime.sampling;

import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.PredictionType;
import io.ddpm4j.runtime.schedule.SamplingGrid;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import io.ddpm4j.runtime.schedule.SigmaGrid;
import java.util.ArrayList;
import java.util.List;

/**
 * Euler's method along dx/dσ = (x - x_0)/σ, with noise added before steps where asked for (Karras
 * et al. 2022, algorithm 2 without its lines 9 to 11). Unlike there, the model sees x before the
 * noise is added, as in the reference.
 *
 * @param denoising from the network's output to x̂_0
 * @param sigmaGrid the noise levels
 * @param churn the noise before steps
 */
public record EulerSampler(SigmaDenoising denoising, SigmaGrid sigmaGrid, Churn churn)
    implements SigmaMethod, LinearSampler {
  static final String NAME = "euler";

  /** What a configuration says, over every timestep. */
  public static EulerSampler of(SchedulerConfig config) {
    return new EulerSampler(SigmaDenoising.of(config), SigmaGrid.of(config), Churn.of(config));
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public EulerSampler withSteps(int steps) {
    return new EulerSampler(denoising, sigmaGrid.withSteps(steps), churn);
  }

  @Override
  public StepTable table(NoiseSchedule schedule, int first) {
    SamplingGrid grid = grid(schedule);
    double[] timesteps = grid.timesteps();
    double[] sigmas = grid.sigmas();
    List<LinearStep> steps = new ArrayList<>();
    for (int step = first; step < timesteps.length; step++) {
      double sigma = sigmas[step];
      double raised = churn.raised(sigma, sigmas.length - 1); // lines 5 and 6
      // A v is read at the level that the model saw, an ε at the raised one: as the reference.
      boolean velocity = denoising.predictionType() == PredictionType.V_PREDICTION;
      steps.add(
          LinearStep.of(
                  timesteps[step],
                  denoising.x0(velocity ? sigma : raised),
                  SigmaSteps.euler(raised, sigmas[step + 1]), // line 8
                  churn.before(sigma, sigmas.length - 1))
              .withInputScale(denoising.inputScale(sigma)));
    }
    return new StepTable(grid.initNoiseSigma(), denoising.clipping(), steps);
  }
}
