package io.ddpm4j.cli;

import io.ddpm4j.runtime.DiffusionPipeline;
import io.ddpm4j.runtime.sampling.Samplers;
import java.io.IOException;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Consumer;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Bits per dimension: the variational bound, or the likelihood of the probability flow. */
final class LikelihoodEvaluation implements EvaluationKind {
  /** Their standard error is a few hundredths of a bit, and they take minutes. */
  static final int USUAL_IMAGES = 128;

  private static final String BITS_PER_DIM = "--bits-per-dim";

  private static final Consumer<DiffusionPipeline.Builder> METHOD =
      builder -> builder.sampler(Samplers.named("ddpm"));

  @Option(
      names = BITS_PER_DIM,
      description =
          "Measure the likelihood in bits per dimension: the variational bound, term by term.")
  private boolean wanted;

  @Mixin private final LikelihoodOptions likelihood = new LikelihoodOptions();

  @Override
  public String option() {
    return BITS_PER_DIM;
  }

  @Override
  public boolean isWanted() {
    return wanted;
  }

  @Override
  public Set<String> options() {
    Set<String> options = new HashSet<>(LikelihoodOptions.ALL);
    options.add(BITS_PER_DIM);
    options.addAll(EvaluationDataOptions.OF_ONE_PART);
    return options;
  }

  @Override
  public void requireConsistent() {
    likelihood.requireConsistent();
  }

  @Override
  public int evaluate(EvaluationInputs inputs) throws IOException {
    // The chain of ddpm is what the bound is of.
    try (DiffusionPipeline pipeline = inputs.open(METHOD)) {
      BetaSchedules.require(BITS_PER_DIM, pipeline);
      EvaluationRequest request = EvaluationRequest.of(inputs, pipeline);
      warnOfTrainingImages(inputs, request);
      return likelihood.isOde()
          ? new FlowEvaluation(request, likelihood).run()
          : new BoundEvaluation(request, likelihood).run();
    }
  }

  /** A model needs fewer bits for images that it has learned by heart. */
  private static void warnOfTrainingImages(EvaluationInputs inputs, EvaluationRequest request) {
    String name = request.images().dataset();
    boolean mayBeTrainedOn =
        request.pipeline().metadata().provenance().getOrDefault("dataset", name).equals(name);
    if (!inputs.data().hasTestSplit() && mayBeTrainedOn) {
      new Warnings(inputs.terminal())
          .accept(
              "%s has no test images of its own: %s may have been trained on these, and may need more bits for others"
                  .formatted(inputs.data().source(), request.pipeline().model().name()));
    }
  }
}
