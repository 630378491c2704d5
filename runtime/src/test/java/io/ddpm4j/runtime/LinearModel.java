package io.ddpm4j.runtime;

import io.ddpm4j.runtime.random.ImageNoise;
import io.ddpm4j.runtime.schedule.SchedulerConfig;

/**
 * What the small models of the test resources compute, in double and pixel by pixel: ε = x/2 +
 * t/1000 + an offset, the same for all pixels of an image (see make_models.py), over 20 timesteps.
 */
final class LinearModel {
  static final int TIMESTEPS = 20;
  static final int ELEMENTS = 16;

  /** The label that stands for no class in the models that have one. */
  static final int NULL_CLASS = 3;

  private LinearModel() {}

  /** The models' configuration, without clipping, so that everything is linear. */
  static SchedulerConfig config() {
    return SchedulerConfig.ddpm()
        .with("num_train_timesteps", TIMESTEPS)
        .with("beta_start", 0.005)
        .with("beta_end", 0.5)
        .with("clip_sample", false);
  }

  static double beta(int t) {
    return 0.005 + (0.5 - 0.005) * t / (TIMESTEPS - 1);
  }

  /** ᾱ_t; 1 before the first timestep. */
  static double alphaCumprod(int t) {
    double product = 1;
    for (int i = 0; i <= t; i++) {
      product *= 1 - beta(i);
    }
    return product;
  }

  /** What a label adds to ε. */
  static double offset(double label) {
    return 0.1 * label;
  }

  /** Under guidance. */
  static double offset(int label, int awayFrom, double scale) {
    return offset(awayFrom + scale * (label - awayFrom));
  }

  static double epsilon(double x, int t, double offset) {
    return 0.5 * x + t / 1000.0 + offset;
  }

  /** DDIM with η = 0 over {@code steps} evenly spaced timesteps, of which the last are run. */
  static double ddim(double x, int steps, int run, double offset) {
    int stride = TIMESTEPS / steps;
    for (int i = run - 1; i >= 0; i--) {
      x = flow(x, epsilon(x, i * stride, offset), i * stride, (i - 1) * stride);
    }
    return x;
  }

  /** DDIM backwards: the model is told the timestep that a step goes to. */
  static double inverse(double x, int steps, double offset) {
    int stride = TIMESTEPS / steps;
    for (int i = 0; i < steps; i++) {
      x = flow(x, epsilon(x, i * stride, offset), (i - 1) * stride, i * stride);
    }
    return x;
  }

  private static double flow(double x, double epsilon, int from, int to) {
    double alpha = alphaCumprod(from);
    double target = alphaCumprod(to);
    double x0 = (x - Math.sqrt(1 - alpha) * epsilon) / Math.sqrt(alpha);
    return Math.sqrt(target) * x0 + Math.sqrt(1 - target) * epsilon;
  }

  /** One draw of an image's noise. */
  static float[] noise(long seed, long image, int draw) {
    float[] noise = new float[ELEMENTS];
    new ImageNoise(seed).fill(noise, image, 1, ELEMENTS, draw);
    return noise;
  }
}
