package io.ddpm4j.runtime.sampling;

import io.ddpm4j.runtime.schedule.EdmGrid;
import io.ddpm4j.runtime.schedule.NoiseLevels;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.SamplingGrid;
import io.ddpm4j.runtime.schedule.SolverGrid;

/** What the solvers that step in λ have in common: their levels and what they step in. */
interface SolverMethod extends Sampler {

  /** The noise levels. */
  SolverGrid sigmaGrid();

  /** What becomes of the network's output. */
  SolverOutput output();

  @Override
  default SamplingGrid grid(NoiseSchedule schedule) {
    return sigmaGrid().over(schedule);
  }

  @Override
  default boolean learnsVariance() {
    return output().learnsVariance();
  }

  @Override
  default NoiseLevels levels(NoiseSchedule schedule) {
    return NoiseLevels.ofPath(sigmaGrid().path(), grid(schedule).sigmas());
  }

  @Override
  default boolean tellsTimesteps() {
    return !(sigmaGrid() instanceof EdmGrid);
  }
}
