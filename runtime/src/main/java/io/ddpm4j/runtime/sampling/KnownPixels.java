package io.ddpm4j.runtime.sampling;

import io.ddpm4j.runtime.schedule.NoiseLevels;

/**
 * The known pixels of one run, and how any method keeps them: after each step they are put back
 * with the noise of the level that the step led to, always the same noise, and without any in the
 * end (Song et al. 2021, score SDE, appendix I.2; the noise fixed as in diffusers' pipelines).
 * RePaint has a rule of its own.
 */
final class KnownPixels {
  private final KnownImage known;
  private final int elements;
  private final float[] image;
  private final float[] mask;
  private float[] noise; // of this batch; allocated with the first

  /**
   * For one run.
   *
   * @param shape N, C, H, W
   */
  KnownPixels(KnownImage known, int[] shape, long firstImage) {
    int plane = shape[2] * shape[3];
    this.known = known;
    this.elements = shape[1] * plane;
    known.check(elements, plane);
    this.image = new float[shape[0] * elements];
    this.mask = new float[shape[0] * elements];
    moveTo(firstImage);
  }

  /** Takes the pixels of the batch that begins with this image of the generation. */
  void moveTo(long firstImage) {
    known.fillImage(image, firstImage, elements);
    known.fillMask(mask, firstImage, elements);
  }

  float[] image() {
    return image;
  }

  float[] mask() {
    return mask;
  }

  /** Keeps a draw of noise for the whole run. */
  void noise(float[] draw) {
    if (noise == null) {
      noise = new float[draw.length];
    }
    System.arraycopy(draw, 0, noise, 0, draw.length);
  }

  /** Puts the known pixels back into x at the level before a step. */
  void keep(float[] x, NoiseLevels levels, int step) {
    boolean done = step == levels.steps(); // some methods leave a little noise
    float signal = done ? 1 : (float) levels.signal(step);
    float sigma = done ? 0 : (float) levels.noise(step);
    for (int i = 0; i < x.length; i++) {
      float kept = signal * image[i] + sigma * noise[i];
      x[i] = mask[i] * kept + (1 - mask[i]) * x[i];
    }
  }
}
