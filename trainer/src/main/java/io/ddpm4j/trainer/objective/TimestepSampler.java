package io.ddpm4j.trainer.objective;

import io.ddpm4j.exporter.graph.TensorData;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.Map;

/**
 * Chooses the timesteps of a training's images, and weighs their losses so that the expected sum is
 * that of timesteps chosen with equal probability. A function of the random numbers and of the
 * losses that it was told.
 */
public interface TimestepSampler {
  /**
   * The timestep of a random number.
   *
   * @param word equally likely from 0 to 2^32 - 1
   */
  int timestep(long word);

  /** What the loss of an image with that timestep is multiplied by: 1/(T·p(t)). */
  double weight(int timestep);

  /**
   * Tells what the images of a step had, in their order.
   *
   * @param timesteps int64 (N)
   * @param losses float (N), not weighted
   */
  void observe(LongBuffer timesteps, FloatBuffer losses);

  /** What a checkpoint keeps of it, by name; empty where nothing is learnt from losses. */
  Map<String, TensorData> state();

  /**
   * Goes on from a {@link #state}.
   *
   * @throws IllegalArgumentException if it is that of another sampler, or of another T
   */
  void restore(Map<String, TensorData> state);
}
