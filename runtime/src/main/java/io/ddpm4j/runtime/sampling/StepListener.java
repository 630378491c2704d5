package io.ddpm4j.runtime.sampling;

import java.nio.FloatBuffer;

/**
 * Watches a run: called on the run's thread, batch after batch, before the first step and after
 * every step, which here is a call of the network, or a step of {@code repaint} back to more noise.
 * Without a listener nothing is computed or allocated for it. May cancel; must not keep the views.
 */
@FunctionalInterface
public interface StepListener {

  /** A batch starts: x is noise, or the noisy image that a run starts from. */
  default void onStart(Start start) {}

  /** The result of one call of the network has been used, or {@code repaint} went a step back. */
  void onStep(Step step);

  /** Both of them, this one first. */
  default StepListener andThen(StepListener next) {
    StepListener first = this;
    return new StepListener() {
      @Override
      public void onStart(Start start) {
        first.onStart(start);
        next.onStart(start);
      }

      @Override
      public void onStep(Step step) {
        first.onStep(step);
        next.onStep(step);
      }
    };
  }

  /**
   * How a batch starts.
   *
   * @param firstImage the number of the batch's first image within the generation
   * @param images how many images the batch has
   * @param x x_T, or x at the first timestep that is run, (N, C, H, W), a read-only view that is
   *     valid during the call
   */
  record Start(long firstImage, int images, FloatBuffer x) {}

  /**
   * Where a run stands.
   *
   * @param index number of the report, from 0
   * @param count how many there are in the run, see {@link Sampler#steps}: of 20 steps of {@code
   *     heun} 39
   * @param timestep t of this step's model call
   * @param firstImage the number of the batch's first image within the generation
   * @param images N of this batch; where a model fixes its batch, only those that were asked for
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
