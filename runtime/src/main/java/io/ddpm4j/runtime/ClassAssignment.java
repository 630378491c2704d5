package io.ddpm4j.runtime;

import io.ddpm4j.runtime.model.ModelMetadata;
import io.ddpm4j.runtime.model.OnnxEpsilonModel;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Which class each image of a request gets: image k that at k mod n of n classes; and which label
 * guidance leads away from. Immutable.
 */
final class ClassAssignment {
  private static final int NONE = -1;

  private final int[] cycle; // empty in an unconditional model
  private final int awayFrom; // NONE without guidance
  private final List<String> names;
  private final OptionalInt nullClass;

  private ClassAssignment(int[] cycle, int awayFrom, ModelMetadata metadata) {
    this.cycle = cycle;
    this.awayFrom = awayFrom;
    this.names = metadata.classNames();
    this.nullClass = metadata.nullClass();
  }

  /**
   * What a request says, or all classes in turn.
   *
   * @throws IllegalArgumentException if that does not fit the model
   */
  static ClassAssignment of(GenerationRequest request, OnnxEpsilonModel model) {
    ModelMetadata metadata = model.metadata();
    List<String> names = metadata.classNames();
    boolean asked = !request.classLabels().isEmpty() || !request.classNames().isEmpty();
    if (model.signature().classLabels().isEmpty()) {
      if (asked) {
        throw new IllegalArgumentException(
            "class: expected none, since "
                + model.name()
                + " is unconditional, found "
                + (request.classNames().isEmpty() ? request.classLabels() : request.classNames()));
      }
      if (request.guidance().isOn()) {
        throw new IllegalArgumentException(
            "guidance scale: expected 1, since "
                + model.name()
                + " is unconditional, found "
                + request.guidance().scale());
      }
      return new ClassAssignment(new int[0], NONE, metadata);
    }
    if (!asked && names.isEmpty()) {
      throw new IllegalArgumentException(
          "class: expected labels, since "
              + model.name()
              + " is class-conditional and names no classes, found none");
    }
    int[] cycle =
        !asked
            ? IntStream.range(0, names.size()).toArray()
            : request.classNames().isEmpty()
                ? request.classLabels().stream().mapToInt(Integer::intValue).toArray()
                : request.classNames().stream().mapToInt(metadata::classLabel).toArray();
    for (int label : cycle) {
      check(label, metadata);
    }
    return new ClassAssignment(cycle, awayFrom(request.guidance(), model), metadata);
  }

  private static void check(int label, ModelMetadata metadata) {
    List<String> names = metadata.classNames();
    boolean isNull = metadata.nullClass().isPresent() && metadata.nullClass().getAsInt() == label;
    if (label < 0 || !names.isEmpty() && label >= names.size() && !isNull) {
      throw new IllegalArgumentException(
          "class: expected a label "
              + (names.isEmpty() ? "of at least 0" : "from 0 to " + (names.size() - 1))
              + ", found "
              + label);
    }
  }

  private static int awayFrom(Guidance guidance, OnnxEpsilonModel model) {
    if (!guidance.isOn()) {
      return NONE;
    }
    ModelMetadata metadata = model.metadata();
    if (guidance.awayFromName().isPresent()) {
      return metadata.classLabel(guidance.awayFromName().get());
    }
    int label =
        guidance
            .awayFromLabel()
            .orElseGet(
                () ->
                    metadata
                        .nullClass()
                        .orElseThrow(
                            () ->
                                new IllegalArgumentException(
                                    "guidance scale: expected 1, or a class to lead away from,"
                                        + " since "
                                        + model.name()
                                        + " names no class that stands for none, found "
                                        + guidance.scale())));
    check(label, metadata);
    return label;
  }

  /** Whether there are classes at all. */
  boolean isConditional() {
    return cycle.length > 0;
  }

  /** Whether the network has to be asked for another class, too. */
  boolean isGuided() {
    return awayFrom != NONE;
  }

  /** The label that guidance leads away from. */
  int awayFrom() {
    return awayFrom;
  }

  /** The labels of {@code count} images from number {@code firstImage} on. */
  int[] labels(long firstImage, int count) {
    int[] labels = new int[count];
    for (int i = 0; i < count; i++) {
      labels[i] = cycle[(int) ((firstImage + i) % cycle.length)];
    }
    return labels;
  }

  /** Their names, or their labels where the model names none. */
  String describe(long firstImage, int count) {
    return Arrays.stream(labels(firstImage, count))
        .mapToObj(this::describe)
        .collect(Collectors.joining(", "));
  }

  /** The name of a label, or itself where it has none. */
  String describe(int label) {
    if (label < names.size()) {
      return names.get(label);
    }
    return nullClass.isPresent() && nullClass.getAsInt() == label
        ? "none"
        : Integer.toString(label);
  }
}
