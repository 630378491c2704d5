package io.ddpm4j.cli;

import io.ddpm4j.trainer.classifier.ClassifierFolder;
import io.ddpm4j.trainer.classifier.ClassifierQuality;
import io.ddpm4j.trainer.classifier.ClassifierResult;
import io.ddpm4j.trainer.classifier.ClassifierTrainConfig;
import io.ddpm4j.trainer.classifier.ClassifierTrainer;
import io.ddpm4j.trainer.classifier.Epoch;
import io.ddpm4j.trainer.data.DatasetOptionException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Trains a classifier. */
@Command(
    name = "train-classifier",
    description = "Train a classifier of images, by which samples are judged.",
    footer = {
      "",
      "The run's folder holds model.onnx, metrics.csv, accuracy.png, test.csv, classifier.json and"
          + " checkpoints/.",
      "",
      "Examples:",
      "  ddpm train-classifier --data fashion-mnist --horizontal-flips --out runs/judge",
      "  ddpm train-classifier --data photos/ --labels-from-folders --out runs/photos-judge",
      "  ddpm train-classifier --resume --out runs/judge"
    })
final class TrainClassifierCommand implements Callable<Integer> {
  /** Everything else stands in the configuration of the run that goes on. */
  private static final Set<String> WITH_RESUME = Set.of("--resume", "--out", "--help", "--debug");

  @Spec private CommandSpec spec;

  @Option(
      names = "--data",
      paramLabel = "DATA",
      description =
          "emoji, fashion-mnist, shapes, a folder of PNG and JPEG images with"
              + " --labels-from-folders, or an idx file of images with --labels (required without"
              + " --resume).")
  private String data;

  @Option(
      names = {"-o", "--out"},
      paramLabel = "DIR",
      description = "The run's folder (default: runs/ and the name of the data and -classifier).")
  private Path out;

  @Option(
      names = "--resume",
      description = "Go on with the run in --out, from its newest checkpoint.")
  private boolean resume;

  @Mixin private final ClassifierOptions options = new ClassifierOptions();

  @ArgGroup(validate = false, order = 2, heading = "%nData:%n")
  private final TrainDataOptions images = new TrainDataOptions();

  private final Terminal terminal;

  TrainClassifierCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws IOException {
    requireUsage();
    ClassifierTrainConfig config = resume ? null : options.config(images, data);
    Path folder = out == null ? RunFolders.free(data, "-classifier") : out;
    Outputs.requireFolder("--out", folder);
    terminal.interrupts().cancellation(); // from here on, so that Ctrl-C always says something
    Warnings warnings = new Warnings(terminal);
    ClassifierTrainer trainer =
        resume ? ClassifierTrainer.resume(folder, warnings) : create(folder, config, warnings);
    warnings.summarize();
    ClassifierResult result;
    try (ProgressBar bar = new ProgressBar(terminal, "Training")) {
      result =
          trainer.run(
              new ClassifierProgress(terminal, folder, bar), terminal.interrupts().cancellation());
    }
    return report(folder, result);
  }

  private static ClassifierTrainer create(
      Path folder, ClassifierTrainConfig config, Warnings warnings) throws IOException {
    try {
      return ClassifierTrainer.create(folder, config, warnings);
    } catch (DatasetOptionException | IllegalArgumentException e) { // names the option
      throw new UsageException(e.getMessage());
    }
  }

  private void requireUsage() {
    if (!resume) {
      if (data == null) {
        throw new UsageException("--data: expected what to train on, or --resume, found neither");
      }
      return;
    }
    for (OptionSpec option : spec.commandLine().getParseResult().matchedOptions()) {
      if (!WITH_RESUME.contains(option.longestName())) {
        throw new UsageException(
            option.longestName()
                + " does not apply with --resume: the training goes on as it began");
      }
    }
    if (out == null) {
      throw new UsageException("--out: expected the run to resume, found none");
    }
  }

  private int report(Path folder, ClassifierResult result) {
    ClassifierFolder files = new ClassifierFolder(folder);
    if (!result.finished()) {
      terminal
          .err()
          .printf(
              "ddpm: interrupted after step %d; go on with: ddpm train-classifier --resume --out"
                  + " %s%n",
              result.step(), folder);
      return Main.INTERRUPTED;
    }
    Epoch best = result.best().orElseThrow(); // the last one has ended
    terminal
        .out()
        .printf(
            Locale.ROOT,
            "%s: epoch %d, %.4f right of the images held out%n",
            files.model(),
            best.epoch(),
            best.heldOutAccuracy());
    result.test().ifPresent(this::print);
    terminal.out().printf("curve: %s%n", files.curve());
    return Main.OK;
  }

  private void print(ClassifierQuality test) {
    terminal
        .out()
        .printf(
            Locale.ROOT,
            "test split: %.4f right, %d of %d%n",
            test.accuracy().accuracy(),
            test.accuracy().right(),
            test.accuracy().images());
    for (int label = 0; label < test.classes().size(); label++) {
      terminal
          .out()
          .printf(
              Locale.ROOT,
              "  %-20s %.3f%n",
              test.classes().get(label),
              test.accuracy().accuracy(label));
    }
  }
}
