package io.ddpm4j.runtime.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * Finds out which input and output of a noise predictor plays which role: by the name that the
 * caller gives, else by rank and type, and where these leave a choice, by what the names of inputs
 * and outputs say. What is still in doubt is refused with a list of what there is.
 */
final class RoleFinder {
  private static final Set<ElementType> WHOLE = Set.of(ElementType.INT64, ElementType.INT32);
  private static final String LIKE_A_TIME = "(?i)ts?|.*(time|step|sigma|noise).*";
  private static final String LIKE_A_CLASS = "(?i)y|.*(class|label).*";
  private static final String LIKE_A_PREDICTION = "(?i)eps|out|.*(sample|noise|pred|epsilon).*";

  private final String file;
  private final RoleNames names;
  private final List<TensorSpec> inputs;
  private final List<TensorSpec> outputs;

  RoleFinder(String file, RoleNames names, List<TensorSpec> inputs, List<TensorSpec> outputs) {
    this.file = file;
    this.names = names;
    this.inputs = inputs;
    this.outputs = outputs;
  }

  /**
   * Finds all roles.
   *
   * @throws ModelFormatException if the file is no noise predictor, or a role is in doubt
   */
  ModelSignature find() throws ModelFormatException {
    List<TensorSpec> rest = new ArrayList<>(inputs);
    TensorSpec sample = sample(rest);
    rest.remove(sample);
    // Named ones first, whatever the order: they are no candidates for other roles.
    Optional<TensorSpec> labels = named(names.classLabels(), "class labels", inputs);
    Optional<TensorSpec> timestep = named(names.timestep(), "timestep", inputs);
    if (labels.isPresent()) {
      require(labels.get(), canBeLabels(labels.get()), "int64 or int32 of rank 0 to 2");
      rest.remove(labels.get());
    }
    if (timestep.isPresent()) {
      require(
          timestep.get(),
          canBeTimestep(timestep.get()),
          "int64, int32 or a floating type of rank 0 to 2");
      rest.remove(timestep.get());
    }
    requireDifferent(sample, timestep, labels);
    if (timestep.isEmpty()) {
      if (labels.isEmpty()) {
        labels = labelsBesideTheTimestep(rest);
        labels.ifPresent(rest::remove);
      }
      timestep = Optional.of(timestep(rest));
      rest.remove(timestep.get());
    } else if (labels.isEmpty() && rest.size() == 1 && canBeLabels(rest.get(0))) {
      labels = Optional.of(rest.remove(0));
    }
    requireNone(rest);
    return new ModelSignature(sample, timestep.get(), labels, output(sample));
  }

  private TensorSpec sample(List<TensorSpec> candidates) throws ModelFormatException {
    Optional<TensorSpec> named = named(names.sample(), "image", inputs);
    if (named.isPresent()) {
      TensorSpec spec = named.get();
      require(spec, canBeImage(spec) || spec.isFloat() && spec.rank() == 0, "floats of rank 4");
      return spec.rank() == 0 ? spec.withOpenRank(4) : spec; // without a shape in the file
    }
    List<TensorSpec> images = only(candidates, RoleFinder::canBeImage);
    if (images.size() > 1) {
      throw inDoubt("one image (floats of rank 4)");
    }
    if (images.isEmpty()) {
      throw noPredictor(
          "one input of rank 4 (the image: float, float16, bfloat16 or double)", "inputs", inputs);
    }
    return images.get(0);
  }

  /** The class labels among inputs of which another is the timestep; empty if there are none. */
  private Optional<TensorSpec> labelsBesideTheTimestep(List<TensorSpec> rest)
      throws ModelFormatException {
    List<TensorSpec> timesteps = only(rest, RoleFinder::canBeTimestep);
    if (timesteps.size() < 2) {
      return Optional.empty();
    }
    List<TensorSpec> possible =
        only(
            timesteps,
            spec ->
                canBeLabels(spec)
                    && !spec.name().matches(LIKE_A_TIME)
                    && timesteps.stream()
                        .anyMatch(other -> other != spec && !other.name().matches(LIKE_A_CLASS)));
    List<TensorSpec> likely = only(possible, spec -> spec.name().matches(LIKE_A_CLASS));
    if (likely.size() == 1) {
      return Optional.of(likely.get(0));
    }
    if (timesteps.size() == 2 && possible.size() == 1) { // the other is no whole number, or named
      return Optional.of(possible.get(0));
    }
    if (possible.isEmpty()) {
      return Optional.empty(); // what else there is will be refused
    }
    throw inDoubt("names that tell the timestep (time..., t) from the class labels (class..., y)");
  }

  private TensorSpec timestep(List<TensorSpec> rest) throws ModelFormatException {
    List<TensorSpec> possible = only(rest, RoleFinder::canBeTimestep);
    if (possible.size() > 1) {
      List<TensorSpec> likely = only(possible, spec -> spec.name().matches(LIKE_A_TIME));
      possible = likely.isEmpty() ? possible : likely;
    }
    if (possible.size() > 1) {
      throw inDoubt("one timestep");
    }
    if (possible.isEmpty()) {
      throw noPredictor(
          "beside the image one timestep (int64, int32 or a floating type, rank 0 to 2) and at"
              + " most the class labels (int64 or int32)",
          "inputs",
          inputs);
    }
    return possible.get(0);
  }

  private TensorSpec output(TensorSpec sample) throws ModelFormatException {
    Optional<TensorSpec> named = named(names.output(), "prediction", outputs);
    if (named.isPresent()) {
      require(
          named.get(),
          canBePrediction(named.get(), sample),
          "floats of the size of " + sample + ", or with twice its channels");
      return named.get();
    }
    List<TensorSpec> possible = only(outputs, spec -> canBePrediction(spec, sample));
    List<TensorSpec> ofRank4 = only(possible, spec -> spec.rank() == 4);
    possible = ofRank4.isEmpty() ? possible : ofRank4; // others have no shape in the file
    if (possible.size() > 1) {
      List<TensorSpec> likely = only(possible, spec -> spec.name().matches(LIKE_A_PREDICTION));
      possible = likely.size() == 1 ? likely : possible;
    }
    if (possible.size() > 1) {
      throw ModelFormatException.lacking(
          "roleNames",
          "%s: expected one output that can be the prediction, found the outputs %s; name it"
              .formatted(file, outputs));
    }
    if (possible.isEmpty()) {
      throw noPredictor(
          "one output of floats of the size of " + sample + ", or with twice its channels",
          "outputs",
          outputs);
    }
    return possible.get(0);
  }

  private Optional<TensorSpec> named(Optional<String> name, String role, List<TensorSpec> all)
      throws ModelFormatException {
    if (name.isEmpty()) {
      return Optional.empty();
    }
    for (TensorSpec spec : all) {
      if (spec.name().equals(name.get())) {
        return Optional.of(spec);
      }
    }
    throw new ModelFormatException(
        "%s: %s: expected one of %s, found the name \"%s\"".formatted(file, role, all, name.get()));
  }

  private void requireDifferent(
      TensorSpec sample, Optional<TensorSpec> timestep, Optional<TensorSpec> labels)
      throws ModelFormatException {
    List<String> given = new ArrayList<>(List.of(sample.name()));
    timestep.ifPresent(spec -> given.add(spec.name()));
    labels.ifPresent(spec -> given.add(spec.name()));
    if (given.stream().distinct().count() < given.size()) {
      throw new ModelFormatException(
          file + ": expected one input for every role, found " + String.join(", ", given));
    }
  }

  private void require(TensorSpec spec, boolean fits, String expected) throws ModelFormatException {
    if (!fits) {
      throw new ModelFormatException(
          "%s: %s: expected %s, found %s".formatted(file, spec.name(), expected, spec));
    }
  }

  private void requireNone(List<TensorSpec> rest) throws ModelFormatException {
    if (!rest.isEmpty()) {
      throw new ModelFormatException(
          "%s: expected an image, a timestep and at most class labels as inputs, found also %s, for which there is no value to give"
              .formatted(
                  file, rest.stream().map(TensorSpec::toString).collect(Collectors.joining(", "))));
    }
  }

  private static boolean canBeImage(TensorSpec spec) {
    return spec.rank() == 4 && spec.isFloat();
  }

  private static boolean canBeTimestep(TensorSpec spec) {
    return isColumn(spec) && (spec.isFloat() || isWhole(spec));
  }

  private static boolean canBeLabels(TensorSpec spec) {
    return isColumn(spec) && isWhole(spec);
  }

  /** One number, one for every image, or a column of them. */
  private static boolean isColumn(TensorSpec spec) {
    return spec.rank() < 2 || spec.rank() == 2 && (!spec.isFixed(1) || spec.shape().get(1) == 1);
  }

  private static boolean isWhole(TensorSpec spec) {
    return ElementType.of(spec.type()).filter(WHOLE::contains).isPresent();
  }

  /** Of the same size, or without a shape in the file. */
  private static boolean canBePrediction(TensorSpec spec, TensorSpec sample) {
    if (!spec.isFloat() || spec.rank() != 4) {
      return spec.isFloat() && spec.rank() == 0;
    }
    for (int axis = 2; axis < 4; axis++) {
      if (sample.isFixed(axis)
          && spec.isFixed(axis)
          && !sample.shape().get(axis).equals(spec.shape().get(axis))) {
        return false;
      }
    }
    if (!sample.isFixed(1) || !spec.isFixed(1)) {
      return true;
    }
    long channels = sample.shape().get(1);
    return spec.shape().get(1) == channels || spec.shape().get(1) == 2 * channels;
  }

  private static List<TensorSpec> only(List<TensorSpec> specs, Predicate<TensorSpec> fits) {
    return specs.stream().filter(fits).toList();
  }

  private ModelFormatException inDoubt(String expected) {
    return ModelFormatException.lacking(
        "roleNames",
        "%s: expected %s, found the inputs %s; name them".formatted(file, expected, inputs));
  }

  private ModelFormatException noPredictor(String expected, String what, List<TensorSpec> found) {
    return new ModelFormatException(
        "%s is no noise predictor: expected %s, found the %s %s"
            .formatted(file, expected, what, found));
  }
}
