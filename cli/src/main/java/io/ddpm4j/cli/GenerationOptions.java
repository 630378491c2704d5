package io.ddpm4j.cli;

import io.ddpm4j.runtime.DiffusionPipeline;
import io.ddpm4j.runtime.GenerationRequest;
import io.ddpm4j.runtime.Guidance;
import io.ddpm4j.runtime.random.NoiseGenerator;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.ThreadLocalRandom;
import picocli.CommandLine.Option;

/** What is generated, for every command that makes images: seed, classes, guidance. */
final class GenerationOptions {
  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Seed of the noise (default: a random one, which is printed).")
  private Long seed;

  @Option(
      names = "--rng",
      paramLabel = "NAME",
      converter = Names.Generator.class,
      defaultValue = "philox",
      description =
          "Generator of the noise: philox, or torch for what torch.manual_seed(SEED) gives on the"
              + " processor (default: ${DEFAULT-VALUE}).")
  private NoiseGenerator generator;

  @Option(
      names = "--class",
      paramLabel = "CLASS",
      split = ",",
      description =
          "Name or index of a class, or none; several are taken in turn (default: all in turn,"
              + " none where there is one picture to go by).")
  private List<String> classes; // null: not said

  @Option(
      names = "--guidance",
      paramLabel = "SCALE",
      description =
          "Classifier-free guidance: 1 for none, 2 to 8 for more typical images (default: 1).")
  private Double guidance;

  @Option(
      names = "--away-from",
      paramLabel = "CLASS",
      description =
          "Class, by name or index, that guidance leads away from (default: none, which the model"
              + " must have learned with --label-dropout).")
  private String awayFrom;

  /** The seed: one is chosen where the user did not. */
  long seed() {
    if (seed == null) {
      seed = (long) ThreadLocalRandom.current().nextInt(1_000_000_000);
    }
    return seed;
  }

  /** Where the noise comes from. */
  NoiseGenerator generator() {
    return generator;
  }

  /** Whether the user said which classes. */
  boolean saysClasses() {
    return classes != null;
  }

  /** The request with generator, classes and guidance as the user said. */
  GenerationRequest over(GenerationRequest request, DiffusionPipeline pipeline) {
    return guided(
        request
            .withNoiseGenerator(generator)
            .withClassLabels(ClassLabels.of("--class", classes, pipeline)),
        pipeline);
  }

  /**
   * The same where all images are of one class: none, where the user does not say which and the
   * model knows that.
   */
  GenerationRequest overOneClass(GenerationRequest request, DiffusionPipeline pipeline) {
    if (pipeline.model().signature().classLabels().isEmpty() || saysClasses()) {
      return guided(
          request.withClassLabels(ClassLabels.of("--class", classes, pipeline)), pipeline);
    }
    OptionalInt none = pipeline.metadata().nullClass();
    if (none.isEmpty()) {
      throw new UsageException(
          "--class: expected the class of the images, since "
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
      throw new UsageException("--away-from: expected it beside --guidance, found it alone");
    }
    Guidance how = Guidance.ofScale(guidance);
    return request.withGuidance(
        awayFrom == null
            ? how
            : how.awayFrom(ClassLabels.of("--away-from", List.of(awayFrom), pipeline)[0]));
  }
}
