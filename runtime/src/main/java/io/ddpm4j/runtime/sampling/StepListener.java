package io.ddpm4j.runtime.sampling;

import java.nio.FloatBuffer;

/**
 * Watches a run: called after every step on the run's thread. Without a listener nothing is
 * computed or allocated for it. May cancel; must not keep the views.
 */
@FunctionalInterface
public interface StepListener {

  /** One step is done. */
  void onStep(Step step);

  /**
   * Where a run stands.
   *
   * @param index the step, from 0
   * @param count how many steps the run has
   * @param timestep t of this step's model call
   * @param firstImage the number of the batch's first image within the generation
   * @param images N of this batch
   * @param x x after the step, (N, C, H, W), a read-only view that is valid during the call
   * @param predictedX0 the image predicted at this step, likewise
   */
  record Step(
      int index,
      int count,
      double timestep,
      long firstImage,
      int images,
      FloatBuffer x,
      FloatBuffer predictedX0) {}
}
