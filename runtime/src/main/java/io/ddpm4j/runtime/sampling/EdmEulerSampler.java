package io.ddpm4j.runtime.sampling;

import io.ddpm4j.runtime.model.EpsilonModel;
import io.ddpm4j.runtime.schedule.EdmGrid;
import io.ddpm4j.runtime.schedule.NoiseLevels;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.SamplingGrid;
import io.ddpm4j.runtime.schedule.SchedulerConfig;

/**
 * Euler's method for networks with Karras's preconditioning, with noise added before steps where
 * asked for (Karras et al. 2022, algorithm 2 without its lines 9 to 11). Unlike there, the model
 * sees x before the noise is added, as in the reference.
 *
 * @param preconditioning from the network's output to x̂_0
 * @param edmGrid the noise levels
 * @param churn the noise before steps
 */
public record EdmEulerSampler(EdmPreconditioning preconditioning, EdmGrid edmGrid, Churn churn)
    implements Sampler {
  static final String NAME = "edm_euler";

  /** What a configuration says, over T steps. */
  public static EdmEulerSampler of(SchedulerConfig config) {
    return new EdmEulerSampler(EdmPreconditioning.of(config), EdmGrid.of(config), Churn.of(config));
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public EdmEulerSampler withSteps(int steps) {
    return new EdmEulerSampler(preconditioning, edmGrid.withSteps(steps), churn);
  }

  @Override
  public SamplingGrid grid(NoiseSchedule schedule) {
    return edmGrid.over(schedule.trainTimesteps());
  }

  @Override
  public NoiseLevels levels(NoiseSchedule schedule) {
    return NoiseLevels.ofSigmas(grid(schedule).sigmas());
  }

  @Override
  public void sample(EpsilonModel model, NoiseSchedule schedule, SamplingRun run) {
    SamplingGrid grid = grid(schedule);
    double[] timesteps = grid.timesteps();
    double[] sigmas = grid.sigmas();
    Clipping none = new Clipping.None();
    int first = run.start(levels(schedule), grid.initNoiseSigma());
    for (int step = first; step < timesteps.length; step++) {
      double sigma = sigmas[step];
      float[] output = run.predict(model, timesteps[step], preconditioning.inputScale(sigma));
      double raised = churn.raise(run, sigma, sigmas.length - 1); // lines 5 and 6
      run.predictX0(none, preconditioning.skip(raised), preconditioning.output(raised), output);
      SigmaSteps.euler(run.x(), run.x(), run.predictedX0(), raised, sigmas[step + 1]); // line 8
      run.stepDone(step, timesteps.length, timesteps[step]);
    }
  }
}
