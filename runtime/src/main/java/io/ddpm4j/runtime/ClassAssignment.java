package io.ddpm4j.runtime;

import io.ddpm4j.runtime.model.ModelMetadata;
import io.ddpm4j.runtime.model.OnnxEpsilonModel;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Which class each image of a request gets: image k that at k mod n of n classes. Immutable. */
final class ClassAssignment {
  private final int[] cycle; // empty in an unconditional model
  private final List<String> names;

  private ClassAssignment(int[] cycle, List<String> names) {
    this.cycle = cycle;
    this.names = names;
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
      return new ClassAssignment(new int[0], names);
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
      if (label < 0 || !names.isEmpty() && label >= names.size()) {
        throw new IllegalArgumentException(
            "class: expected a label "
                + (names.isEmpty() ? "of at least 0" : "from 0 to " + (names.size() - 1))
                + ", found "
                + label);
      }
    }
    return new ClassAssignment(cycle, names);
  }

  /** Whether there are classes at all. */
  boolean isConditional() {
    return cycle.length > 0;
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
        .mapToObj(label -> names.isEmpty() ? "" + label : names.get(label))
        .collect(Collectors.joining(", "));
  }
}
