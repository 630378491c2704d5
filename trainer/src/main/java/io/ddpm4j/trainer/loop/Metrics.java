package io.ddpm4j.trainer.loop;

import io.ddpm4j.exporter.AtomicFile;
import io.ddpm4j.runtime.image.LineChart;
import io.ddpm4j.runtime.image.PngWriter;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import java.util.Map;

/**
 * The file {@code metrics.csv}, a row a step, and the loss curve drawn from it. Each row is on its
 * way to the disk when its step ends; in memory stay only the points that the curve needs.
 */
final class Metrics implements AutoCloseable {
  static final String HEADER =
      "step,loss,smoothed_loss,gradient_norm,learning_rate,images_per_second";
  private static final int COLUMNS = HEADER.split(",").length;
  private static final int RAW = 0xE58A2B;
  private static final int SMOOTH = 0x1F4E8C;

  private final Path file;
  private BufferedWriter writer;
  private Curve curve;

  private Metrics(Path file) {
    this.file = file;
  }

  /** Opens the file, keeping the rows of the first {@code step} steps. */
  static Metrics open(Path file, long step) throws IOException {
    Metrics metrics = new Metrics(file);
    metrics.keep(step);
    return metrics;
  }

  /** Forgets the steps after one: they are trained anew. */
  void backTo(long step) throws IOException {
    close();
    keep(step);
  }

  private void keep(long step) throws IOException {
    curve = new Curve();
    AtomicFile.write( // the rows that are kept are never at risk
        file,
        out -> {
          writeLine(out, HEADER);
          if (step > 0 && Files.exists(file)) {
            copyRows(file, step, out, curve);
          }
        });
    try {
      writer = Files.newBufferedWriter(file, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw unwritable(file, e);
    }
  }

  private static void copyRows(Path file, long step, OutputStream out, Curve curve)
      throws IOException {
    try (BufferedReader in =
        new BufferedReader(
            new InputStreamReader(Files.newInputStream(file), StandardCharsets.UTF_8))) {
      String line;
      while ((line = in.readLine()) != null) {
        double[] row = parse(line);
        if (row != null && row[0] <= step) {
          writeLine(out, line);
          curve.add(row[0], row[1], row[2]);
        }
      }
    }
  }

  private static void writeLine(OutputStream out, String line) throws IOException {
    out.write((line + "\n").getBytes(StandardCharsets.UTF_8));
  }

  /** A row's first three numbers; null for the header and for a row that was cut short. */
  private static double[] parse(String line) {
    String[] cells = line.split(",");
    if (cells.length != COLUMNS || cells[0].equals("step")) {
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
      writer.flush();
    } catch (IOException e) {
      throw unwritable(file, e);
    }
    curve.add(s.step(), s.loss(), s.smoothedLoss());
  }

  private static IOException unwritable(Path file, IOException e) {
    return new IOException("cannot write " + file + ": " + e.getMessage(), e);
  }

  /** Draws the loss curve. */
  void draw(Path picture) throws IOException {
    double[] steps = curve.steps();
    LineChart chart =
        new LineChart("Training loss")
            .xLabel("step")
            .yLabel("mean squared error")
            .logY()
            .faint("each step", RAW, steps, curve.losses())
            .line("smoothed", SMOOTH, steps, curve.smoothedLosses());
    PngWriter.write(
        picture, chart.render(900, 500), Map.of("Source", file.getFileName().toString()));
  }

  @Override
  public void close() throws IOException {
    try {
      writer.close();
    } catch (IOException e) {
      throw unwritable(file, e);
    }
  }
}
