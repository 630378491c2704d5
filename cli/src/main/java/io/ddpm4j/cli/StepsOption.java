package io.ddpm4j.cli;

import io.ddpm4j.runtime.DiffusionPipeline;
import picocli.CommandLine.Option;

/** How many steps an image takes. */
final class StepsOption {
  /** Of {@link SharedDefaults}. */
  static final String KEY = "default.steps";

  static final String USUAL = "as many as the model was trained with";

  @Option(
      names = "--steps",
      paramLabel = "N",
      converter = Numbers.Positive.class,
      description = "Steps per image (default: ${bundle:" + KEY + ":-" + USUAL + "}).")
  private Integer steps; // null: the default

  /** Sets them, where the user said how many. */
  void over(DiffusionPipeline.Builder builder) {
    if (steps != null) {
      builder.steps(steps);
    }
  }
}
