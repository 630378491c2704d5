package io.ddpm4j.runtime;

import io.ddpm4j.runtime.image.ImageBatch;
import io.ddpm4j.runtime.image.ImageGrid;
import io.ddpm4j.runtime.image.ValueRange;
import io.ddpm4j.runtime.random.NoiseSource;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The forward process as a picture: x_0, …, x_T of one image, with one ε, so that the frames differ
 * by the noise level alone.
 */
public final class ForwardStrip {
  private ForwardStrip() {}

  /**
   * The timesteps of the frames: -1 (the image itself) to T-1, evenly spaced.
   *
   * @param frames at least 2
   * @throws IllegalArgumentException if they are fewer
   */
  public static int[] timesteps(NoiseSchedule schedule, int frames) {
    if (frames < 2) {
      throw new IllegalArgumentException("frames: expected at least 2, found " + frames);
    }
    return IntStream.range(0, frames)
        .map(i -> (int) Math.rint(i * (double) schedule.trainTimesteps() / (frames - 1)) - 1)
        .toArray();
  }

  /**
   * The frames of an image.
   *
   * @param image its first image counts; any value range
   * @param frames at least 2
   * @param seed of ε, draw 0 of image 0
   * @throws IllegalArgumentException if {@code frames} is below 2
   */
  public static ImageBatch of(ImageBatch image, NoiseSchedule schedule, int frames, long seed) {
    int[] timesteps = timesteps(schedule, frames);
    float[] x0 = image.toRange(ValueRange.SIGNED).values(0);
    float[] noise = new float[x0.length];
    NoiseSource.ofSeed(seed).fill(noise, 0, 1, x0.length, 0);
    float[] all = new float[frames * x0.length];
    float[] xt = new float[x0.length];
    for (int frame = 0; frame < frames; frame++) {
      schedule.addNoise(x0, noise, timesteps[frame], xt);
      System.arraycopy(xt, 0, all, frame * xt.length, xt.length);
    }
    Map<String, String> text = new LinkedHashMap<>();
    text.put("Seed", Long.toString(seed));
    text.put(
        "Timesteps",
        Arrays.stream(timesteps).mapToObj(Integer::toString).collect(Collectors.joining(" ")));
    return ImageBatch.of(
            all, ValueRange.SIGNED, frames, image.channels(), image.height(), image.width())
        .withText(text);
  }

  /** Writes frames side by side as PNG. */
  public static void write(Path file, ImageBatch frames) throws IOException {
    frames.writeGrid(file, ImageGrid.ofColumns(frames, frames.images()));
  }
}
