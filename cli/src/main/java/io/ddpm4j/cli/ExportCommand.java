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

/** Turns a run or a model into files for other runtimes. */
@Command(
    name = "export",
    description = "Export a training run, or a model in another form, as a self-describing file.",
    footer = {
      "",
      "Examples:",
      "  ddpm export runs/fashion -o fashion.onnx",
      "  ddpm export emoji --fp16 --opset 18 -o emoji-half.onnx",
      "  ddpm export emoji --sampler ddim:50 -o loop.onnx",
      "  ddpm export runs/fashion --train-step train.onnx --batch 8",
      "  ddpm export fashion-mnist --diffusers fashion-pipeline"
    })
final class ExportCommand implements Callable<Integer> {
  static final String OUTPUT = "-o";
  static final String SIZE = "--size";

  @Parameters(
      index = "0",
      paramLabel = "SOURCE",
      description =
          "The folder of a training run, an ONNX file, a folder with a model.onnx, or the name of a"
              + " shipped model.")
  private String source;

  @Option(
      names = {OUTPUT, "--output"},
      paramLabel = "FILE",
      description = "The model (default: of a run, model.onnx in its folder).")
  private Path output;

  @Mixin private final RunOptions run = new RunOptions();

  @Mixin private final ModelFormOptions form = new ModelFormOptions();

  @Option(
      names = SIZE,
      paramLabel = "N|HxW",
      converter = ImageSize.Converter.class,
      description =
          "Height and width of the images, fixed where the model leaves them open (default: as it"
              + " has them).")
  private ImageSize size;

  @Mixin private final SchedulerOption scheduler = new SchedulerOption();

  @Mixin private final LoopExport loop = new LoopExport();

  @Mixin private final TrainStepExport trainStep = new TrainStepExport();

  @Mixin private final DiffusersExport diffusers = new DiffusersExport();

  @Spec private CommandSpec spec;

  private final Terminal terminal;

  ExportCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  /** Everything that can be written; the last is what is written where nothing else is asked. */
  private List<ExportKind> kinds() {
    return List.of(trainStep, loop, diffusers, new ModelExport());
  }

  @Override
  public Integer call() throws IOException {
    terminal.interrupts().endProcess(terminal.err());
    form.fixSize(size);
    form.requireConsistent();
    ExportKind kind = kinds().stream().filter(ExportKind::isWanted).findFirst().orElseThrow();
    refuseOthers(kind);
    Optional<Path> file = Optional.ofNullable(output);
    kind.requireFiles(file);
    ExportSource read = ExportSource.of(source, run);
    kind.write(new ExportRequest(read, file, form, scheduler, terminal));
    return Main.OK;
  }

  /** Refuses options that would do nothing, and says beside which they do something. */
  private void refuseOthers(ExportKind kind) {
    for (OptionSpec given : spec.commandLine().getParseResult().matchedOptions()) {
      Set<String> names = Set.of(given.names());
      List<String> kinds =
          kinds().stream()
              .filter(each -> each.options().stream().anyMatch(names::contains))
              .map(ExportKind::option)
              .toList();
      if (kinds.isEmpty() || kinds.contains(kind.option())) {
        continue;
      }
      boolean alone = kinds.contains(OUTPUT) || kinds.stream().anyMatch(names::contains);
      throw new UsageException(
          alone
              ? "%s: expected it without %s, found both".formatted(given.names()[0], kind.option())
              : "%s: expected it with %s, found %s"
                  .formatted(given.names()[0], String.join(" or ", kinds), found(kind, kinds)));
    }
  }

  private static String found(ExportKind kind, List<String> kinds) {
    return kind.option().equals(OUTPUT)
        ? kinds.size() == 1 ? "it alone" : "none of them"
        : kind.option();
  }
}
