package io.ddpm4j.runtime;

import io.ddpm4j.runtime.image.ImageBatch;
import io.ddpm4j.runtime.image.ImageGrid;
import io.ddpm4j.runtime.image.ValueRange;
import io.ddpm4j.runtime.sampling.StepListener;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/**
 * A step listener that keeps x of the first images at evenly spaced steps: one row an image, from
 * noise on the left to the image on the right. For one generation; not thread-safe.
 */
public final class DenoisingStrip implements StepListener {
  private final int rows;
  private final int frames;
  private final boolean predicted;
  private float[] values; // (rows, frames, C, H, W), allocated at the first step
  private int elements;

  private DenoisingStrip(int rows, int frames, boolean predicted) {
    if (rows < 1 || frames < 2) {
      throw new IllegalArgumentException(
          "strip: expected at least 1 row and 2 frames, found " + rows + " and " + frames);
    }
    this.rows = rows;
    this.frames = frames;
    this.predicted = predicted;
  }

  /** Keeps x_t of the first {@code rows} images at {@code frames} steps. */
  public static DenoisingStrip of(int rows, int frames) {
    return new DenoisingStrip(rows, frames, false);
  }

  /** Keeps the image predicted at each step in place of x_t. */
  public static DenoisingStrip ofPredictedX0(int rows, int frames) {
    return new DenoisingStrip(rows, frames, true);
  }

  @Override
  public void onStep(Step step) {
    if (values == null) {
      elements = step.x().capacity() / step.images();
      values = new float[rows * frames * elements];
    }
    for (int frame = 0; frame < frames; frame++) {
      if (Math.rint(frame * (step.count() - 1.0) / (frames - 1)) == step.index()) {
        keep(step, frame);
      }
    }
  }

  private void keep(Step step, int frame) {
    for (int i = 0; i < step.images() && step.firstImage() + i < rows; i++) {
      int row = (int) step.firstImage() + i;
      (predicted ? step.predictedX0() : step.x())
          .get(i * elements, values, (row * frames + frame) * elements, elements);
    }
  }

  /**
   * The frames, row by row.
   *
   * @param like an image of the generation, for its size and range
   */
  public ImageBatch frames(ImageBatch like) {
    if (values == null) {
      throw new IllegalStateException("strip: expected a generation to listen to, found none");
    }
    int kept = Math.min(rows, like.images());
    ValueRange range = like.range();
    return ImageBatch.of(values, range, rows * frames, like.channels(), like.height(), like.width())
        .slice(0, kept * frames);
  }

  /** Writes the frames as PNG with the parameters of {@code images} in it. */
  public void write(Path file, ImageBatch images) throws IOException {
    Map<String, String> text = images.text();
    ImageBatch strip = frames(images).withText(text);
    strip.writeGrid(file, ImageGrid.ofColumns(strip, frames));
  }
}
