package io.ddpm4j.cli;

import java.io.IOException;
import java.util.HashSet;
import java.util.Set;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Bits per dimension: the variational bound, or the likelihood of the probability flow. */
final class LikelihoodEvaluation implements EvaluationKind {
  /** Their standard error is a few hundredths of a bit, and they take minutes. */
  static final int USUAL_IMAGES = 128;

  private static final String BITS_PER_DIM = "--bits-per-dim";

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
    return options;
  }

  @Override
  public void requireConsistent() {
    likelihood.requireConsistent();
  }

  @Override
  public int evaluate(EvaluationRequest request) throws IOException {
    return likelihood.isOde()
        ? new FlowEvaluation(request, likelihood).run()
        : new BoundEvaluation(request, likelihood).run();
  }
}
