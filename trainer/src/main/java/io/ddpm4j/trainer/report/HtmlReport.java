package io.ddpm4j.trainer.report;

import io.ddpm4j.exporter.AtomicFile;
import io.ddpm4j.runtime.image.LineChart;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/**
 * One page about a run, in one file: charts as SVG, sample grids as PNG within it, no scripts,
 * nothing that is loaded from elsewhere.
 */
public final class HtmlReport {
  private static final int CHART_WIDTH = 640;
  private static final int CHART_HEIGHT = 320;
  private static final int MOST_GRIDS = 9;

  /** A sample grid, a PNG file. */
  public record Grid(long step, Path file) {}

  /**
   * What the page tells.
   *
   * @param trainTimesteps T, whose quarters the validation has
   * @param headline the figures that stand first; its title is the page's
   * @param tables the rest
   */
  public record Content(
      Facts headline, History history, int trainTimesteps, List<Grid> grids, List<Facts> tables) {
    /** Keeps copies. */
    public Content {
      grids = List.copyOf(grids);
      tables = List.copyOf(tables);
    }
  }

  private HtmlReport() {}

  /**
   * Writes the page, whole or not at all. Of many grids some are shown, evenly spaced, the first
   * and the last among them.
   *
   * @throws IOException if a grid cannot be read, or the page cannot be written; the message names
   *     the file
   */
  public static void write(Path file, Content content) throws IOException {
    byte[] page = page(content).getBytes(StandardCharsets.UTF_8);
    AtomicFile.write(file, out -> out.write(page));
  }

  static String page(Content content) throws IOException {
    StringBuilder html = new StringBuilder();
    String title = escape(content.headline().title());
    html.append("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
        .append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
        .append("<title>")
        .append(title)
        .append("</title>\n<style>\n")
        .append(css())
        .append("</style>\n</head>\n<body>\n<h1>")
        .append(title)
        .append("</h1>\n");
    headline(content.headline(), html);
    charts(content, html);
    grids(spread(content.grids()), html);
    html.append("<h2>Details</h2>\n<div class=\"tables\">\n");
    content.tables().forEach(table -> table(table, html));
    return html.append("</div>\n</body>\n</html>\n").toString();
  }

  private static void headline(Facts facts, StringBuilder html) {
    html.append("<dl class=\"headline\">\n");
    facts
        .values()
        .forEach(
            (name, value) ->
                html.append("<div><dt>")
                    .append(escape(name))
                    .append("</dt><dd>")
                    .append(escape(value))
                    .append("</dd></div>\n"));
    html.append("</dl>\n");
  }

  private static void charts(Content content, StringBuilder html) {
    History history = content.history();
    List<LineChart> charts = new ArrayList<>(List.of(Charts.loss(history)));
    if (history.validations(Column.STEP).length > 0) {
      charts.add(Charts.quarters(history, content.trainTimesteps()));
    }
    charts.add(Charts.gradientNorm(history));
    charts.add(Charts.learningRate(history));
    charts.add(Charts.speed(history));
    html.append("<h2>Training</h2>\n<div class=\"charts\">\n");
    for (LineChart chart : charts) {
      html.append("<figure>").append(chart.toSvg(CHART_WIDTH, CHART_HEIGHT)).append("</figure>\n");
    }
    html.append("</div>\n");
  }

  /** The newest first and large, then the others from the first on. */
  private static void grids(List<Grid> grids, StringBuilder html) throws IOException {
    if (grids.isEmpty()) {
      return;
    }
    html.append("<h2>Samples</h2>\n<div class=\"newest\">\n");
    grid(grids.get(grids.size() - 1), html);
    html.append("</div>\n<div class=\"grids\">\n");
    for (Grid grid : grids.subList(0, grids.size() - 1)) {
      grid(grid, html);
    }
    html.append("</div>\n");
  }

  private static void grid(Grid grid, StringBuilder html) throws IOException {
    byte[] png;
    try {
      png = Files.readAllBytes(grid.file());
    } catch (IOException e) {
      throw new IOException("cannot read " + grid.file() + ": " + e.getMessage(), e);
    }
    html.append("<figure><img alt=\"samples of step ")
        .append(grid.step())
        .append("\" src=\"data:image/png;base64,")
        .append(Base64.getEncoder().encodeToString(png))
        .append("\"><figcaption>step ")
        .append(grid.step())
        .append("</figcaption></figure>\n");
  }

  private static List<Grid> spread(List<Grid> all) {
    if (all.size() <= MOST_GRIDS) {
      return all;
    }
    List<Grid> some = new ArrayList<>();
    for (int i = 0; i < MOST_GRIDS; i++) {
      some.add(all.get(i * (all.size() - 1) / (MOST_GRIDS - 1)));
    }
    return some;
  }

  private static void table(Facts facts, StringBuilder html) {
    html.append("<section><h3>").append(escape(facts.title())).append("</h3>\n<table>\n");
    facts
        .values()
        .forEach(
            (name, value) ->
                html.append("<tr><th>")
                    .append(escape(name))
                    .append("</th><td>")
                    .append(escape(value))
                    .append("</td></tr>\n"));
    html.append("</table></section>\n");
  }

  private static String css() {
    try (InputStream in = HtmlReport.class.getResourceAsStream("report.css")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("report.css cannot be read", e);
    }
  }

  private static String escape(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("\"", "&quot;");
  }
}
