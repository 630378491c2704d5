package io.ddpm4j.runtime.random;

import java.util.Arrays;

/**
 * Noise of n images that lead from one to another: x_T of image k lies k/(n-1) of the way from
 * image 0 of one source to image 0 of the other, along the great circle through them (spherical
 * interpolation: Song et al. 2021, DDIM, appendix D.5), so that it keeps the length that standard
 * normal noise has. Later draws are those of the first source, the same for all images. Where both
 * sources are the same, so is the noise of all images.
 *
 * @param from the noise of image 0
 * @param to the noise of image n - 1
 * @param images n, at least 2
 */
public record InterpolatedNoise(NoiseSource from, NoiseSource to, int images)
    implements NoiseSource {

  /** Refuses fewer than two images. */
  public InterpolatedNoise {
    if (images < 2) {
      throw new IllegalArgumentException("images: expected at least 2, found " + images);
    }
  }

  @Override
  public void fill(float[] target, long firstImage, int count, int elements, int draw) {
    from.fill(target, 0, 1, elements, draw);
    if (draw > 0 || from.equals(to)) {
      for (int image = 1; image < count; image++) {
        System.arraycopy(target, 0, target, image * elements, elements);
      }
      return;
    }
    float[] first = Arrays.copyOf(target, elements);
    float[] last = new float[elements];
    to.fill(last, 0, 1, elements, draw);
    double angle = angle(first, last);
    for (int image = 0; image < count; image++) {
      double part = Math.min(1, (double) (firstImage + image) / (images - 1));
      double a = angle == 0 ? 1 - part : Math.sin((1 - part) * angle) / Math.sin(angle);
      double b = angle == 0 ? part : Math.sin(part * angle) / Math.sin(angle);
      for (int i = 0; i < elements; i++) {
        target[image * elements + i] = (float) (a * first[i] + b * last[i]);
      }
    }
  }

  /** Between the two as vectors; 0 where that is next to nothing. */
  private static double angle(float[] a, float[] b) {
    double dot = 0;
    double aa = 0;
    double bb = 0;
    for (int i = 0; i < a.length; i++) {
      dot += (double) a[i] * b[i];
      aa += (double) a[i] * a[i];
      bb += (double) b[i] * b[i];
    }
    double cosine = Math.max(-1, Math.min(1, dot / Math.sqrt(aa * bb)));
    double angle = Math.acos(cosine);
    return angle < 1e-6 || Math.PI - angle < 1e-6 ? 0 : angle; // opposites have no one great circle
  }

  @Override
  public String toString() {
    return "interpolated from " + from + " to " + to + " in " + images + " images";
  }
}
