package io.ddpm4j.runtime.model;

import java.util.Optional;

/**
 * The names of inputs and outputs of a model, for roles that rank and type leave in doubt. Start
 * from {@link #none} and name those that need it.
 *
 * @param sample the input that takes the noisy images
 * @param timestep the input that takes the timestep
 * @param classLabels the input that takes the class labels
 * @param output the output that is the prediction
 */
public record RoleNames(
    Optional<String> sample,
    Optional<String> timestep,
    Optional<String> classLabels,
    Optional<String> output) {
  private static final RoleNames NONE =
      new RoleNames(Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());

  /** Every role is found from rank and type. */
  public static RoleNames none() {
    return NONE;
  }

  /** The same with the name of the input that takes the noisy images. */
  public RoleNames withSample(String name) {
    return new RoleNames(Optional.of(name), timestep, classLabels, output);
  }

  /** The same with the name of the input that takes the timestep. */
  public RoleNames withTimestep(String name) {
    return new RoleNames(sample, Optional.of(name), classLabels, output);
  }

  /** The same with the name of the input that takes the class labels. */
  public RoleNames withClassLabels(String name) {
    return new RoleNames(sample, timestep, Optional.of(name), output);
  }

  /** The same with the name of the output that is the prediction. */
  public RoleNames withOutput(String name) {
    return new RoleNames(sample, timestep, classLabels, Optional.of(name));
  }
}
