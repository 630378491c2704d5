package io.ddpm4j.runtime.model;

import java.io.IOException;
import java.util.Optional;

/**
 * A model file that cannot be used. The message is one sentence: the file, the field, what was
 * expected and what was found.
 */
public final class ModelFormatException extends IOException {
  private static final long serialVersionUID = 1L;

  /** Null: none would help. */
  private final String missingOption;

  /** With the sentence to show. */
  public ModelFormatException(String message) {
    super(message);
    this.missingOption = null;
  }

  /** With the sentence to show and what lies behind it. */
  public ModelFormatException(String message, Throwable cause) {
    super(message, cause);
    this.missingOption = null;
  }

  private ModelFormatException(String message, String missingOption) {
    super(message);
    this.missingOption = missingOption;
  }

  /**
   * With the sentence to show, of a file that lacks what can be given instead.
   *
   * @param option the method of {@code DiffusionPipeline.Builder} that gives it
   */
  public static ModelFormatException lacking(String option, String message) {
    return new ModelFormatException(message, option);
  }

  /**
   * The method of {@code DiffusionPipeline.Builder} that gives what the file lacks, such as {@code
   * schedulerConfig}: a program with options of its own can name the one that calls it.
   */
  public Optional<String> missingOption() {
    return Optional.ofNullable(missingOption);
  }
}
