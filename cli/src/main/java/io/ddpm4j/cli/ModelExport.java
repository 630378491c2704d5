package io.ddpm4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** The model itself, as it is or in another form. */
final class ModelExport implements ExportKind {
  private static final String FILE = "model.onnx";

  @Override
  public String option() {
    return ExportCommand.OUTPUT;
  }

  /** Where nothing else is. */
  @Override
  public boolean isWanted() {
    return true;
  }

  @Override
  public Set<String> options() {
    Set<String> options = new TreeSet<>(ModelFormOptions.ALL);
    options.addAll(Set.of(ExportCommand.OUTPUT, ExportCommand.SIZE));
    options.addAll(Set.of(RunOptions.EMA, RunOptions.FROM_STATE));
    return options;
  }

  @Override
  public void requireFiles(Optional<Path> output) throws IOException {
    if (output.isPresent()) {
      Outputs.requireFile(ExportCommand.OUTPUT, output.get());
    }
  }

  @Override
  public void write(ExportRequest request) throws IOException {
    ExportSource source = request.source();
    boolean whole = false; // and no network
    if (!request.form().isUnchanged()) {
      WholeProgram.refuseForms(source, request.form().given());
    } else if (source instanceof ExportSource.Model model) {
      whole = WholeProgram.of(model.onnx().metadata()).isPresent();
    }
    Path file = request.output().orElseGet(() -> inFolderOf(source));
    Outputs.makeFolderOf(file);
    try (VerifiedOutput output = new VerifiedOutput(file, request.form().options())) {
      if (source instanceof ExportSource.Model model && request.form().isUnchanged()) {
        output.write(model.onnx()); // of any operators
      } else {
        output.write(request.form().apply(source.toString(), source.model()));
      }
      String said = output.check(whole ? ModelTrial.loaded() : ModelTrial.once());
      String size = output.size();
      output.commit();
      request.terminal().out().printf("%s: %s (%s)%n", file, source, size);
      request.terminal().out().println(said);
    }
  }

  private static Path inFolderOf(ExportSource source) {
    if (source instanceof ExportSource.Run run) {
      return run.folder().resolve(FILE);
    }
    throw new UsageException(
        ExportCommand.OUTPUT + ": expected a file to write the model to, found none");
  }
}
