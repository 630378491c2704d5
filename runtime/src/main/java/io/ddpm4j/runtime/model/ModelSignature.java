package io.ddpm4j.runtime.model;

import java.util.Optional;

/**
 * Which input and output of an ONNX file plays which role. Extents that the file leaves open, by a
 * name or by saying nothing, are -1.
 *
 * @param sample x_t: float, float16, bfloat16 or double, [N, C, H, W]
 * @param timestep t: int64, int32 or a floating type, rank 0, 1 or 2
 * @param classLabels int64 or int32, rank 0, 1 or 2, in a class-conditional model
 * @param output a floating type, [N, C or 2C, H, W]
 */
public record ModelSignature(
    TensorSpec sample, TensorSpec timestep, Optional<TensorSpec> classLabels, TensorSpec output) {

  /** C, or -1 where the file leaves it open. */
  public int channels() {
    return extent(1);
  }

  /** H, or -1 where the file leaves it open. */
  public int height() {
    return extent(2);
  }

  /** W, or -1 where the file leaves it open. */
  public int width() {
    return extent(3);
  }

  /** Whether images can have this shape, as far as the file says. */
  boolean allows(ModelMetadata.ImageShape image) {
    return (channels() < 0 || channels() == image.channels())
        && (height() < 0 || height() == image.height())
        && (width() < 0 || width() == image.width());
  }

  /** Of the input, else of the output, which is as large; but not its channels. */
  private int extent(int axis) {
    if (sample.isFixed(axis)) {
      return Math.toIntExact(sample.shape().get(axis));
    }
    return axis > 1 && output.isFixed(axis) ? Math.toIntExact(output.shape().get(axis)) : -1;
  }

  /**
   * Whether the output has twice the image's channels: the variance is learned. Empty where the
   * file leaves either open.
   */
  public Optional<Boolean> learnsVariance() {
    return sample.isFixed(1) && output.isFixed(1)
        ? Optional.of(output.shape().get(1) == 2L * sample.shape().get(1))
        : Optional.empty();
  }

  /** N where the file fixes it, by the images, the timesteps or the class labels, else -1. */
  public int fixedBatch() {
    if (sample.isFixed(0)) {
      return Math.toIntExact(sample.shape().get(0));
    }
    if (classLabels.isPresent()) {
      TensorSpec labels = classLabels.get();
      if (labels.rank() == 0) {
        return 1; // one class for the whole batch
      }
      if (labels.isFixed(0)) {
        return Math.toIntExact(labels.shape().get(0));
      }
    }
    // A single timestep serves a batch of any size.
    return timestep.isFixed(0) && timestep.shape().get(0) > 1
        ? Math.toIntExact(timestep.shape().get(0))
        : -1;
  }
}
