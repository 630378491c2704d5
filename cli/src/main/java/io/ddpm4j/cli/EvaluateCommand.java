package io.ddpm4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Says how good a model is. */
@Command(
    name = "evaluate",
    description = "Measure how good a model is on images; stop with Ctrl-C, start again to go on.",
    footer = {
      "",
      "Figures, tables and pictures are written to the folder of --out. A second start with the"
          + " same settings goes on where the first was stopped; with a larger -n it adds images.",
      "",
      "Examples:",
      "  ddpm evaluate fashion-mnist --data fashion-mnist --bits-per-dim",
      "  ddpm evaluate runs/fashion --data fashion-mnist --bits-per-dim -n 32 --respacing 100",
      "  ddpm evaluate fashion-mnist --data fashion-mnist --bits-per-dim --ode",
      "  ddpm evaluate fashion-mnist --data fashion-mnist --sample-quality -n 1000 --sampler"
          + " dpmpp_2m --steps 20",
      "  ddpm evaluate fashion-mnist --data fashion-mnist --sample-quality --against-steps"
    })
final class EvaluateCommand implements Callable<Integer> {
  private static final Path RESULTS = Path.of("evaluations");

  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "MODEL",
      description =
          "ONNX file, a folder with a model.onnx or of a training run, or the name of a shipped"
              + " model (default: "
              + Models.DEFAULT
              + ").")
  private String model; // null: the default

  @Mixin private final EvaluationDataOptions data = new EvaluationDataOptions();

  @Mixin private final LikelihoodEvaluation likelihood = new LikelihoodEvaluation();

  @Mixin private final SampleQualityEvaluation quality = new SampleQualityEvaluation();

  @Option(
      names = {"-n", "--images"},
      paramLabel = "N",
      converter = ImageCount.Converter.class,
      description =
          "How many images of the data, or all (default: "
              + LikelihoodEvaluation.USUAL_IMAGES
              + "); with --sample-quality how many samples (default: "
              + SampleQualityEvaluation.USUAL_IMAGES
              + ").")
  private ImageCount images; // null: not said

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "0",
      description = "Seed of the noise, and of which images are taken (default: ${DEFAULT-VALUE}).")
  private Long seed;

  @Option(
      names = {"-o", "--out"},
      paramLabel = "DIR",
      description = "Folder of the results (default: evaluations/ and the name of the model).")
  private Path out; // null: the default

  @Mixin private final OpeningOptions opening = new OpeningOptions();

  @Spec private CommandSpec spec;

  private final Terminal terminal;

  EvaluateCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  /** Everything that can be measured. */
  private List<EvaluationKind> kinds() {
    return List.of(likelihood, quality);
  }

  @Override
  public Integer call() throws IOException {
    EvaluationKind kind =
        kinds().stream()
            .filter(EvaluationKind::isWanted)
            .findFirst()
            .orElseThrow(
                () ->
                    new UsageException(
                        "expected what to measure ("
                            + String.join(
                                ", ", kinds().stream().map(EvaluationKind::option).toList())
                            + "), found nothing"));
    refuseOthers(kind);
    kind.requireConsistent();
    opening.requireConsistent();
    EvaluatedModel source = EvaluatedModel.of(model);
    Path folder = out == null ? RESULTS.resolve(source.name()) : out;
    Outputs.requireFolder("--out", folder);
    terminal.interrupts().cancellation(); // from here on, so that Ctrl-C always says something
    return kind.evaluate(
        new EvaluationInputs(
            source, opening, data, Optional.ofNullable(images), seed, folder, terminal));
  }

  /** Refuses options that would do nothing. */
  private void refuseOthers(EvaluationKind kind) {
    for (OptionSpec given : spec.commandLine().getParseResult().matchedOptions()) {
      Set<String> names = Set.of(given.names());
      boolean ofAnother =
          kinds().stream().anyMatch(each -> each.options().stream().anyMatch(names::contains));
      if (ofAnother && kind.options().stream().noneMatch(names::contains)) {
        throw new UsageException(
            "%s: expected it without %s, found both".formatted(given.names()[0], kind.option()));
      }
    }
  }
}
