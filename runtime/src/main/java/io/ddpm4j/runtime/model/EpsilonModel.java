package io.ddpm4j.runtime.model;

import java.nio.FloatBuffer;

/**
 * A network that looks at noisy images and predicts the noise in them (or what its prediction type
 * says). Sampling code sees only this; a session, a stub or a lambda can stand behind it.
 */
@FunctionalInterface
public interface EpsilonModel {

  /**
   * Predicts for a batch. Reads and writes by absolute index from 0; positions are left alone.
   *
   * @param x x_t, (N, C, H, W), read only
   * @param images N
   * @param timestep t, the same for the whole batch: from 0 to T-1, a whole number for discrete
   *     schedules. Methods that tell no timesteps pass what their networks were trained with
   *     instead: a noise level or a function of it, which may be negative, or a time from 0 to 1
   * @param output receives the prediction: (N, C, H, W), or (N, 2C, H, W) where the variance is
   *     learned
   */
  void predict(FloatBuffer x, int images, double timestep, FloatBuffer output);

  /** The network's name, for messages. */
  default String name() {
    return "model";
  }
}
