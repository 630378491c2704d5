package io.ddpm4j.runtime.image;

import java.awt.AlphaComposite;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Path2D;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * A small line chart: several series over one x axis, each axis linear or logarithmic. Works
 * without any font installed.
 *
 * <p>A value that is not finite, or not positive on a logarithmic axis, leaves a gap.
 *
 * <pre>{@code
 * BufferedImage image =
 *     new LineChart("Training loss").xLabel("step").yLabel("loss").logY()
 *         .faint("each step", 0x3b6fd4, steps, losses)
 *         .line("smoothed", 0x3b6fd4, steps, smoothed)
 *         .render(960, 540);
 * }</pre>
 */
public final class LineChart {
  private static final int MIN_WIDTH = 240;
  private static final int MIN_HEIGHT = 160;

  private static final int INK = 0x1f2933;
  private static final int SOFT_INK = 0x5c6873;
  private static final int GRID = 0xe6eaee;
  private static final int AXIS = 0xb4bcc4;
  private static final int TITLE_SCALE = 2;
  private static final int PAD = 16;
  private static final int TICK = 5;
  private static final double MARK = 3.5; // radius

  /** How a series is drawn. */
  enum Style {
    LINE,
    MARKED,
    FAINT
  }

  /** One line of the chart. */
  record Series(String name, int rgb, Style style, double[] x, double[] y) {}

  private final String title;
  private final List<Series> series = new ArrayList<>();
  private String xLabel = "";
  private String yLabel = "";
  private double[] xTicks = {};
  private boolean logX;
  private boolean logY;

  /** An empty chart; the title may be empty. */
  public LineChart(String title) {
    this.title = Objects.requireNonNull(title, "title");
  }

  /** What the x axis counts. */
  public LineChart xLabel(String label) {
    this.xLabel = Objects.requireNonNull(label, "label");
    return this;
  }

  /** What the y axis counts. */
  public LineChart yLabel(String label) {
    this.yLabel = Objects.requireNonNull(label, "label");
    return this;
  }

  /** Makes the x axis logarithmic. */
  public LineChart logX() {
    this.logX = true;
    return this;
  }

  /**
   * Labels the x axis at these values only, such as those that were measured; without any where it
   * suits the axis. Values that lie almost on one another share a label.
   *
   * @param values rising
   */
  public LineChart xTicks(double... values) {
    this.xTicks = values.clone();
    return this;
  }

  /** Makes the y axis logarithmic. */
  public LineChart logY() {
    this.logY = true;
    return this;
  }

  /**
   * Adds a solid line.
   *
   * @param name for the legend; empty to leave it out there
   * @param rgb colour, 0xRRGGBB
   * @param x ascending
   * @param y as many
   */
  public LineChart line(String name, int rgb, double[] x, double[] y) {
    return add(name, rgb, Style.LINE, x, y);
  }

  /** Adds a solid line with a dot at each of its points, for few that stand apart. */
  public LineChart marked(String name, int rgb, double[] x, double[] y) {
    return add(name, rgb, Style.MARKED, x, y);
  }

  /** Adds a pale, thin line to stand behind others, such as raw values behind a mean. */
  public LineChart faint(String name, int rgb, double[] x, double[] y) {
    return add(name, rgb, Style.FAINT, x, y);
  }

  private LineChart add(String name, int rgb, Style style, double[] x, double[] y) {
    if (x.length != y.length) {
      throw new IllegalArgumentException(
          "series '%s': expected as many y as x, found %d and %d"
              .formatted(name, y.length, x.length));
    }
    series.add(new Series(name, rgb, style, x.clone(), y.clone()));
    return this;
  }

  /**
   * Draws the chart.
   *
   * @param width in pixels, at least 240
   * @param height in pixels, at least 160
   * @return an opaque RGB image
   */
  public BufferedImage render(int width, int height) {
    requireRoom(width, height);
    int scale = width >= 1600 ? 2 : 1;
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    ChartAxis x = axis(true);
    ChartAxis y = axis(false);
    Frame frame = layOut(width, height, scale, y);
    Graphics2D graphics = image.createGraphics();
    try {
      graphics.setColor(Color.WHITE);
      graphics.fillRect(0, 0, width, height);
      drawGrid(graphics, image, frame, x, y);
      graphics.clipRect(frame.left, frame.top - 1, frame.width() + 1, frame.height() + 2);
      graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
      graphics.setRenderingHint(
          RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
      for (Style style : new Style[] {Style.FAINT, Style.LINE, Style.MARKED}) { // on top of others
        series.stream()
            .filter(s -> s.style == style)
            .forEach(s -> drawSeries(graphics, frame, x, y, s));
      }
    } finally {
      graphics.dispose();
    }
    drawTexts(image, frame);
    return image;
  }

  /**
   * The chart as an SVG element, to be set into a page or written as a file. Text and axes have the
   * current colour, so that it can stand on light and on dark ground. A page can give a series
   * another colour than its own, 0x1f4e8c for instance, by the custom property {@code
   * --chart-1f4e8c}.
   *
   * @param width in user units, at least 240
   * @param height in user units, at least 160
   */
  public String toSvg(int width, int height) {
    requireRoom(width, height);
    SvgChart.Labels labels = new SvgChart.Labels(title, xLabel, yLabel);
    return new SvgChart(labels, series, axis(true), axis(false)).draw(width, height);
  }

  private static void requireRoom(int width, int height) {
    if (width < MIN_WIDTH || height < MIN_HEIGHT) {
      throw new IllegalArgumentException(
          "expected a chart of at least %dx%d pixels, found %dx%d"
              .formatted(MIN_WIDTH, MIN_HEIGHT, width, height));
    }
  }

  /** The rectangle that the series are drawn in; edges in pixels, all of them inside it. */
  private record Frame(int left, int top, int right, int bottom, int scale) {
    int width() {
      return right - left;
    }

    int height() {
      return bottom - top;
    }
  }

  private Frame layOut(int width, int height, int scale, ChartAxis y) {
    int widest = 0;
    for (double tick : y.ticks) {
      widest = Math.max(widest, PixelFont.width(y.label(tick), scale));
    }
    int pad = PAD * scale;
    int line = PixelFont.HEIGHT * scale;
    int left = pad + (yLabel.isEmpty() ? 0 : line + pad / 2) + widest + 2 * TICK * scale;
    int top = pad + (title.isEmpty() ? 0 : line * TITLE_SCALE + pad / 2);
    boolean legend = series.stream().anyMatch(s -> !s.name.isEmpty());
    top += legend ? line + pad / 2 : 0;
    int bottom = height - pad - line - TICK * scale - (xLabel.isEmpty() ? 0 : line + pad / 2);
    return new Frame(left, top, width - pad - pad / 2, bottom, scale);
  }

  private void drawGrid(
      Graphics2D graphics, BufferedImage image, Frame frame, ChartAxis x, ChartAxis y) {
    int scale = frame.scale;
    for (double tick : y.ticks) {
      int at = (int) Math.round(frame.bottom - y.place(tick) * frame.height());
      graphics.setColor(new Color(GRID));
      graphics.fillRect(frame.left, at, frame.width() + 1, scale);
      String label = y.label(tick);
      PixelFont.draw(
          image,
          label,
          frame.left - 2 * TICK * scale + scale - PixelFont.width(label, scale),
          at - PixelFont.CAP_HEIGHT * scale / 2,
          scale,
          SOFT_INK);
    }
    for (double tick : x.ticks) {
      int at = (int) Math.round(frame.left + x.place(tick) * frame.width());
      graphics.setColor(new Color(GRID));
      graphics.fillRect(at, frame.top, scale, frame.height());
      graphics.setColor(new Color(AXIS));
      graphics.fillRect(at, frame.bottom, scale, TICK * scale);
      String label = x.label(tick);
      PixelFont.draw(
          image,
          label,
          at - PixelFont.width(label, scale) / 2,
          frame.bottom + (TICK + 4) * scale,
          scale,
          SOFT_INK);
    }
    graphics.setColor(new Color(AXIS));
    graphics.fillRect(frame.left, frame.bottom, frame.width() + 1, scale);
  }

  private static void drawSeries(
      Graphics2D graphics, Frame frame, ChartAxis x, ChartAxis y, Series s) {
    boolean faint = s.style == Style.FAINT;
    float thickness = (faint ? 1f : 2f) * frame.scale;
    graphics.setColor(new Color(s.rgb));
    graphics.setComposite(AlphaComposite.getInstance(AlphaComposite.SRC_OVER, faint ? 0.3f : 1f));
    graphics.setStroke(new BasicStroke(thickness, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));
    Path2D.Double path = new Path2D.Double();
    boolean drawing = false;
    for (int i = 0; i < s.x.length; i++) {
      if (!x.shows(s.x[i]) || !y.shows(s.y[i])) {
        drawing = false;
        continue;
      }
      double px = frame.left + x.place(s.x[i]) * frame.width();
      double py = frame.bottom - y.place(s.y[i]) * frame.height();
      if (drawing) {
        path.lineTo(px, py);
      } else {
        path.moveTo(px, py);
        path.lineTo(px, py); // a point between two gaps is a dot, thanks to the round caps
      }
      if (s.style == Style.MARKED) {
        double r = MARK * frame.scale;
        graphics.fill(new Ellipse2D.Double(px - r, py - r, 2 * r, 2 * r));
      }
      drawing = true;
    }
    graphics.draw(path);
  }

  private void drawTexts(BufferedImage image, Frame frame) {
    int scale = frame.scale;
    int pad = PAD * scale;
    PixelFont.draw(image, title, frame.left, pad, TITLE_SCALE * scale, INK);
    PixelFont.draw(
        image,
        xLabel,
        frame.left + (frame.width() - PixelFont.width(xLabel, scale)) / 2,
        image.getHeight() - pad - PixelFont.CAP_HEIGHT * scale,
        scale,
        INK);
    PixelFont.drawUpwards(
        image,
        yLabel,
        pad,
        frame.top + (frame.height() + PixelFont.width(yLabel, scale)) / 2,
        scale,
        INK);
    if (series.stream().noneMatch(s -> hasPoint(s))) {
      String none = "no data";
      PixelFont.draw(
          image,
          none,
          frame.left + (frame.width() - PixelFont.width(none, scale)) / 2,
          frame.top + frame.height() / 2,
          scale,
          SOFT_INK);
    }
    drawLegend(image, frame);
  }

  private void drawLegend(BufferedImage image, Frame frame) {
    int scale = frame.scale;
    int x = frame.left;
    int y = frame.top - PAD * scale / 2 - PixelFont.HEIGHT * scale;
    for (Series s : series) {
      if (s.name.isEmpty()) {
        continue;
      }
      int rgb = s.style == Style.FAINT ? pale(s.rgb) : s.rgb;
      int thickness = (s.style == Style.FAINT ? 1 : 3) * scale;
      int middle = y + (PixelFont.CAP_HEIGHT * scale - thickness) / 2;
      for (int dy = 0; dy < thickness; dy++) {
        for (int dx = 0; dx < 18 * scale && x + dx < image.getWidth(); dx++) {
          image.setRGB(x + dx, middle + dy, 0xff000000 | rgb);
        }
      }
      x += 24 * scale;
      PixelFont.draw(image, s.name, x, y, scale, INK);
      x += PixelFont.width(s.name, scale) + 20 * scale;
    }
  }

  private static int pale(int rgb) {
    int result = 0;
    for (int shift = 0; shift <= 16; shift += 8) {
      result |= (255 + (rgb >> shift & 0xff)) / 2 << shift;
    }
    return result;
  }

  private boolean hasPoint(Series s) {
    for (int i = 0; i < s.x.length; i++) {
      if (shows(logX, s.x[i]) && shows(logY, s.y[i])) {
        return true;
      }
    }
    return false;
  }

  private static boolean shows(boolean log, double value) {
    return Double.isFinite(value) && (!log || value > 0);
  }

  private ChartAxis axis(boolean horizontal) {
    boolean log = horizontal ? logX : logY;
    double min = Double.POSITIVE_INFINITY;
    double max = Double.NEGATIVE_INFINITY;
    for (Series s : series) {
      for (double value : horizontal ? s.x : s.y) {
        if (shows(log, value)) {
          min = Math.min(min, value);
          max = Math.max(max, value);
        }
      }
    }
    if (min > max) {
      min = log ? 0.1 : 0;
      max = 1;
    }
    ChartAxis axis =
        log ? ChartAxis.logarithmic(min, max) : ChartAxis.linear(min, max, !horizontal);
    return horizontal && xTicks.length > 0 ? axis.withTicks(xTicks) : axis;
  }
}
