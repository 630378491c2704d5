package io.ddpm4j.cli;

import io.ddpm4j.trainer.evaluate.QuarterLosses;
import io.ddpm4j.trainer.loop.RunSummary;
import io.ddpm4j.trainer.loop.TrainListener;
import io.ddpm4j.trainer.loop.TrainStep;
import java.nio.file.Path;
import java.util.Locale;
import java.util.stream.Collectors;

/** Shows how training goes. */
final class TrainProgress implements TrainListener {
  private final Terminal terminal;
  private final Path folder;
  private final ProgressBar bar;

  TrainProgress(Terminal terminal, Path folder, ProgressBar bar) {
    this.terminal = terminal;
    this.folder = folder;
    this.bar = bar;
  }

  @Override
  public void onStart(RunSummary summary) {
    terminal
        .out()
        .printf(
            Locale.ROOT,
            "%s: %s; %,d parameters; steps %d to %d%n",
            folder,
            summary.dataset(),
            summary.parameters(),
            summary.firstStep(),
            summary.steps());
    terminal.out().flush();
  }

  @Override
  public void onStep(TrainStep step) {
    String details =
        String.format(
            Locale.ROOT,
            "step %d/%d  loss %.4f  %.0f images/s",
            step.step(),
            step.steps(),
            step.smoothedLoss(),
            step.imagesPerSecond());
    bar.update(step.step(), step.steps(), details, step.secondsLeft());
  }

  @Override
  public void onValidation(QuarterLosses losses, long step) {
    String quarters =
        losses.quarters().stream()
            .map(loss -> String.format(Locale.ROOT, "%.4f", loss))
            .collect(Collectors.joining(" "));
    bar.println(
        String.format(
            Locale.ROOT,
            "step %d: validation loss %.4f (by quarter of the timesteps: %s)",
            step,
            losses.mean(),
            quarters));
  }

  @Override
  public void onSamples(Path file, long step) {
    bar.println("step " + step + ": " + file);
  }

  @Override
  public void onCheckpoint(Path checkpoint, long step) {
    bar.println("step " + step + ": " + checkpoint);
  }

  @Override
  public void onWarning(String sentence) {
    bar.println("ddpm: warning: " + sentence);
  }
}
