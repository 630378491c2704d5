package io.ddpm4j.cli;

import io.ddpm4j.trainer.classifier.ClassifierListener;
import io.ddpm4j.trainer.classifier.Epoch;
import java.nio.file.Path;
import java.util.Locale;

/** Shows how the training of a classifier goes. */
final class ClassifierProgress implements ClassifierListener {
  private final Terminal terminal;
  private final Path folder;
  private final ProgressBar bar;

  ClassifierProgress(Terminal terminal, Path folder, ProgressBar bar) {
    this.terminal = terminal;
    this.folder = folder;
    this.bar = bar;
  }

  @Override
  public void onStart(String data, long parameters) {
    terminal.out().printf(Locale.ROOT, "%s: %s; %,d parameters%n", folder, data, parameters);
    terminal.out().flush();
  }

  @Override
  public void onStep(
      long step, long steps, double loss, double imagesPerSecond, double secondsLeft) {
    String details =
        String.format(
            Locale.ROOT,
            "step %d/%d  loss %.4f  %.0f images/s",
            step,
            steps,
            loss,
            imagesPerSecond);
    bar.update(step, steps, details, secondsLeft);
  }

  @Override
  public void onEpoch(Epoch epoch, boolean best) {
    bar.println(
        String.format(
            Locale.ROOT,
            "epoch %d: loss %.4f; of the images held out %.4f right, loss %.4f%s",
            epoch.epoch(),
            epoch.loss(),
            epoch.heldOutAccuracy(),
            epoch.heldOutLoss(),
            best ? ", the best until now" : ""));
  }

  @Override
  public void onWarning(String sentence) {
    bar.println("ddpm: warning: " + sentence);
  }
}
