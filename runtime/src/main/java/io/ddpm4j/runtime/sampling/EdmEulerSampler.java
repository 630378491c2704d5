package io.ddpm4j.runtime.sampling;

import io.ddpm4j.runtime.model.EpsilonModel;
import io.ddpm4j.runtime.schedule.EdmGrid;
import io.ddpm4j.runtime.schedule.NoiseLevels;
import io.ddpm4j.runtime.schedule.NoisePath;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.PredictionType;
import io.ddpm4j.runtime.schedule.SamplingGrid;
import io.ddpm4j.runtime.schedule.SchedulerConfig;

/**
 * Euler's method for networks with Karras's preconditioning, with noise added before steps where
 * asked for (Karras et al. 2022, algorithm 2 without its lines 9 to 11). Unlike there, the model
 * sees x before the noise is added, as in the reference.
 *
 * @param edmGrid the noise levels
 * @param predictionType the sign of the output's part in x̂_0: ε adds it, v subtracts it
 * @param churn the noise before steps
 */
public record EdmEulerSampler(EdmGrid edmGrid, PredictionType predictionType, Churn churn)
    implements Sampler {
  static final String NAME = "edm_euler";

  /** Refuses an output that the preconditioning gives no meaning to. */
  public EdmEulerSampler {
    edmGrid.path().check(predictionType);
  }

  /** What a configuration says, over T steps. */
  public static EdmEulerSampler of(SchedulerConfig config) {
    return new EdmEulerSampler(EdmGrid.of(config), config.predictionType(), Churn.of(config));
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public EdmEulerSampler withSteps(int steps) {
    return new EdmEulerSampler(edmGrid.withSteps(steps), predictionType, churn);
  }

  @Override
  public SamplingGrid grid(NoiseSchedule schedule) {
    return edmGrid.over(schedule);
  }

  @Override
  public NoiseLevels levels(NoiseSchedule schedule) {
    return NoiseLevels.ofSigmas(grid(schedule).sigmas());
  }

  @Override
  public boolean tellsTimesteps() {
    return false;
  }

  @Override
  public void sample(EpsilonModel model, NoiseSchedule schedule, SamplingRun run) {
    SamplingGrid grid = grid(schedule);
    double[] timesteps = grid.timesteps();
    double[] sigmas = grid.sigmas();
    NoisePath path = edmGrid.path();
    Clipping none = new Clipping.None();
    int first = run.start(levels(schedule), grid.initNoiseSigma());
    for (int step = first; step < timesteps.length; step++) {
      double sigma = sigmas[step];
      float[] output = run.predict(model, timesteps[step], path.inputScale(sigma));
      double raised = churn.raise(run, sigma, sigmas.length - 1); // lines 5 and 6
      run.predictX0(
          none,
          path.x0FromX(predictionType, raised),
          path.x0FromOutput(predictionType, raised),
          output);
      SigmaSteps.euler(run.x(), run.x(), run.predictedX0(), raised, sigmas[step + 1]); // line 8
      run.stepDone(step, timesteps.length, timesteps[step]);
    }
  }
}
