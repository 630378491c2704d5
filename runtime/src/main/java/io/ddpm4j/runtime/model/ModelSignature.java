package io.ddpm4j.runtime.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Which input and output of an ONNX file plays which role. The rank-4 float input is the image. One
 * other input is the timestep, whatever its name. Of two others, one is class labels (int64 of rank
 * 1) if their names leave no doubt: at least one of them is called like a time or like a class.
 *
 * @param sample x_t, float [N, C, H, W]
 * @param timestep t: int64, int32, float or double, rank 0, 1 or 2
 * @param classLabels int64 [N], in a class-conditional model
 * @param output float [N, C or 2C, H, W]
 */
public record ModelSignature(
    TensorSpec sample, TensorSpec timestep, Optional<TensorSpec> classLabels, TensorSpec output) {
  private static final Set<String> TIMESTEP_TYPES = Set.of("int64", "int32", "float", "double");
  private static final String LIKE_A_TIME = "(?i)ts?|.*(time|step|sigma|noise).*";
  private static final String LIKE_A_CLASS = "(?i)y|.*(class|label).*";

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
    TensorSpec labels = others.size() == 2 ? findLabels(file, inputs, others) : null;
    others.remove(labels);
    if (others.size() != 1 || !canBeTimestep(others.get(0))) {
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

  /** The class labels of two inputs, of which the other is then the timestep; null for none. */
  private static TensorSpec findLabels(String file, List<TensorSpec> inputs, List<TensorSpec> two)
      throws ModelFormatException {
    boolean first = isLabelsBeside(two.get(0), two.get(1));
    boolean second = isLabelsBeside(two.get(1), two.get(0));
    if (!first && !second) {
      return null;
    }
    boolean named =
        two.stream().anyMatch(in -> in.name().matches(LIKE_A_TIME + "|" + LIKE_A_CLASS));
    if (first && second || !named) {
      throw noPredictor(
          file,
          "names that tell the timestep (time..., t) from the class labels (class..., label..., y)",
          "inputs",
          inputs);
    }
    return two.get(first ? 0 : 1);
  }

  private static boolean isLabelsBeside(TensorSpec labels, TensorSpec timestep) {
    return labels.rank() == 1
        && labels.type().equals("int64")
        && !labels.name().matches(LIKE_A_TIME)
        && canBeTimestep(timestep)
        && !timestep.name().matches(LIKE_A_CLASS);
  }

  private static boolean canBeTimestep(TensorSpec input) {
    boolean vectors = input.rank() == 2 && input.isFixed(1) && input.shape().get(1) != 1;
    return input.rank() <= 2 && !vectors && TIMESTEP_TYPES.contains(input.type());
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
