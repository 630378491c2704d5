package io.ddpm4j.cli;

import io.ddpm4j.runtime.DiffusionPipeline;
import io.ddpm4j.runtime.GenerationRequest;
import io.ddpm4j.runtime.Guidance;
import java.util.List;
import java.util.OptionalInt;
import picocli.CommandLine.Option;

/** What the images show, for every command that runs a network: classes, guidance. */
final class ClassOptions {
  static final String CLASS = "--class";
  static final String GUIDANCE = "--guidance";
  static final String AWAY_FROM = "--away-from";

  /** Of {@link SharedDefaults}. */
  static final String KEY = "default.classes";

  static final String ALL_CLASSES = "all in turn";

  /** Of commands whose images are all of one class. */
  static final String ONE_CLASS = "none, where the model has learned it; else one has to be named";

  @Option(
      names = CLASS,
      paramLabel = "CLASS",
      split = ",",
      description =
          "Name or index of a class, or none; several are taken in turn (default: ${bundle:"
              + KEY
              + ":-"
              + ALL_CLASSES
              + "}).")
  private List<String> classes; // null: not said

  @Option(
      names = GUIDANCE,
      paramLabel = "SCALE",
      description =
          "Classifier-free guidance: 1 for none, about 2 to 4 for more typical images (default: 1).")
  private Double guidance;

  @Option(
      names = AWAY_FROM,
      paramLabel = "CLASS",
      description =
          "Class, by name or index, that guidance leads away from (default: none, which the model"
              + " must have learned with --label-dropout).")
  private String awayFrom;

  /** Whether the user said which. */
  boolean areSaid() {
    return classes != null;
  }

  /** The request with classes and guidance as the user said. */
  GenerationRequest over(GenerationRequest request, DiffusionPipeline pipeline) {
    return guided(request.withClassLabels(ClassLabels.of(CLASS, classes, pipeline)), pipeline);
  }

  /**
   * The same where all images are of one class: none, where the user does not say which and the
   * model knows that.
   */
  GenerationRequest overOneClass(GenerationRequest request, DiffusionPipeline pipeline) {
    if (pipeline.model().signature().classLabels().isEmpty() || classes != null) {
      return over(request, pipeline);
    }
    OptionalInt none = pipeline.metadata().nullClass();
    if (none.isEmpty()) {
      throw new UsageException(
          CLASS
              + ": expected the class of the images, since "
              + pipeline.model().name()
              + " is class-conditional, found none");
    }
    return guided(request.withClassLabels(none.getAsInt()), pipeline);
  }

  private GenerationRequest guided(GenerationRequest request, DiffusionPipeline pipeline) {
    if (guidance == null && awayFrom == null) {
      return request;
    }
    if (guidance == null) {
      throw new UsageException(AWAY_FROM + ": expected it beside " + GUIDANCE + ", found it alone");
    }
    Guidance how = Guidance.ofScale(guidance);
    return request.withGuidance(
        awayFrom == null
            ? how
            : how.awayFrom(ClassLabels.of(AWAY_FROM, List.of(awayFrom), pipeline)[0]));
  }
}
