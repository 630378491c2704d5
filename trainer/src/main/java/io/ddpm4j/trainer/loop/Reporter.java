package io.ddpm4j.trainer.loop;

import io.ddpm4j.runtime.image.PngWriter;
import io.ddpm4j.trainer.data.DataPosition;
import io.ddpm4j.trainer.evaluate.QuarterLosses;
import io.ddpm4j.trainer.report.Charts;
import io.ddpm4j.trainer.report.Column;
import io.ddpm4j.trainer.report.HtmlReport;
import io.ddpm4j.trainer.report.Metrics;
import io.ddpm4j.trainer.tensorboard.EventFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Writes down how a run goes: {@code metrics.csv}, the loss curve, the report and TensorBoard's
 * events. Of these training needs the metrics alone; where another cannot be written, it says so
 * and goes on.
 */
final class Reporter implements AutoCloseable {
  private final RunFolder folder;
  private final ReportFacts facts;
  private Metrics metrics;
  private final Consumer<String> warnings;
  private EventFile events; // null where none are written, or no longer

  private Reporter(
      RunFolder folder, ReportFacts facts, Metrics metrics, Consumer<String> warnings) {
    this.folder = folder;
    this.facts = facts;
    this.metrics = metrics;
    this.warnings = warnings;
  }

  /**
   * Opens the files.
   *
   * @param step steps done: what is told of later ones is void
   * @param warnings told, a sentence each, what cannot be written
   * @throws IOException if the metrics cannot be written
   */
  static Reporter open(RunFolder folder, ReportFacts facts, long step, Consumer<String> warnings)
      throws IOException {
    Metrics metrics = Metrics.open(folder.metrics(), step);
    Reporter reporter = new Reporter(folder, facts, metrics, warnings);
    reporter.openEvents(step);
    return reporter;
  }

  private void openEvents(long step) {
    if (facts.config().reporting().tensorboard()) {
      attempt(
          "no events for TensorBoard",
          () -> events = EventFile.create(folder.tensorboard(), step + 1));
    }
  }

  /**
   * Forgets the steps after one, which are trained anew.
   *
   * @throws IOException if the metrics cannot be written
   */
  void backTo(long step) throws IOException {
    close();
    metrics = Metrics.open(folder.metrics(), step);
    openEvents(step);
  }

  /**
   * A step is done.
   *
   * @param next where the step after it begins in the data
   * @param validation of this step; empty if there is none
   * @throws IOException if the metrics cannot be written
   */
  void step(TrainStep step, DataPosition next, Optional<QuarterLosses> validation)
      throws IOException {
    Map<Column, Double> row = new EnumMap<>(Column.class);
    row.put(Column.STEP, (double) step.step());
    row.put(Column.EPOCH, next.epochs(facts.data().images()));
    row.put(Column.LOSS, step.loss());
    row.put(Column.SMOOTHED_LOSS, step.smoothedLoss());
    row.put(Column.GRADIENT_NORM, step.gradientNorm());
    row.put(Column.LEARNING_RATE, step.learningRate());
    row.put(Column.IMAGES_PER_SECOND, step.imagesPerSecond());
    validation.ifPresent(
        losses -> {
          row.put(Column.VALIDATION_LOSS, losses.mean());
          row.put(Column.VALIDATION_Q1, losses.quarters().get(0));
          row.put(Column.VALIDATION_Q2, losses.quarters().get(1));
          row.put(Column.VALIDATION_Q3, losses.quarters().get(2));
          row.put(Column.VALIDATION_Q4, losses.quarters().get(3));
        });
    metrics.add(row);
    Map<String, Double> scalars = new LinkedHashMap<>();
    row.forEach(
        (column, value) -> {
          if (!column.tag().isEmpty()) {
            scalars.put(column.tag(), value);
          }
        });
    event(() -> events.scalars(step.step(), scalars));
  }

  /** A sample grid was drawn. */
  void samples(Path file, long step) {
    event(() -> events.image(step, "samples", Files.readAllBytes(file)));
  }

  /** Draws the loss curve anew. */
  void drawLoss() {
    attempt(
        "the loss curve was not drawn",
        () ->
            PngWriter.write(
                folder.lossCurve(),
                Charts.loss(metrics.history()).render(900, 500),
                Map.of("Source", folder.metrics().getFileName().toString())));
  }

  /** Writes the report anew. */
  void report(Progress progress) {
    attempt(
        "the report was not written",
        () ->
            HtmlReport.write(
                folder.report(), facts.content(metrics.history(), progress, folder.allSamples())));
  }

  /** Writes what must not fail twice: after the first failure there are no more events. */
  private void event(Writing writing) {
    if (events != null && !attempt("no more events for TensorBoard", writing)) {
      closeEvents();
    }
  }

  private interface Writing {
    void run() throws IOException;
  }

  /** An interrupt is put off: it would close the file that is being written. */
  private boolean attempt(String otherwise, Writing writing) {
    boolean interrupted = Thread.interrupted();
    try {
      writing.run();
      return true;
    } catch (IOException | RuntimeException e) {
      warnings.accept(sentence(otherwise, e));
      return false;
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  static String sentence(String what, Exception e) {
    return what + ": " + (e.getMessage() == null ? e.toString() : e.getMessage());
  }

  private void closeEvents() {
    if (events != null) {
      EventFile file = events;
      events = null;
      attempt("the events for TensorBoard may be cut short", file::close);
    }
  }

  @Override
  public void close() throws IOException {
    closeEvents();
    metrics.close();
  }
}
