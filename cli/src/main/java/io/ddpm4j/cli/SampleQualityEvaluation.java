package io.ddpm4j.cli;

import java.io.IOException;
import java.util.HashSet;
import java.util.Set;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** How near samples are to real images. */
final class SampleQualityEvaluation implements EvaluationKind {
  /** As most of the literature has; of 1000 steps they take hours on a processor. */
  static final int USUAL_IMAGES = 10_000;

  private static final String SAMPLE_QUALITY = "--sample-quality";

  @Option(
      names = SAMPLE_QUALITY,
      description =
          "Measure samples against real images: Fréchet and kernel distance, precision, recall,"
              + " density, coverage, and how often a classifier sees the class asked for.")
  private boolean wanted;

  @Mixin private final SampleQualityOptions options = new SampleQualityOptions();

  @Override
  public String option() {
    return SAMPLE_QUALITY;
  }

  @Override
  public boolean isWanted() {
    return wanted;
  }

  @Override
  public Set<String> options() {
    Set<String> all = new HashSet<>(SampleQualityOptions.ALL);
    all.add(SAMPLE_QUALITY);
    return all;
  }

  @Override
  public void requireConsistent() {
    options.requireConsistent();
  }

  @Override
  public int evaluate(EvaluationInputs inputs) throws IOException {
    return new SampleQualityRun(inputs, options).run();
  }
}
