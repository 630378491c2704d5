package io.ddpm4j.runtime.sampling;

import io.ddpm4j.runtime.schedule.NoiseLevels;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.SamplingGrid;
import io.ddpm4j.runtime.schedule.SigmaGrid;

/** What the methods that integrate over σ have in common: their levels. One call a step. */
interface SigmaMethod extends Sampler {

  /** The noise levels. */
  SigmaGrid sigmaGrid();

  @Override
  default SamplingGrid grid(NoiseSchedule schedule) {
    return sigmaGrid().over(schedule);
  }

  @Override
  default NoiseLevels levels(NoiseSchedule schedule) {
    return NoiseLevels.ofSigmas(sigmaGrid().over(schedule).sigmas());
  }

  @Override
  default boolean tellsTimesteps() {
    return sigmaGrid().time() != SigmaGrid.ModelTime.LOG_SIGMA;
  }
}
