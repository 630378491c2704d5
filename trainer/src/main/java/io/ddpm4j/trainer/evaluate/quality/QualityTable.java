package io.ddpm4j.trainer.evaluate.quality;

import io.ddpm4j.runtime.image.LineChart;
import io.ddpm4j.trainer.evaluate.distance.ClassAccuracy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Quality over samplers and steps, with the floor: what real images that the model was not trained
 * on reach in its place.
 *
 * @param facts what was measured with, by name: model, data, features, seed and so on, in order
 * @param floor real images against real images
 * @param floorImages how many of them, as many as samples where there are enough
 * @param rows in order
 * @param classNames of the classifier, in the order of its classes; empty if there is none
 */
public record QualityTable(
    Map<String, String> facts,
    Quality floor,
    int floorImages,
    List<QualityRow> rows,
    List<String> classNames) {
  private static final String REAL = "real images";
  private static final int IMAGES = 2; // column

  /** Field of the standard error of the class accuracy. */
  static final String CLASS_ACCURACY_ERROR = "class_accuracy_error";

  /** Field of how many images the class accuracy is of. */
  static final String CLASS_ACCURACY_IMAGES = "class_accuracy_images";

  /** Of Okabe and Ito: told apart by those who see fewer colours, too. */
  private static final int[] COLOURS = {
    0x0072b2, 0xd55e00, 0x009e73, 0xcc79a7, 0xe69f00, 0x56b4e9, 0x000000
  };

  private static final int FLOOR_COLOUR = 0x5c6873;
  private static final double NEAR = 1.05; // numbers of steps whose labels would overlap
  private static final int MOST_LABELS = 12; // numbers of steps that have room below a chart

  /** Copies. */
  public QualityTable {
    facts = new LinkedHashMap<>(facts);
    rows = List.copyOf(rows);
    classNames = List.copyOf(classNames);
  }

  /** What was measured with, by name. */
  @Override
  public Map<String, String> facts() {
    return new LinkedHashMap<>(facts);
  }

  private boolean has(QualityMetric metric) {
    return !Double.isNaN(metric.of(floor))
        || rows.stream().anyMatch(row -> !Double.isNaN(metric.of(row.quality())));
  }

  private List<QualityMetric> metrics() {
    return Arrays.stream(QualityMetric.values()).filter(this::has).toList();
  }

  /** Comma-separated, a line a row, the floor first; numbers in full. */
  public String toCsv() {
    List<QualityMetric> all = List.of(QualityMetric.values());
    StringBuilder csv = new StringBuilder("sampler,steps,images,seconds_per_image");
    all.forEach(metric -> csv.append(',').append(metric.key()));
    csv.append(",").append(CLASS_ACCURACY_ERROR).append(',').append(CLASS_ACCURACY_IMAGES);
    csv.append("\nreal,,").append(floorImages).append(',');
    appendFigures(floor, csv);
    for (QualityRow row : rows) {
      csv.append(
          String.format(
              Locale.ROOT,
              "\n%s,%d,%d,%s",
              row.sampler(),
              row.steps(),
              row.images(),
              number(row.secondsPerImage())));
      appendFigures(row.quality(), csv);
    }
    return csv.append('\n').toString();
  }

  private static void appendFigures(Quality quality, StringBuilder csv) {
    for (QualityMetric metric : QualityMetric.values()) {
      csv.append(',').append(number(metric.of(quality)));
    }
    Optional<ClassAccuracy> classes = quality.classes();
    csv.append(',')
        .append(number(classes.map(ClassAccuracy::standardError).orElse(Double.NaN)))
        .append(',')
        .append(classes.map(each -> Long.toString(each.images())).orElse(""));
  }

  private static String number(double value) {
    return Double.isFinite(value) ? Double.toString(value) : "";
  }

  /** The same as JSON, with the facts, and with every class. */
  public String toJson() {
    return new QualityJson(this).text();
  }

  /**
   * A table in Markdown, as model cards print it; the floor is its last row. Numbers of images are
   * left out where they are all the same, which is for a sentence to say.
   */
  public String toMarkdown() {
    boolean same = rows.stream().allMatch(row -> row.images() == floorImages);
    StringBuilder text = new StringBuilder();
    for (List<String> each : cells()) {
      List<String> row = new ArrayList<>(each);
      if (same) {
        row.remove(IMAGES);
      }
      boolean head = text.isEmpty();
      if (!head && !row.get(0).equals(REAL)) {
        row.set(0, "`" + row.get(0) + "`"); // as it is written on the command line
      }
      text.append("| ").append(String.join(" | ", row)).append(" |\n");
      if (head) {
        text.append("|---|").append("--:|".repeat(row.size() - 1)).append('\n');
      }
    }
    return text.toString();
  }

  /** The same in columns, for a terminal. */
  public String toText() {
    List<List<String>> cells = cells();
    int columns = cells.get(0).size();
    int[] widths = new int[columns];
    for (List<String> row : cells) {
      for (int c = 0; c < columns; c++) {
        widths[c] = Math.max(widths[c], row.get(c).length());
      }
    }
    StringBuilder text = new StringBuilder();
    for (List<String> row : cells) {
      for (int c = 0; c < columns; c++) {
        String gap = " ".repeat(widths[c] - row.get(c).length());
        text.append(c == 0 ? row.get(c) + gap : "  " + gap + row.get(c));
      }
      text.append('\n');
    }
    return text.toString().replaceAll(" +\n", "\n");
  }

  private List<List<String>> cells() {
    List<QualityMetric> shown =
        metrics().stream().filter(m -> m != QualityMetric.KERNEL_DISTANCE_ERROR).toList();
    List<List<String>> cells = new ArrayList<>();
    List<String> head = new ArrayList<>(List.of("sampler", "steps", "images", "s/image"));
    shown.forEach(metric -> head.add(metric.title()));
    cells.add(head);
    for (QualityRow row : rows) {
      List<String> line = new ArrayList<>();
      line.add(row.sampler());
      line.add(Integer.toString(row.steps()));
      line.add(Integer.toString(row.images()));
      line.add(
          Double.isFinite(row.secondsPerImage())
              ? String.format(Locale.ROOT, "%.3g", row.secondsPerImage())
              : "-");
      shown.forEach(metric -> line.add(cell(metric, row.quality())));
      cells.add(line);
    }
    List<String> last = new ArrayList<>(List.of(REAL, "-", Integer.toString(floorImages), "-"));
    shown.forEach(metric -> last.add(cell(metric, floor)));
    cells.add(last);
    return cells;
  }

  private static String cell(QualityMetric metric, Quality quality) {
    return metric == QualityMetric.KERNEL_DISTANCE
        ? metric.text(quality) + " ± " + QualityMetric.KERNEL_DISTANCE_ERROR.text(quality)
        : metric.text(quality);
  }

  /** Samplers in the order in which they come first. */
  private List<String> samplers() {
    return rows.stream().map(QualityRow::sampler).distinct().toList();
  }

  /** Whether there is anything to draw: some sampler with several numbers of steps. */
  public boolean hasCurves() {
    return samplers().stream()
        .anyMatch(
            name ->
                rows.stream()
                        .filter(row -> row.sampler().equals(name))
                        .mapToInt(QualityRow::steps)
                        .distinct()
                        .count()
                    > 1);
  }

  /** A figure over the number of steps, a line a sampler, the floor as a pale line. */
  public LineChart chart(QualityMetric metric) {
    LineChart chart =
        new LineChart(metric.title() + " over steps").xLabel("steps").yLabel(metric.title()).logX();
    if (metric == QualityMetric.FRECHET_DISTANCE) {
      chart.logY(); // five steps are a hundred times as far off as a thousand
    }
    double[] steps = rows.stream().mapToDouble(QualityRow::steps).distinct().sorted().toArray();
    double real = metric.of(floor);
    if (!Double.isNaN(real)) {
      double[] level = new double[steps.length];
      Arrays.fill(level, real);
      chart.line(REAL, FLOOR_COLOUR, steps, level);
    }
    double[] ticks = apart(steps);
    if (ticks.length <= MOST_LABELS) {
      chart.xTicks(ticks);
    }
    List<String> names = samplers();
    for (int i = 0; i < names.size(); i++) {
      List<QualityRow> own = rowsOf(names.get(i));
      chart.marked(
          names.get(i),
          COLOURS[i % COLOURS.length],
          own.stream().mapToDouble(QualityRow::steps).toArray(),
          own.stream().mapToDouble(row -> metric.of(row.quality())).toArray());
    }
    return chart;
  }

  /** Without those that the next one is too near to: 999 beside 1000. */
  private static double[] apart(double[] rising) {
    return IntStream.range(0, rising.length)
        .filter(i -> i == rising.length - 1 || rising[i + 1] > NEAR * rising[i])
        .mapToDouble(i -> rising[i])
        .toArray();
  }

  private List<QualityRow> rowsOf(String sampler) {
    return rows.stream()
        .filter(row -> row.sampler().equals(sampler))
        .sorted(Comparator.comparingInt(QualityRow::steps))
        .collect(Collectors.toList());
  }
}
