package io.ddpm4j.cli;

import io.ddpm4j.exporter.AtomicFolder;
import io.ddpm4j.runtime.model.ModelFormatException;
import io.ddpm4j.trainer.loop.DiffusersExporter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine.Option;

/** The folder of a pipeline, from which Python's diffusers goes on. */
final class DiffusersExport implements ExportKind {
  static final String OPTION = "--diffusers";

  @Option(
      names = OPTION,
      paramLabel = "DIR",
      description =
          "Instead of a model, write a new folder that diffusers loads in Python, as DDPMPipeline"
              + " or DDIMPipeline: network, weights and scheduler (default: a model is written).")
  private Path folder;

  @Override
  public String option() {
    return OPTION;
  }

  @Override
  public boolean isWanted() {
    return folder != null;
  }

  @Override
  public Set<String> options() {
    return Set.of(OPTION, SchedulerOption.NAME, RunOptions.EMA, RunOptions.FROM_STATE);
  }

  @Override
  public void requireFiles(Optional<Path> output) throws IOException {
    Outputs.requireFolder(OPTION, folder);
    AtomicFolder.requireNew(folder);
  }

  @Override
  public void write(ExportRequest request) throws IOException {
    ExportSource source = request.source();
    WholeProgram.refuse(source, OPTION);
    ExportSource.Described model = source.described();
    DiffusersExporter.Result written;
    try {
      written =
          DiffusersExporter.export(
              source.toString(),
              model.metadata(),
              model.constants(),
              request.scheduler().read(),
              folder);
    } catch (ModelFormatException e) {
      throw SchedulerOption.named(source.toString(), e);
    }
    request.terminal().out().printf("%s: %s, as %s%n", folder, source, written.pipeline());
    written.notes().forEach(note -> request.terminal().out().println("note: " + note));
  }
}
