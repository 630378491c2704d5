package io.ddpm4j.trainer.evaluate.distance;

import io.ddpm4j.runtime.sampling.Cancellation;
import io.ddpm4j.trainer.evaluate.features.Features;
import io.ddpm4j.trainer.evaluate.features.Work;
import io.ddpm4j.trainer.evaluate.features.WorkProgress;
import java.util.Random;

/** Sets of features for tests. */
final class Sets {
  private Sets() {}

  static Features normal(int count, int dimensions, double mean, double deviation, long seed) {
    Random random = new Random(seed);
    float[] values = new float[count * dimensions];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (mean + deviation * random.nextGaussian());
    }
    return Features.of(values, count, dimensions);
  }

  /**
   * Pairs ±a_i·u_i around a mean, u_i the columns of an orthogonal matrix: their covariance has the
   * eigenvalues 2·a_i²/(2d-1) in those directions.
   */
  static Features cross(double[] a, double[][] u, double[] mean) {
    int d = a.length;
    float[] values = new float[2 * d * d];
    for (int i = 0; i < d; i++) {
      for (int j = 0; j < d; j++) {
        values[2 * i * d + j] = (float) (mean[j] + a[i] * u[j][i]);
        values[(2 * i + 1) * d + j] = (float) (mean[j] - a[i] * u[j][i]);
      }
    }
    return Features.of(values, 2 * d, d);
  }

  static Work threads(int count) {
    return new Work(count, new Cancellation(), WorkProgress.NONE);
  }
}
