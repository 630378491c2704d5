package io.ddpm4j.cli;

import io.ddpm4j.exporter.AtomicFile;
import io.ddpm4j.runtime.image.PngWriter;
import io.ddpm4j.trainer.evaluate.distance.ClassAccuracy;
import io.ddpm4j.trainer.evaluate.neighbours.TrainingNeighbours;
import io.ddpm4j.trainer.evaluate.quality.QualityMetric;
import io.ddpm4j.trainer.evaluate.quality.QualityRow;
import io.ddpm4j.trainer.evaluate.quality.QualityTable;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Says and writes how good samples are: a table as CSV, JSON and Markdown, and pictures. */
final class QualityReport {
  private static final List<QualityMetric> CHARTS =
      List.of(QualityMetric.FRECHET_DISTANCE, QualityMetric.CLASS_ACCURACY);

  private static final String NEIGHBOURS = "neighbours.png";

  private final EvaluationInputs inputs;
  private final List<String> classNames;
  private final Map<String, String> facts;

  /**
   * A report of rows to come.
   *
   * @param classNames of the classifier, in the order of its classes; empty if there is none
   * @param facts what is measured with
   */
  QualityReport(EvaluationInputs inputs, List<String> classNames, Map<String, String> facts) {
    this.inputs = inputs;
    this.classNames = List.copyOf(classNames);
    this.facts = new LinkedHashMap<>(facts);
  }

  /**
   * Says what is about to be measured.
   *
   * @param there rows that are measured already
   */
  void introduce(int images, int there) {
    PrintStream out = inputs.terminal().out();
    out.printf(
        "%s: %d samples, seed %d, against %s, features of %s%n",
        inputs.model().name(), images, inputs.seed(), facts.get("reference"), features());
    if (there > 0) {
      out.printf("going on after %d %s%n", there, there == 1 ? "row" : "rows");
    }
    out.flush();
  }

  /** The feature network, and the output that was taken where that is not the usual one. */
  private String features() {
    String network = facts.get("feature_network");
    String output = facts.get("feature_output");
    return output.equals("features") ? network : "%s (%s)".formatted(network, output);
  }

  private QualityTable table(QualityState state) {
    QualityState.Floor floor = state.floor().orElseThrow();
    return new QualityTable(
        facts,
        floor.quality(),
        floor.images(),
        state.rows().stream().map(QualityState.Row::row).toList(),
        classNames);
  }

  /** Writes the tables and the pictures over steps, of the rows that there are. */
  void write(QualityState state) throws IOException {
    QualityTable table = table(state);
    text("quality.csv", table.toCsv());
    text("quality.json", table.toJson());
    text("quality.md", table.toMarkdown());
    List<QualityMetric> drawn = table.hasCurves() ? charts(table.rows()) : List.of();
    for (QualityMetric metric : CHARTS) {
      Path file = inputs.folder().resolve(picture(metric));
      if (drawn.contains(metric)) {
        PngWriter.write(file, table.chart(metric).render(900, 500), facts);
      } else {
        Files.deleteIfExists(file); // of other rows
      }
    }
    deleteNeighbours();
  }

  /** Takes the picture of neighbours away: the best row may be another now. */
  void deleteNeighbours() throws IOException {
    Files.deleteIfExists(inputs.folder().resolve(NEIGHBOURS));
  }

  private static List<QualityMetric> charts(List<QualityRow> rows) {
    return CHARTS.stream()
        .filter(metric -> rows.stream().anyMatch(r -> !Double.isNaN(metric.of(r.quality()))))
        .toList();
  }

  private static String picture(QualityMetric metric) {
    return metric.key().replace('_', '-') + ".png";
  }

  private void text(String name, String content) throws IOException {
    Path file = inputs.folder().resolve(name);
    byte[] bytes = content.getBytes(StandardCharsets.UTF_8);
    Outputs.makeFolderOf(file);
    AtomicFile.write(file, out -> out.write(bytes));
  }

  /** Says what was found. */
  void print(QualityState state) throws IOException {
    QualityTable table = table(state);
    List<QualityRow> rows = table.rows();
    PrintStream out = inputs.terminal().out();
    out.print(table.toText());
    if (rows.size() == 1) {
      rows.get(0).quality().classes().ifPresent(classes -> out.println(byClass(classes)));
    }
    List<String> names = new ArrayList<>(List.of("quality.csv", "quality.json", "quality.md"));
    if (table.hasCurves()) {
      charts(rows).forEach(metric -> names.add(picture(metric)));
    }
    for (String name : names) {
      said(inputs.folder().resolve(name));
    }
  }

  private String byClass(ClassAccuracy classes) {
    StringBuilder text = new StringBuilder("class accuracy by class:");
    for (int c = 0; c < classes.classes(); c++) {
      if (classes.images(c) > 0) {
        text.append(
            String.format(Locale.ROOT, " %s %.2f,", classNames.get(c), classes.accuracy(c)));
      }
    }
    return text.substring(0, text.length() - 1);
  }

  private void said(Path file) throws IOException {
    inputs.terminal().out().printf("%s (%s)%n", file, Outputs.size(file));
  }

  /** Writes samples beside the training images that are nearest to them. */
  void neighbours(QualityRow row, TrainingNeighbours found) throws IOException {
    Path file = inputs.folder().resolve(NEIGHBOURS);
    Map<String, String> text = new LinkedHashMap<>(facts);
    text.put("sampler", row.sampler() + ", " + row.steps() + " steps");
    PngWriter.write(file, found.picture(), text);
    inputs
        .terminal()
        .out()
        .printf(
            "%s (%s): samples of %s in %d steps, each with its %d nearest training images%n",
            file, Outputs.size(file), row.sampler(), row.steps(), found.count());
  }
}
