package io.ddpm4j.trainer.evaluate.features;

import io.ddpm4j.runtime.image.HalfPrecision;
import io.ddpm4j.runtime.image.NumpyArray;
import io.ddpm4j.runtime.image.NumpyType;
import io.ddpm4j.runtime.model.ModelFormatException;
import io.ddpm4j.runtime.model.TensorSpec;
import java.util.List;

/**
 * The input of a feature network: images (N, C, H, W) or (N, H, W, C).
 *
 * @param name of the tensor
 * @param type of its elements in ONNX's spelling: float, float16, bfloat16, double or uint8
 * @param channelsLast whether channels are the last axis
 * @param batch N; 0 where it is open
 * @param channels C, 1 or 3; 0 where it is open
 * @param height H; 0 where it is open
 * @param width W; 0 where it is open
 */
record FeatureInput(
    String name,
    String type,
    boolean channelsLast,
    int batch,
    int channels,
    int height,
    int width) {
  private static final String BYTES = "uint8";

  /**
   * Finds the images among the inputs by rank and type.
   *
   * @param file named in messages
   */
  static FeatureInput find(String file, List<TensorSpec> inputs) throws ModelFormatException {
    List<TensorSpec> images = inputs.stream().filter(FeatureInput::canBeImages).toList();
    if (inputs.size() != 1 || images.size() != 1) {
      throw new ModelFormatException(
          "%s is no feature network: expected one input of rank 4 (the images: float, float16, bfloat16, double or uint8), found the inputs %s"
              .formatted(file, inputs));
    }
    TensorSpec spec = images.get(0);
    boolean channelsLast = !canBeChannels(spec, 1) && canBeChannels(spec, 3);
    int axis = channelsLast ? 3 : 1;
    if (!canBeChannels(spec, axis) && extent(spec, axis) != 0) {
      throw new ModelFormatException(
          "%s: input %s: expected images (N, C, H, W) or (N, H, W, C) of 1 or 3 channels, found %s"
              .formatted(file, spec.name(), spec));
    }
    return new FeatureInput(
        spec.name(),
        spec.type(),
        channelsLast,
        extent(spec, 0),
        extent(spec, axis),
        extent(spec, channelsLast ? 1 : 2),
        extent(spec, channelsLast ? 2 : 3));
  }

  private static boolean canBeImages(TensorSpec spec) {
    boolean numbers = spec.isFloat() || spec.type().equals(BYTES);
    return numbers && (spec.shape().size() == 4 || spec.shape().isEmpty()); // or nothing is said
  }

  private static boolean canBeChannels(TensorSpec spec, int axis) {
    int extent = extent(spec, axis);
    return extent == 1 || extent == 3;
  }

  private static int extent(TensorSpec spec, int axis) {
    return spec.shape().isEmpty() ? 0 : (int) Math.max(0, spec.shape().get(axis));
  }

  /** Whether the network takes levels from 0 to 255 and no other values. */
  boolean takesBytes() {
    return type.equals(BYTES);
  }

  /**
   * The tensor of these images.
   *
   * @param values in the layout of the input
   */
  NumpyArray tensor(float[] values, long[] shape) {
    switch (type) {
      case "float16":
        return NumpyArray.of(values, shape).rounded(NumpyType.FLOAT16);
      case "double":
        return NumpyArray.of(values, shape).rounded(NumpyType.FLOAT64);
      case "bfloat16":
        float[] nearest = new float[values.length];
        for (int i = 0; i < nearest.length; i++) {
          nearest[i] = HalfPrecision.bfloat16ToFloat(HalfPrecision.bfloat16OfFloat(values[i]));
        }
        return NumpyArray.of(nearest, shape);
      case BYTES:
        float[] levels = new float[values.length];
        for (int i = 0; i < levels.length; i++) {
          levels[i] = Math.round(values[i]);
        }
        return NumpyArray.of(levels, shape).rounded(NumpyType.UINT8);
      default:
        return NumpyArray.of(values, shape);
    }
  }
}
