package io.ddpm4j.runtime.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Which input and output of an ONNX file plays which role, found from rank and type whatever the
 * names: the rank-4 float input is the image; of the others, int64 of rank 1 beside another
 * candidate is the class labels, the rest is the timestep.
 *
 * @param sample x_t, float [N, C, H, W]
 * @param timestep t: int64, int32, float or double, rank 0, 1 or 2
 * @param classLabels int64 [N], in a class-conditional model
 * @param output float [N, C or 2C, H, W]
 */
public record ModelSignature(
    TensorSpec sample, TensorSpec timestep, Optional<TensorSpec> classLabels, TensorSpec output) {
  private static final Set<String> TIMESTEP_TYPES = Set.of("int64", "int32", "float", "double");

  /**
   * Finds the roles.
   *
   * @param file named in the message
   * @throws ModelFormatException if the inputs or outputs are not those of an ε-predictor
   */
  public static ModelSignature of(String file, List<TensorSpec> inputs, List<TensorSpec> outputs)
      throws ModelFormatException {
    List<TensorSpec> images =
        inputs.stream().filter(input -> input.rank() == 4 && input.type().equals("float")).toList();
    if (images.size() != 1) {
      throw noPredictor(file, "one float input of rank 4 (the image)", "inputs", inputs);
    }
    TensorSpec sample = images.get(0);
    List<TensorSpec> others = new ArrayList<>(inputs);
    others.remove(sample);
    TensorSpec labels = others.size() == 2 ? findLabels(others) : null;
    others.remove(labels);
    if (others.size() != 1
        || others.get(0).rank() > 2
        || !TIMESTEP_TYPES.contains(others.get(0).type())) {
      throw noPredictor(
          file,
          "beside the image one timestep (int64, int32, float or double, rank 0 to 2)"
              + " and at most the class labels (int64, rank 1)",
          "inputs",
          inputs);
    }
    List<TensorSpec> predictions =
        outputs.stream()
            .filter(output -> output.rank() == 4 && output.type().equals("float"))
            .toList();
    if (predictions.size() != 1 || !fits(sample, predictions.get(0))) {
      throw noPredictor(
          file,
          "one float output of rank 4 of the size of " + sample + ", or with twice its channels",
          "outputs",
          outputs);
    }
    return new ModelSignature(
        sample, others.get(0), Optional.ofNullable(labels), predictions.get(0));
  }

  /** Of two int64 vectors the name decides: ours and diffusers' labels are called so. */
  private static TensorSpec findLabels(List<TensorSpec> two) {
    List<TensorSpec> candidates =
        two.stream().filter(input -> input.rank() == 1 && input.type().equals("int64")).toList();
    if (candidates.size() == 1) {
      return candidates.get(0);
    }
    List<TensorSpec> named =
        candidates.stream()
            .filter(input -> input.name().matches("(?i).*(class|label|^y$).*"))
            .toList();
    return named.size() == 1 ? named.get(0) : null;
  }

  private static boolean fits(TensorSpec sample, TensorSpec output) {
    for (int axis = 2; axis < 4; axis++) {
      if (sample.isFixed(axis)
          && output.isFixed(axis)
          && !sample.shape().get(axis).equals(output.shape().get(axis))) {
        return false;
      }
    }
    long factor =
        sample.isFixed(1) && output.isFixed(1) && output.shape().get(1) % sample.shape().get(1) == 0
            ? output.shape().get(1) / sample.shape().get(1)
            : sample.isFixed(1) && output.isFixed(1) ? 0 : 1;
    return factor == 1 || factor == 2;
  }

  private static ModelFormatException noPredictor(
      String file, String expected, String what, List<TensorSpec> found) {
    return new ModelFormatException(
        file
            + " is no noise predictor: expected "
            + expected
            + ", found the "
            + what
            + " "
            + found);
  }

  /** C, or -1 where the file leaves it open. */
  public int channels() {
    return sample.shape().get(1).intValue();
  }

  /** H, or -1 where the file leaves it open. */
  public int height() {
    return sample.shape().get(2).intValue();
  }

  /** W, or -1 where the file leaves it open. */
  public int width() {
    return sample.shape().get(3).intValue();
  }

  /** Whether the output has twice the image's channels: the variance is learned. */
  public boolean learnsVariance() {
    return sample.isFixed(1) && output.isFixed(1) && output.shape().get(1) == 2L * channels();
  }

  /** N where the file fixes it, else -1. */
  public int fixedBatch() {
    return sample.shape().get(0).intValue();
  }
}
