package io.ddpm4j.cli;

import io.ddpm4j.trainer.loop.RunExporter;
import io.ddpm4j.trainer.loop.RunSnapshot;
import io.ddpm4j.trainer.loop.TrainStepExporter;
import io.ddpm4j.trainer.loop.TrainStepExporter.Files;
import java.io.IOException;
import java.nio.file.Path;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Turns a run into a model file. */
@Command(
    name = "export",
    description = "Export a training run as a self-describing ONNX file.",
    footer = {
      "",
      "Examples:",
      "  ddpm export runs/fashion -o fashion.onnx",
      "  ddpm export runs/fashion --train-step train.onnx --batch 8"
    })
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

  @Option(
      names = "--from-state",
      paramLabel = "FILE",
      description =
          "State that a training step elsewhere has left (default: the run's newest checkpoint).")
  private Path fromState;

  @Option(
      names = "--train-step",
      paramLabel = "FILE",
      description =
          "Instead of a model, write the training step itself as FILE, with a description and the"
              + " state beside it: any ONNX runtime trains with them, see docs/exporting.md (default: a"
              + " model is written).")
  private Path trainStep;

  @Option(
      names = "--batch",
      paramLabel = "N",
      converter = Numbers.Positive.class,
      description = "Images of a training step (default: as many as the run's steps have).")
  private Integer batch;

  private final Terminal terminal;

  ExportCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws IOException {
    if (trainStep != null) {
      refuseBeside("--train-step", "-o", output);
      refuseBeside("--train-step", "--ema", ema);
      writeTrainStep();
      return Main.OK;
    }
    if (batch != null) {
      throw new UsageException("--batch: expected --train-step beside it, found it alone");
    }
    Path file = output == null ? run.resolve("model.onnx") : output;
    if (output != null) {
      Outputs.requireFile("-o", file);
    }
    RunSnapshot snapshot = snapshot();
    OptionalDouble decay = ema == null ? OptionalDouble.empty() : OptionalDouble.of(ema);
    try {
      RunExporter.export(snapshot, file, decay);
    } catch (IllegalArgumentException e) { // names the option
      throw new UsageException(e.getMessage());
    }
    terminal
        .out()
        .printf("%s: %s after step %d (%s)%n", file, run, snapshot.step(), Outputs.size(file));
    return Main.OK;
  }

  private static void refuseBeside(String option, String other, Object value) {
    if (value != null) {
      throw new UsageException(
          other + ": expected it without " + option + ", which writes no model, found both");
    }
  }

  private RunSnapshot snapshot() throws IOException {
    RunSnapshot newest = RunSnapshot.newest(run);
    return fromState == null ? newest : newest.withState(fromState);
  }

  private void writeTrainStep() throws IOException {
    Outputs.requireModel("--train-step", trainStep);
    Files files = Files.beside(trainStep);
    RunSnapshot snapshot = snapshot();
    OptionalInt images = batch == null ? OptionalInt.empty() : OptionalInt.of(batch);
    try {
      TrainStepExporter.export(snapshot, files, images);
    } catch (IllegalArgumentException e) { // names the option
      throw new UsageException(e.getMessage());
    }
    terminal
        .out()
        .printf("%s: the training step of %s after step %d%n", trainStep, run, snapshot.step());
    for (Path file : files.all()) {
      terminal.out().printf("  %s (%s)%n", file, Outputs.size(file));
    }
  }
}
