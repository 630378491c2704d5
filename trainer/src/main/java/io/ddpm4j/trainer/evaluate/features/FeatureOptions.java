package io.ddpm4j.trainer.evaluate.features;

import java.util.Optional;

/**
 * How a feature network is used, where its file leaves a choice.
 *
 * @param output the name of the output that holds the features; empty for {@code features}, or else
 *     the only one that can be it, {@code logits} only where there is nothing else
 * @param scale the values of the pixels; empty for what the file's metadata say
 * @param filter how images are brought to the network's size
 * @param size the side of the images that a network of open size is given; 0 for their own
 * @param pooling whether features of several places are averaged: of maps (N, D, H, W), or (N, H,
 *     W, D) where images have their channels last, over H and W; of tokens (N, L, D) over L
 * @param batchSize images in a run of a network whose batch is open. Another number may change a
 *     feature by a rounding
 */
public record FeatureOptions(
    Optional<String> output,
    Optional<PixelScale> scale,
    ResizeFilter filter,
    int size,
    boolean pooling,
    int batchSize) {
  private static final int BATCH = 32;

  /** Refuses extents that are none. */
  public FeatureOptions {
    if (size < 0) {
      throw new IllegalArgumentException("size: expected at least 0, found " + size);
    }
    if (batchSize < 1) {
      throw new IllegalArgumentException("batch size: expected at least 1, found " + batchSize);
    }
  }

  /** What the file says, resized by {@link ResizeFilter#BICUBIC}. */
  public static FeatureOptions defaults() {
    return new FeatureOptions(
        Optional.empty(), Optional.empty(), ResizeFilter.BICUBIC, 0, false, BATCH);
  }

  /** The same with the features at this output. */
  public FeatureOptions withOutput(String name) {
    return new FeatureOptions(Optional.of(name), scale, filter, size, pooling, batchSize);
  }

  /** The same with these values of the pixels. */
  public FeatureOptions withScale(PixelScale values) {
    return new FeatureOptions(output, Optional.of(values), filter, size, pooling, batchSize);
  }

  /** The same with another filter. */
  public FeatureOptions withFilter(ResizeFilter other) {
    return new FeatureOptions(output, scale, other, size, pooling, batchSize);
  }

  /** The same with images of this side for a network of open size. */
  public FeatureOptions withSize(int side) {
    return new FeatureOptions(output, scale, filter, side, pooling, batchSize);
  }

  /** The same with features of several places averaged. */
  public FeatureOptions withPooling() {
    return new FeatureOptions(output, scale, filter, size, true, batchSize);
  }

  /** The same with as many images in a run. */
  public FeatureOptions withBatchSize(int images) {
    return new FeatureOptions(output, scale, filter, size, pooling, images);
  }
}
