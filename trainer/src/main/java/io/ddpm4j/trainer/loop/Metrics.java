package io.ddpm4j.trainer.loop;

import io.ddpm4j.exporter.AtomicFile;
import io.ddpm4j.runtime.image.LineChart;
import io.ddpm4j.runtime.image.PngWriter;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The file {@code metrics.csv}, a row a step, and the loss curve drawn from it. */
final class Metrics implements AutoCloseable {
  static final String HEADER =
      "step,loss,smoothed_loss,gradient_norm,learning_rate,images_per_second";
  private static final int RAW = 0xE58A2B;
  private static final int SMOOTH = 0x1F4E8C;

  private final Path file;
  private final BufferedWriter writer;
  private final List<double[]> rows = new ArrayList<>(); // step, loss, smoothed loss

  private Metrics(Path file, List<String> kept) throws IOException {
    this.file = file;
    StringBuilder text = new StringBuilder(HEADER + "\n");
    kept.forEach(line -> text.append(line).append('\n'));
    byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
    AtomicFile.write(file, out -> out.write(bytes)); // the rows that are kept are never at risk
    writer = Files.newBufferedWriter(file, StandardOpenOption.APPEND);
  }

  /** Opens the file, keeping the rows of the first {@code step} steps. */
  static Metrics open(Path file, long step) throws IOException {
    List<String> kept = new ArrayList<>();
    List<double[]> rows = new ArrayList<>();
    if (step > 0 && Files.exists(file)) {
      for (String line : Files.readAllLines(file)) {
        double[] row = parse(line);
        if (row != null && row[0] <= step) {
          kept.add(line);
          rows.add(row);
        }
      }
    }
    Metrics metrics = new Metrics(file, kept);
    metrics.rows.addAll(rows);
    return metrics;
  }

  /** A row's first three numbers; null for the header and for a row that was cut short. */
  private static double[] parse(String line) {
    String[] cells = line.split(",");
    if (cells.length != HEADER.split(",").length || cells[0].equals("step")) {
      return null;
    }
    try {
      return new double[] {
        Double.parseDouble(cells[0]), Double.parseDouble(cells[1]), Double.parseDouble(cells[2])
      };
    } catch (NumberFormatException e) {
      return null;
    }
  }

  void add(TrainStep s) throws IOException {
    String row =
        String.format(
            Locale.ROOT,
            "%d,%.6g,%.6g,%.6g,%.6g,%.1f\n",
            s.step(),
            s.loss(),
            s.smoothedLoss(),
            s.gradientNorm(),
            s.learningRate(),
            s.imagesPerSecond());
    try {
      writer.write(row);
    } catch (IOException e) {
      throw unwritable(e);
    }
    rows.add(new double[] {s.step(), s.loss(), s.smoothedLoss()});
  }

  private void flush() throws IOException {
    try {
      writer.flush();
    } catch (IOException e) {
      throw unwritable(e);
    }
  }

  private IOException unwritable(IOException e) {
    return new IOException("cannot write " + file + ": " + e.getMessage(), e);
  }

  /** Draws the loss curve. */
  void draw(Path picture) throws IOException {
    flush();
    int stride = Math.max(1, rows.size() / 4000);
    int count = (rows.size() + stride - 1) / stride;
    double[] x = new double[count];
    double[] raw = new double[count];
    double[] smooth = new double[count];
    for (int i = 0; i < count; i++) {
      double[] row = rows.get(i * stride);
      x[i] = row[0];
      raw[i] = row[1];
      smooth[i] = row[2];
    }
    LineChart chart =
        new LineChart("Training loss")
            .xLabel("step")
            .yLabel("mean squared error")
            .logY()
            .faint("each step", RAW, x, raw)
            .line("smoothed", SMOOTH, x, smooth);
    PngWriter.write(
        picture, chart.render(900, 500), Map.of("Source", file.getFileName().toString()));
  }

  @Override
  public void close() throws IOException {
    writer.close();
  }
}
