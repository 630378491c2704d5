package io.ddpm4j.cli;

import io.ddpm4j.trainer.data.DatasetOptionException;
import io.ddpm4j.trainer.loop.DivergedException;
import io.ddpm4j.trainer.loop.DryRun;
import io.ddpm4j.trainer.loop.Rehearsal;
import io.ddpm4j.trainer.loop.RunFolder;
import io.ddpm4j.trainer.loop.TrainConfig;
import io.ddpm4j.trainer.loop.TrainResult;
import io.ddpm4j.trainer.loop.Trainer;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Trains a network. */
@Command(
    name = "train",
    description = "Train a network on images; stop with Ctrl-C, go on with --resume.",
    footer = {
      "",
      "The run's folder holds report.html, run.json, metrics.csv, loss.png, samples/,"
          + " tensorboard/ and checkpoints/.",
      "",
      "Examples:",
      "  ddpm train --data shapes --steps 600                    needs no files",
      "  ddpm train --data fashion-mnist --out runs/fashion --preset small --steps 20000",
      "  ddpm train --data fashion-mnist --preset base --dry-run    what that would take",
      "  ddpm train --data photos/ --image-size 32 --horizontal-flips --out runs/photos",
      "  ddpm train --data fashion-mnist --init fashion-mnist --learning-rate 0.0001",
      "  ddpm train --config runs/fashion/run.json --out runs/again   the same weights again",
      "  ddpm train --resume --out runs/fashion --steps 40000    goes on, up to step 40000"
    })
final class TrainCommand implements Callable<Integer> {
  /** Everything else stands in the configuration of the run that goes on. */
  private static final Set<String> WITH_RESUME =
      Set.of("--resume", "--out", "--steps", "--learning-rate", "--help", "--debug");

  private static final double USUAL_RATE = 5e-4; // of the preset small

  @Spec private CommandSpec spec;

  @Mixin private final TrainConfigOptions hyperparameters = new TrainConfigOptions();

  @Option(
      names = {"-o", "--out"},
      order = TrainConfigOptions.SECOND,
      paramLabel = "DIR",
      description = "The run's folder (default: runs/ and the name of the data).")
  private Path out;

  @Option(
      names = "--dry-run",
      description =
          "Show network, memory, time and files of the run, by a few of its steps; write nothing.")
  private boolean dryRun;

  @Option(
      names = "--resume",
      description = "Go on with the run in --out, from its newest checkpoint.")
  private boolean resume;

  private final Terminal terminal;

  TrainCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  /** The command, with the presets' numbers for its help. */
  static CommandLine commandLine(Terminal terminal) {
    return new CommandLine(new TrainCommand(terminal)).setResourceBundle(new PresetDefaults());
  }

  @Override
  public Integer call() throws IOException {
    requireUsage();
    TrainConfig config = resume ? null : hyperparameters.config();
    Warnings warnings = new Warnings(terminal);
    Path folder = out == null ? RunFolders.free(config.data().source(), "") : out;
    Outputs.requireFolder("--out", folder);
    if (resume && isDone(folder)) {
      return Main.OK;
    }
    if (dryRun) {
      return rehearse(folder, config, warnings);
    }
    terminal.interrupts().cancellation(); // from here on, so that Ctrl-C always says something
    Trainer trainer =
        resume
            ? Trainer.resume(
                folder, hyperparameters.steps(), hyperparameters.learningRate(), warnings)
            : create(folder, config, warnings);
    warnings.summarize();
    TrainResult result;
    try (ProgressBar bar = new ProgressBar(terminal, "Training")) {
      result =
          trainer.run(
              new TrainProgress(terminal, folder, bar), terminal.interrupts().cancellation());
    } catch (DivergedException e) {
      throw new IOException(e.getMessage() + "; " + cure(folder, trainer.config(), e), e);
    }
    return report(folder, result);
  }

  private static Trainer create(Path folder, TrainConfig config, Warnings warnings)
      throws IOException {
    try {
      return Trainer.create(folder, config, warnings);
    } catch (DatasetOptionException e) {
      throw new UsageException(e.getMessage());
    }
  }

  private int rehearse(Path folder, TrainConfig config, Warnings warnings) throws IOException {
    terminal.interrupts().cancellation();
    Rehearsal rehearsal;
    try {
      rehearsal = Rehearsal.of(folder, config, warnings);
    } catch (DatasetOptionException e) {
      throw new UsageException(e.getMessage());
    }
    warnings.summarize();
    DryRunReport report = new DryRunReport(terminal.out(), folder, config);
    report.plan(rehearsal);
    DryRun found;
    try (ProgressBar bar = new ProgressBar(terminal, "Measuring")) {
      found =
          rehearsal.measure(
              (done, parts, what) -> bar.update(done, parts, what, Double.NaN),
              terminal.interrupts().cancellation());
    }
    report.measured(found);
    return Main.OK;
  }

  /** What to type after training has broken down: a tenth of the rate, or a usual one. */
  private static String cure(Path folder, TrainConfig config, DivergedException diverged) {
    double rate = Math.min(config.optimizer().learningRate() / 10, USUAL_RATE);
    String shown = new BigDecimal(rate).round(new MathContext(2)).toString();
    return diverged.isResumable()
        ? "go on with: ddpm train --resume --out " + folder + " --learning-rate " + shown
        : "begin again with: --learning-rate " + shown;
  }

  private void requireUsage() {
    if (!resume) {
      hyperparameters.requireData();
      return;
    }
    for (OptionSpec option : spec.commandLine().getParseResult().matchedOptions()) {
      if (!WITH_RESUME.contains(option.longestName())) {
        throw new UsageException(
            option.longestName()
                + " does not apply with --resume: the run goes on as it began (only --steps and"
                + " --learning-rate may change)");
      }
    }
    if (out == null) {
      throw new UsageException("--out: expected the run to resume, found none");
    }
  }

  /** Whether the run has all its steps already; then says so. */
  private boolean isDone(Path folder) throws IOException {
    RunFolder files = new RunFolder(folder);
    Optional<Long> steps = hyperparameters.steps();
    long asked = steps.isPresent() ? steps.get() : files.readConfig().run().steps();
    Optional<Path> latest = files.checkpoints().latest();
    if (latest.isEmpty()) {
      return false;
    }
    long done = Long.parseLong(latest.get().getFileName().toString().replaceAll("\\D", ""));
    if (asked < done) {
      throw new UsageException(
          "--steps: expected at least %d, the steps that %s has already, found %d"
              .formatted(done, folder, asked));
    }
    if (asked == done) {
      terminal.out().printf("%s: the run has %d steps already; --steps N goes on%n", folder, done);
    }
    return asked == done;
  }

  private int report(Path folder, TrainResult result) throws IOException {
    String loss = String.format(Locale.ROOT, "loss %.4f", result.smoothedLoss());
    if (!result.finished()) {
      terminal
          .err()
          .println(
              result.checkpoint() == null
                  ? "ddpm: interrupted before the first step"
                  : "ddpm: interrupted after step %d, %s; go on with: ddpm train --resume --out %s"
                      .formatted(result.step(), loss, folder));
      return Main.INTERRUPTED;
    }
    RunFolder files = new RunFolder(folder);
    terminal.out().printf("%s: step %d, %s%n", folder, result.step(), loss);
    terminal.out().printf("loss curve: %s%n", files.lossCurve());
    if (Files.exists(files.report())) {
      terminal.out().printf("report: %s%n", files.report());
    }
    if (Files.exists(files.samples(result.step()))) {
      terminal.out().printf("samples: %s%n", files.samples(result.step()));
    }
    terminal.out().printf("next: ddpm export %s -o model.onnx%n", folder);
    return Main.OK;
  }
}
