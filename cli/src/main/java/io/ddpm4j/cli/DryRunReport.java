package io.ddpm4j.cli;

import io.ddpm4j.exporter.nn.UNetPart;
import io.ddpm4j.trainer.loop.DryRun;
import io.ddpm4j.trainer.loop.Rehearsal;
import io.ddpm4j.trainer.loop.RunConfig;
import io.ddpm4j.trainer.loop.RunFolder;
import io.ddpm4j.trainer.loop.TrainConfig;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Locale;

/**
 * What {@code ddpm train --dry-run} prints: {@link #plan} what is known at once, {@link #measured}
 * what a few steps have shown.
 */
final class DryRunReport {
  private static final double MB = 1e6;

  private final PrintStream out;
  private final RunFolder folder;
  private final RunConfig run;
  private final long validationEvery;

  DryRunReport(PrintStream out, Path folder, TrainConfig config) {
    this.out = out;
    this.folder = new RunFolder(folder);
    this.run = config.run();
    this.validationEvery = config.reporting().validationEvery();
  }

  /** Data and network, and that measuring begins. */
  void plan(Rehearsal rehearsal) {
    line("%s: %s; steps 1 to %d", folder.path(), rehearsal.summary().dataset(), run.steps());
    line("");
    network(rehearsal);
    line("");
    line("Measuring a few steps on this machine:");
    out.flush(); // they may take minutes
  }

  /** Memory, speed, time and files. */
  void measured(DryRun found) {
    long validations = found.secondsPerValidation() == 0 ? 0 : count(validationEvery);
    line(
        "memory      %s",
        found.peakBytes().isPresent()
            ? format(
                "about %.0f MB at the peak: %.0f MB in a few steps here, and a quarter for growth",
                found.expectedPeakBytes().getAsLong() / MB, found.peakBytes().getAsLong() / MB)
            : "not known: this system does not tell what a process holds");
    line(
        "speed       %.1f images/s: a step of %d images takes %.3f s on %d threads",
        found.imagesPerSecond(), found.stepImages(), found.secondsPerStep(), found.threads());
    line(
        "time        about %s: %d steps, %d sample grids of %.1f s, %d validations of %.1f s",
        ProgressBar.clock(found.seconds(run.steps(), grids(), validations)),
        run.steps(),
        grids(),
        found.secondsPerGrid(),
        validations,
        found.secondsPerValidation());
    files(found.checkpointBytes());
    line("Nothing was written; the same command without --dry-run trains.");
  }

  private void network(Rehearsal rehearsal) {
    line("%-16s %-44s %-12s %12s", "part", "layers", "output", "parameters");
    for (UNetPart part : rehearsal.network()) {
      String output =
          part.height() == 0
              ? Integer.toString(part.channels())
              : format("%dx%dx%d", part.channels(), part.height(), part.width());
      line("%-16s %-44s %-12s %,12d", part.name(), part.layers(), output, part.parameters());
    }
    line("%-16s %-44s %-12s %,12d", "all", "", "", rehearsal.summary().parameters());
  }

  private void files(long checkpointBytes) {
    line("files       %s, dataset.json, metrics.csv, loss.png, report.html", folder.config());
    long checkpoints = count(run.checkpointEvery());
    line(
        "            checkpoints/: %d, of which %d stay, each %.1f MB",
        checkpoints, Math.min(checkpoints, run.keepCheckpoints()), checkpointBytes / MB);
    if (grids() > 0) {
      line("            samples/: %d grids of %d images", grids(), run.sampleImages());
    }
  }

  private long grids() {
    return run.sampleEvery() == 0 ? 0 : count(run.sampleEvery());
  }

  /** Times in a run that something comes every so many steps, and after the last one. */
  private long count(long every) {
    return every == 0 ? 1 : (run.steps() + every - 1) / every;
  }

  private void line(String format, Object... values) {
    out.println(format(format, values).stripTrailing());
  }

  private static String format(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
