package io.ddpm4j.cli;

import io.ddpm4j.trainer.loop.TrainStepExporter;
import io.ddpm4j.trainer.loop.TrainStepExporter.Files;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine.Option;

/** The training step itself, with which any runtime trains on. */
final class TrainStepExport implements ExportKind {
  private static final String OPTION = "--train-step";

  @Option(
      names = OPTION,
      paramLabel = "FILE",
      description =
          "Instead of a model, write the training step of a run itself as FILE, with a description"
              + " and the state beside it: any ONNX runtime trains with them, see"
              + " docs/exporting.md. --batch is how many images a step has (default: a model is"
              + " written).")
  private Path file;

  @Override
  public String option() {
    return OPTION;
  }

  @Override
  public boolean isWanted() {
    return file != null;
  }

  @Override
  public Set<String> options() {
    return Set.of(OPTION, ModelFormOptions.BATCH, RunOptions.FROM_STATE);
  }

  @Override
  public void requireFiles(Optional<Path> output) throws IOException {
    Outputs.requireModel(OPTION, file);
  }

  @Override
  public void write(ExportRequest request) throws IOException {
    if (!(request.source() instanceof ExportSource.Run run)) {
      throw new UsageException(
          OPTION + ": expected the folder of a training run, found the model " + request.source());
    }
    Files files = Files.beside(file);
    Outputs.makeFolderOf(file);
    try {
      TrainStepExporter.export(run.snapshot(), files, request.form().batch());
    } catch (IllegalArgumentException e) { // names the option
      throw new UsageException(e.getMessage());
    }
    request.terminal().out().printf("%s: the training step of %s%n", file, run);
    for (Path each : files.all()) {
      request.terminal().out().printf("  %s (%s)%n", each, Outputs.size(each));
    }
  }
}
