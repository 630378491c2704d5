package io.ddpm4j.cli;

import io.ddpm4j.trainer.loop.RunExporter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.OptionalDouble;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Turns a run into a model file. */
@Command(
    name = "export",
    description = "Export a training run as a self-describing ONNX file.",
    footer = {"", "Example:", "  ddpm export runs/fashion -o fashion.onnx"})
final class ExportCommand implements Callable<Integer> {

  @Parameters(index = "0", paramLabel = "RUN", description = "The folder of a training run.")
  private Path run;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      description = "The model (default: model.onnx in the run's folder).")
  private Path output;

  @Option(
      names = "--ema",
      paramLabel = "X",
      converter = Numbers.Real.class,
      description =
          "Decay of the averaged weights that are exported, one of those of the run's --ema-decay"
              + " (default: the first).")
  private Double ema;

  private final Terminal terminal;

  ExportCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws IOException {
    Path file = output == null ? run.resolve("model.onnx") : output;
    if (output != null) {
      Outputs.requireFile("-o", file);
    }
    long step = export(file);
    terminal.out().printf("%s: %s after step %d (%s)%n", file, run, step, Outputs.size(file));
    return Main.OK;
  }

  private long export(Path file) throws IOException {
    if (ema == null) {
      return RunExporter.export(run, file);
    }
    try {
      return RunExporter.export(run, file, OptionalDouble.of(ema));
    } catch (IllegalArgumentException e) { // names the option
      throw new UsageException(e.getMessage());
    }
  }
}
