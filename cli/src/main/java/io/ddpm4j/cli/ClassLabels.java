package io.ddpm4j.cli;

import io.ddpm4j.runtime.DiffusionPipeline;
import io.ddpm4j.runtime.model.ModelMetadata;
import java.util.List;

/** The classes that a user asks for, as labels. */
final class ClassLabels {
  private ClassLabels() {}

  /** What the user calls the class that stands for none. */
  private static final String NONE = "none";

  /**
   * The labels of an option, checked against the model.
   *
   * @param option named in messages
   * @param classes names or labels; null where the user said nothing
   * @return empty for all classes in turn, and of an unconditional model
   */
  static int[] of(String option, List<String> classes, DiffusionPipeline pipeline) {
    ModelMetadata metadata = pipeline.metadata();
    String model = pipeline.model().name();
    if (pipeline.model().signature().classLabels().isEmpty()) {
      require(
          option,
          classes == null,
          "none, since " + model + " is unconditional",
          classes == null ? "" : String.join(",", classes));
      return new int[0];
    }
    require(
        option,
        classes != null || !metadata.classNames().isEmpty(),
        "labels, since " + model + " names no classes",
        "none");
    return (classes == null ? List.<String>of() : classes)
        .stream().mapToInt(name -> label(option, name.strip(), metadata)).toArray();
  }

  /** Names before numbers: the classes of digits are named by digits. */
  private static int label(String option, String name, ModelMetadata metadata) {
    List<String> names = metadata.classNames();
    for (int label = 0; label < names.size(); label++) {
      if (names.get(label).equalsIgnoreCase(name)) {
        return label;
      }
    }
    if (name.equalsIgnoreCase(NONE) && metadata.nullClass().isPresent()) {
      return metadata.nullClass().getAsInt();
    }
    boolean number = name.matches("\\d{1,9}");
    require(
        option,
        number,
        names.isEmpty() ? "a label" : "one of " + String.join(", ", names),
        "'" + name + "'");
    int label = Integer.parseInt(name);
    require(
        option,
        names.isEmpty() || label < names.size(),
        "a label from 0 to " + (names.size() - 1),
        name);
    return label;
  }

  private static void require(String option, boolean ok, String expected, String found) {
    if (!ok) {
      throw new UsageException(option + ": expected " + expected + ", found " + found);
    }
  }
}
