package io.ddpm4j.runtime;

import io.ddpm4j.runtime.model.BoundModel;
import io.ddpm4j.runtime.model.EpsilonModel;
import java.nio.FloatBuffer;

/** A network that is lent to one run over the buffers of that run, plain or guided. */
interface LentModel extends EpsilonModel, AutoCloseable {

  /** Sets the class of every image; the last counts for those that only fill the batch. */
  void classLabels(int[] classes);

  /** Time inside the session so far. */
  long sessionNanos();

  /** Gives the network back. */
  @Override
  void close();

  /** The network as it is. */
  static LentModel of(BoundModel bound) {
    return new LentModel() {
      @Override
      public String name() {
        return bound.name();
      }

      @Override
      public void classLabels(int[] classes) {
        bound.classLabels(classes, 0);
      }

      @Override
      public void predict(FloatBuffer x, int images, double timestep, FloatBuffer output) {
        bound.predict(x, images, timestep, output);
      }

      @Override
      public long sessionNanos() {
        return bound.sessionNanos();
      }

      @Override
      public void close() {
        bound.close();
      }
    };
  }
}
