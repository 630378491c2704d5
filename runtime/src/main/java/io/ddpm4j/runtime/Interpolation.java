package io.ddpm4j.runtime;

import io.ddpm4j.runtime.image.ImageBatch;
import io.ddpm4j.runtime.random.InterpolatedNoise;
import io.ddpm4j.runtime.random.NoiseGenerator;
import io.ddpm4j.runtime.random.NoiseSource;

/**
 * Requests for images on the way from one to another. What the methods give is an ordinary request:
 * classes, guidance, a listener and so on are added with its {@code with} methods. A
 * class-conditional model should be given one class: several are taken in turn, frame by frame.
 */
public final class Interpolation {
  private Interpolation() {}

  /**
   * Between two seeds: x_T is interpolated spherically between image 0 of each (Song et al. 2021,
   * DDIM, appendix D.5). With a deterministic sampler, such as {@code ddim}, the first and the last
   * image are those of the two seeds; a stochastic one gets the same noise for all images.
   *
   * @param frames how many images, both ends among them, at least 2
   * @throws IllegalArgumentException if they are fewer
   */
  public static GenerationRequest ofSeeds(long from, long to, int frames) {
    return ofSeeds(NoiseGenerator.PHILOX, from, to, frames);
  }

  /**
   * The same with another generator of noise, which makes that of one image for each seed.
   *
   * @throws IllegalArgumentException if {@code frames} is below 2
   */
  public static GenerationRequest ofSeeds(
      NoiseGenerator generator, long from, long to, int frames) {
    return GenerationRequest.of(atLeastTwo(frames), from)
        .withNoise(
            new InterpolatedNoise(generator.source(from, 1), generator.source(to, 1), frames));
  }

  /**
   * Between two images (Ho et al. 2020, §4.3): both get noise up to a timestep, the two noisy
   * images are mixed linearly, and the sampler goes back from there, with the same noise for all
   * images. Both have the same noise here, so that any mixture has as much of it as the network
   * expects: with noise of its own for each, that in the middle would be too weak by a factor of
   * √½.
   *
   * @param from its first image counts, as that of {@code to}, of the same size and channels
   * @param frames how many images, both ends among them, at least 2
   * @param strength the part of the sampler's steps that is run, above 0 and at most 1: little
   *     blends the pictures, much goes through other ones
   * @param seed of the noise
   * @throws IllegalArgumentException if {@code frames} is below 2, or the two are not of one size;
   *     whether they fit the model, and the strength, is found out when the request is generated
   */
  public static GenerationRequest ofImages(
      ImageBatch from, ImageBatch to, int frames, double strength, long seed) {
    return ofImages(NoiseGenerator.PHILOX, from, to, frames, strength, seed);
  }

  /**
   * The same with another generator of noise, which makes that of one image, for all frames.
   *
   * @throws IllegalArgumentException as the other
   */
  public static GenerationRequest ofImages(
      NoiseGenerator generator,
      ImageBatch from,
      ImageBatch to,
      int frames,
      double strength,
      long seed) {
    ImageBatch mixed = mix(from, to, atLeastTwo(frames));
    NoiseSource noise = generator.source(seed, 1);
    return GenerationRequest.of(frames, seed)
        .withImage(mixed, strength)
        .withNoise(new InterpolatedNoise(noise, noise, frames));
  }

  private static int atLeastTwo(int frames) {
    if (frames < 2) {
      throw new IllegalArgumentException("frames: expected at least 2, found " + frames);
    }
    return frames;
  }

  /** The first images of both, mixed: frame k has k/(frames-1) of the second. */
  private static ImageBatch mix(ImageBatch from, ImageBatch to, int frames) {
    if (from.channels() != to.channels()
        || from.height() != to.height()
        || from.width() != to.width()) {
      throw new IllegalArgumentException(
          "images: expected two of one size, found %dx%dx%d and %dx%dx%d"
              .formatted(
                  from.channels(),
                  from.height(),
                  from.width(),
                  to.channels(),
                  to.height(),
                  to.width()));
    }
    float[] a = from.values(0);
    float[] b = to.toRange(from.range()).values(0);
    float[] all = new float[Math.multiplyExact(frames, a.length)];
    for (int frame = 0; frame < frames; frame++) {
      double part = (double) frame / (frames - 1);
      for (int i = 0; i < a.length; i++) {
        all[frame * a.length + i] = (float) ((1 - part) * a[i] + part * b[i]);
      }
    }
    return ImageBatch.of(all, from.range(), frames, from.channels(), from.height(), from.width());
  }
}
