package io.ddpm4j.runtime.image;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Draws a {@link LineChart} as SVG, in the fonts of who looks at it. */
final class SvgChart {
  private static final int FONT = 12;
  private static final int TITLE_FONT = 15;
  private static final double LETTER = 0.62; // of the font size, at most, in common fonts
  private static final int PAD = 12;
  private static final int TICK = 5;
  private static final double MARK = 3.5; // radius

  private final Labels labels;
  private final List<LineChart.Series> series;
  private final ChartAxis x;
  private final ChartAxis y;
  private final StringBuilder svg = new StringBuilder();
  private double left; // of the rectangle that the series are drawn in
  private double top;
  private double right;
  private double bottom;

  /** What stands beside the lines; each may be empty. */
  record Labels(String title, String xLabel, String yLabel) {}

  SvgChart(Labels labels, List<LineChart.Series> series, ChartAxis x, ChartAxis y) {
    this.labels = labels;
    this.series = series;
    this.x = x;
    this.y = y;
  }

  String draw(int width, int height) {
    layOut(width, height);
    add(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 %d %d' role='img' aria-label='%s'"
            + " font-family='system-ui, sans-serif' font-size='%d' fill='currentColor'>\n",
        width, height, escape(labels.title), FONT);
    grid();
    for (LineChart.Style style :
        new LineChart.Style[] {
          LineChart.Style.FAINT, LineChart.Style.LINE, LineChart.Style.MARKED // on top of others
        }) {
      series.stream().filter(s -> s.style() == style).forEach(this::line);
    }
    texts(height);
    legend();
    return svg.append("</svg>\n").toString();
  }

  private void layOut(int width, int height) {
    int longest = y.ticks.stream().mapToInt(tick -> y.label(tick).length()).max().orElse(0);
    left = PAD + (labels.yLabel.isEmpty() ? 0 : 1.5 * FONT) + longest * FONT * LETTER + 2 * TICK;
    top = PAD + (labels.title.isEmpty() ? 0 : 1.6 * TITLE_FONT);
    top += series.stream().allMatch(s -> s.name().isEmpty()) ? 0 : 1.8 * FONT;
    right = width - 1.5 * PAD;
    bottom = height - PAD - 1.2 * FONT - TICK - (labels.xLabel.isEmpty() ? 0 : 1.6 * FONT);
  }

  private double across(double value) {
    return left + x.place(value) * (right - left);
  }

  private double down(double value) {
    return bottom - y.place(value) * (bottom - top);
  }

  private void grid() {
    for (double tick : y.ticks) {
      rule(left, down(tick), right, down(tick), 0.13);
      text("end", left - 1.5 * TICK, down(tick) + 0.35 * FONT, 0.75, y.label(tick));
    }
    for (double tick : x.ticks) {
      rule(across(tick), top, across(tick), bottom, 0.13);
      text("middle", across(tick), bottom + TICK + FONT, 0.75, x.label(tick));
    }
    rule(left, bottom, right, bottom, 0.5);
  }

  private void line(LineChart.Series s) {
    boolean faint = s.style() == LineChart.Style.FAINT;
    String path = path(s);
    if (!path.isEmpty()) {
      add(
          "<path d='%s' fill='none' stroke-linecap='round' stroke-linejoin='round'"
              + " stroke-width='%s' stroke-opacity='%s' style='stroke:%s'/>\n",
          path, faint ? "1" : "2", faint ? "0.35" : "1", colour(s.rgb()));
    }
    if (s.style() == LineChart.Style.MARKED) {
      marks(s);
    }
  }

  private void marks(LineChart.Series s) {
    for (int i = 0; i < s.x().length; i++) {
      if (x.shows(s.x()[i]) && y.shows(s.y()[i])) {
        add(
            "<circle cx='%.1f' cy='%.1f' r='%s' style='fill:%s'/>\n",
            across(s.x()[i]), down(s.y()[i]), MARK, colour(s.rgb()));
      }
    }
  }

  /** Of more than two points in a column of one unit only the lowest and the highest are drawn. */
  private String path(LineChart.Series s) {
    StringBuilder path = new StringBuilder();
    List<double[]> column = new ArrayList<>();
    boolean drawing = false;
    for (int i = 0; i < s.x().length; i++) {
      if (!x.shows(s.x()[i]) || !y.shows(s.y()[i])) {
        drawing = flush(column, path, drawing);
        drawing = false;
        continue;
      }
      double[] point = {across(s.x()[i]), down(s.y()[i])};
      if (!column.isEmpty() && (int) column.get(0)[0] != (int) point[0]) {
        drawing = flush(column, path, drawing);
      }
      column.add(point);
    }
    flush(column, path, drawing);
    return path.toString();
  }

  /** Adds the points of a column to the path; true if the line goes on from here. */
  private static boolean flush(List<double[]> column, StringBuilder path, boolean drawing) {
    boolean begun = drawing;
    List<double[]> kept = column;
    if (column.size() > 2) {
      double[] low = column.get(0);
      double[] high = column.get(0);
      for (double[] point : column) {
        low = point[1] < low[1] ? point : low;
        high = point[1] > high[1] ? point : high;
      }
      boolean ordered = column.indexOf(low) <= column.indexOf(high);
      kept = ordered ? List.of(low, high) : List.of(high, low);
    }
    for (double[] point : kept) {
      String at = String.format(Locale.ROOT, "%.1f %.1f", point[0], point[1]);
      path.append(begun ? "L" : "M" + at + "L").append(at); // alone, a point is a dot
      begun = true;
    }
    column.clear();
    return begun;
  }

  private void texts(int height) {
    if (!labels.title.isEmpty()) {
      add(
          "<text x='%.1f' y='%.1f' font-size='%d' font-weight='600'>%s</text>\n",
          left, PAD + 0.8 * TITLE_FONT, TITLE_FONT, escape(labels.title));
    }
    text("middle", (left + right) / 2, height - PAD, 1, labels.xLabel);
    if (!labels.yLabel.isEmpty()) {
      double across = PAD + 0.7 * FONT;
      double down = (top + bottom) / 2;
      add(
          "<text text-anchor='middle' transform='translate(%.1f %.1f) rotate(-90)'>%s</text>\n",
          across, down, escape(labels.yLabel));
    }
    if (series.stream().allMatch(s -> path(s).isEmpty())) {
      text("middle", (left + right) / 2, (top + bottom) / 2, 0.75, "no data");
    }
  }

  private void legend() {
    double at = left;
    double middle = top - 0.9 * FONT;
    for (LineChart.Series s : series) {
      if (s.name().isEmpty()) {
        continue;
      }
      boolean faint = s.style() == LineChart.Style.FAINT;
      add(
          "<path d='M%.1f %.1fh18' stroke-width='%s' stroke-opacity='%s' style='stroke:%s'/>\n",
          at, middle, faint ? "1" : "3", faint ? "0.6" : "1", colour(s.rgb()));
      text("start", at + 24, middle + 0.35 * FONT, 1, s.name());
      at += 24 + s.name().length() * FONT * LETTER + 16;
    }
  }

  private void rule(double x1, double y1, double x2, double y2, double opacity) {
    add(
        "<path d='M%.1f %.1fL%.1f %.1f' stroke='currentColor' stroke-opacity='%s'/>\n",
        x1, y1, x2, y2, opacity);
  }

  private void text(String anchor, double x, double y, double opacity, String text) {
    if (!text.isEmpty()) {
      add(
          "<text x='%.1f' y='%.1f' text-anchor='%s' fill-opacity='%s'>%s</text>\n",
          x, y, anchor, opacity, escape(text));
    }
  }

  private void add(String format, Object... values) {
    svg.append(String.format(Locale.ROOT, format, values));
  }

  private static String colour(int rgb) {
    String hex = String.format(Locale.ROOT, "%06x", rgb & 0xffffff);
    return "var(--chart-" + hex + ",#" + hex + ")";
  }

  private static String escape(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("'", "&#39;");
  }
}
