package io.ddpm4j.runtime;

import io.ddpm4j.runtime.image.ImageBatch;
import io.ddpm4j.runtime.image.ImageGrid;
import io.ddpm4j.runtime.sampling.StepListener;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A step listener that keeps the first images of a generation at evenly spaced moments: one row an
 * image, from pure noise on the left (x_T) to the image on the right (x_0). For one generation; not
 * thread-safe.
 */
public final class DenoisingStrip implements StepListener {
  private final int rows;
  private final int asked;
  private final boolean predicted;
  private final List<float[][]> kept = new ArrayList<>(); // by row and frame, (C, H, W)
  private final List<float[]> noise = new ArrayList<>(); // x_T by row
  private long first = -1; // the number of the generation's first image; -1: not seen yet
  private int frames; // 0: not known yet

  private DenoisingStrip(int rows, int frames, boolean predicted) {
    if (rows < 1 || frames < 2) {
      throw new IllegalArgumentException(
          "strip: expected at least 1 row and 2 frames, found " + rows + " and " + frames);
    }
    this.rows = rows;
    this.asked = frames;
    this.predicted = predicted;
  }

  /** Keeps x_t of the first {@code rows} images, in at most {@code frames} frames. */
  public static DenoisingStrip of(int rows, int frames) {
    return new DenoisingStrip(rows, frames, false);
  }

  /** The same with the image predicted at each step in place of x_t, after the noise. */
  public static DenoisingStrip ofPredictedX0(int rows, int frames) {
    return new DenoisingStrip(rows, frames, true);
  }

  @Override
  public void onStart(Start start) {
    if (first < 0) {
      first = start.firstImage();
    }
    for (int i = 0; i < start.images() && noise.size() < rows; i++) {
      noise.add(image(start.x(), start.images(), i));
    }
  }

  @Override
  public void onStep(Step step) {
    frames = Math.min(asked, step.count() + 1); // x_T and one more a step
    for (int frame = 1; frame < frames; frame++) {
      if (Math.rint(frame * (double) step.count() / (frames - 1)) == step.index() + 1) {
        keep(step, frame);
      }
    }
  }

  private void keep(Step step, int frame) {
    FloatBuffer from = predicted ? step.predictedX0() : step.x();
    for (int i = 0; i < step.images() && step.firstImage() - first + i < noise.size(); i++) {
      int row = (int) (step.firstImage() - first) + i;
      if (row == kept.size()) {
        kept.add(new float[frames][]);
        kept.get(row)[0] = noise.get(row);
      }
      kept.get(row)[frame] = image(from, step.images(), i);
    }
  }

  private static float[] image(FloatBuffer batch, int images, int index) {
    float[] values = new float[batch.capacity() / images];
    batch.get(index * values.length, values);
    return values;
  }

  /**
   * Frames in a row: as many as were asked for, but no more than the generation had steps, and one
   * for the noise.
   *
   * @throws IllegalStateException before a generation
   */
  public int frames() {
    if (kept.isEmpty()) {
      throw new IllegalStateException("strip: expected a generation to listen to, found none");
    }
    return frames;
  }

  /**
   * The frames, row by row; fewer rows where there were fewer images.
   *
   * @param like any images of the generation, for their size and range
   * @throws IllegalStateException before a generation
   */
  public ImageBatch frames(ImageBatch like) {
    int count = frames() * kept.size();
    int elements = like.channels() * like.height() * like.width();
    float[] values = new float[Math.multiplyExact(count, elements)];
    for (int i = 0; i < count; i++) {
      System.arraycopy(kept.get(i / frames)[i % frames], 0, values, i * elements, elements);
    }
    return ImageBatch.of(values, like.range(), count, like.channels(), like.height(), like.width());
  }

  /** Writes the frames as PNG with the parameters of {@code images} in it. */
  public void write(Path file, ImageBatch images) throws IOException {
    ImageBatch strip = frames(images).withText(images::text);
    strip.writeGrid(file, ImageGrid.ofColumns(strip, frames()));
  }
}
