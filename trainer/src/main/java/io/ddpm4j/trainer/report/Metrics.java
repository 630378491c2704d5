package io.ddpm4j.trainer.report;

import io.ddpm4j.exporter.AtomicFile;
import java.io.BufferedReader;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The file {@code metrics.csv}, a row a step. Each row is on its way to the disk when its step
 * ends; in memory stay only the points that charts need.
 */
public final class Metrics implements AutoCloseable {
  private static final List<String> LABELS =
      Arrays.stream(Column.values()).map(Column::label).toList();

  private final Path file;
  private final OutputStream out;
  private final History history;

  private Metrics(Path file, OutputStream out, History history) {
    this.file = file;
    this.out = out;
    this.history = history;
  }

  /**
   * Opens the file, keeping the rows of the first {@code step} steps. Rows of an earlier version
   * take the columns of this one; cells that it did not know are empty.
   *
   * @throws IOException if it cannot be read or written; the message names it
   */
  public static Metrics open(Path file, long step) throws IOException {
    History history = new History();
    AtomicFile.write( // the rows that are kept are never at risk
        file,
        out -> {
          writeLine(out, String.join(",", LABELS));
          if (step > 0 && Files.exists(file)) {
            copyRows(file, step, out, history);
          }
        });
    try { // an interrupt does not close such a stream, as it does a channel
      return new Metrics(file, new FileOutputStream(file.toFile(), true), history);
    } catch (IOException e) {
      throw unwritable(file, e);
    }
  }

  private static void copyRows(Path file, long step, OutputStream out, History history)
      throws IOException {
    try (BufferedReader in =
        new BufferedReader(
            new InputStreamReader(Files.newInputStream(file), StandardCharsets.UTF_8))) {
      String line = in.readLine();
      List<String> labels = List.of((line == null ? "" : line).split(",", -1));
      while ((line = in.readLine()) != null) {
        Map<Column, String> cells = cells(labels, line.split(",", -1));
        Map<Column, Double> row = numbers(cells);
        if (row.getOrDefault(Column.STEP, Double.MAX_VALUE) <= step) {
          writeLine(out, line(cells));
          history.add(row);
        }
      }
    }
  }

  /** The cells of a row by column; none of a row that was cut short. */
  private static Map<Column, String> cells(List<String> labels, String[] values) {
    Map<Column, String> cells = new EnumMap<>(Column.class);
    for (Column column : Column.values()) {
      int at = labels.indexOf(column.label());
      if (at >= 0 && values.length == labels.size() && !values[at].isEmpty()) {
        cells.put(column, values[at]);
      }
    }
    return cells;
  }

  /** Nothing where one of them is no number. */
  private static Map<Column, Double> numbers(Map<Column, String> cells) {
    Map<Column, Double> numbers = new EnumMap<>(Column.class);
    try {
      cells.forEach((column, cell) -> numbers.put(column, Double.parseDouble(cell)));
      return numbers;
    } catch (NumberFormatException e) {
      return Map.of();
    }
  }

  private static String line(Map<Column, String> cells) {
    return Arrays.stream(Column.values())
        .map(column -> cells.getOrDefault(column, ""))
        .collect(Collectors.joining(","));
  }

  private static void writeLine(OutputStream out, String line) throws IOException {
    out.write((line + "\n").getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Adds a row.
   *
   * @param row what was measured; cells of other columns are empty
   * @throws IOException if it cannot be written; the message names the file
   */
  public void add(Map<Column, Double> row) throws IOException {
    Map<Column, String> cells = new EnumMap<>(Column.class);
    row.forEach((column, value) -> cells.put(column, column.format(value)));
    try {
      writeLine(out, line(cells));
    } catch (IOException e) {
      throw unwritable(file, e);
    }
    history.add(row);
  }

  /** The rows of all steps, those before a resume too. */
  public History history() {
    return history;
  }

  private static IOException unwritable(Path file, IOException e) {
    return new IOException("cannot write " + file + ": " + e.getMessage(), e);
  }

  @Override
  public void close() throws IOException {
    try {
      out.close();
    } catch (IOException e) {
      throw unwritable(file, e);
    }
  }
}
