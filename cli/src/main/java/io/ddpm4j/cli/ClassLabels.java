package io.ddpm4j.cli;

import io.ddpm4j.runtime.DiffusionPipeline;
import java.util.List;

/** The classes that a user asks for, as labels. */
final class ClassLabels {
  private ClassLabels() {}

  /**
   * The labels of {@code --class}, checked against the model.
   *
   * @param classes names or labels; null for none, which is all classes in turn
   */
  static int[] of(List<String> classes, DiffusionPipeline pipeline) {
    List<String> names = pipeline.metadata().classNames();
    String model = pipeline.model().name();
    if (pipeline.model().signature().classLabels().isEmpty()) {
      require(
          classes == null,
          "none, since " + model + " is unconditional",
          classes == null ? "" : String.join(",", classes));
      return new int[0];
    }
    require(
        classes != null || !names.isEmpty(),
        "labels, since " + model + " names no classes",
        "none");
    return (classes == null ? List.<String>of() : classes)
        .stream().mapToInt(name -> label(name.strip(), names)).toArray();
  }

  /** Names before numbers: the classes of digits are named by digits. */
  private static int label(String name, List<String> names) {
    for (int label = 0; label < names.size(); label++) {
      if (names.get(label).equalsIgnoreCase(name)) {
        return label;
      }
    }
    boolean number = name.matches("\\d{1,9}");
    require(
        number, names.isEmpty() ? "a label" : "one of " + String.join(", ", names), quoted(name));
    int label = Integer.parseInt(name);
    require(
        names.isEmpty() || label < names.size(), "a label from 0 to " + (names.size() - 1), name);
    return label;
  }

  private static String quoted(String name) {
    return "'" + name + "'";
  }

  private static void require(boolean ok, String expected, String found) {
    if (!ok) {
      throw new UsageException("--class: expected " + expected + ", found " + found);
    }
  }
}
