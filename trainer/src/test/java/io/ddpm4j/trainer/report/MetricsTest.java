package io.ddpm4j.trainer.report;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MetricsTest {
  private static final String HEADER =
      "step,epoch,loss,smoothed_loss,validation_loss,validation_q1,validation_q2,validation_q3,"
          + "validation_q4,gradient_norm,learning_rate,images_per_second";

  @TempDir Path folder;

  private static Map<Column, Double> step(long step) {
    Map<Column, Double> row = new EnumMap<>(Column.class);
    row.put(Column.STEP, (double) step);
    row.put(Column.EPOCH, step / 8.0);
    row.put(Column.LOSS, 1.0 / step);
    row.put(Column.SMOOTHED_LOSS, 0.5);
    row.put(Column.GRADIENT_NORM, 2.0);
    row.put(Column.LEARNING_RATE, 1e-3);
    row.put(Column.IMAGES_PER_SECOND, 300.0);
    return row;
  }

  private static Map<Column, Double> validated(long step) {
    Map<Column, Double> row = step(step);
    row.put(Column.VALIDATION_LOSS, 0.25);
    row.put(Column.VALIDATION_Q1, 0.4);
    row.put(Column.VALIDATION_Q2, 0.3);
    row.put(Column.VALIDATION_Q3, 0.2);
    row.put(Column.VALIDATION_Q4, 0.1);
    return row;
  }

  @Test
  void everyRowIsInTheFileWhenItsStepEnds() throws IOException {
    Path file = folder.resolve("metrics.csv");
    try (Metrics metrics = Metrics.open(file, 0)) {
      metrics.add(step(1));
      assertEquals(2, Files.readAllLines(file).size());
      metrics.add(validated(2));
      assertEquals(
          List.of(
              HEADER,
              "1,0.1250,1.00000,0.500000,,,,,,2.00000,0.00100000,300.0",
              "2,0.2500,0.500000,0.500000,0.250000,0.400000,0.300000,0.200000,0.100000,2.00000,"
                  + "0.00100000,300.0"),
          Files.readAllLines(file));
    }
  }

  @Test
  void afterItIsClosedNothingIsAdded() throws IOException {
    Path file = folder.resolve("metrics.csv");
    Metrics metrics = Metrics.open(file, 0);
    metrics.add(step(1));
    metrics.close();
    metrics.close();
    IOException e = assertThrows(IOException.class, () -> metrics.add(step(2)));
    assertTrue(e.getMessage().startsWith("cannot write " + file + ": "), e.getMessage());
    assertEquals(2, Files.readAllLines(file).size());
  }

  @Test
  void anInterruptDoesNotCloseTheFile() throws IOException {
    Path file = folder.resolve("metrics.csv");
    try (Metrics metrics = Metrics.open(file, 0)) {
      Thread.currentThread().interrupt();
      metrics.add(step(1));
      assertTrue(Thread.interrupted(), "the interrupt stays set");
      metrics.add(step(2));
    }
    assertEquals(3, Files.readAllLines(file).size());
  }

  @Test
  void theFileStaysCompleteHoweverLongTheRun() throws IOException {
    int rows = Curve.CAPACITY + 10;
    Path file = folder.resolve("metrics.csv");
    try (Metrics metrics = Metrics.open(file, 0)) {
      for (int i = 1; i <= rows; i++) {
        metrics.add(step(i));
      }
    }
    Files.writeString(file, Files.readString(file) + (rows + 1) + ",0.1,0.");
    try (Metrics metrics = Metrics.open(file, rows)) {
      assertEquals(1 + rows, Files.readAllLines(file).size());
      metrics.add(step(rows + 1));
    }
    assertEquals(2 + rows, Files.readAllLines(file).size());
  }

  @Test
  void rowsOfEarlierVersionsTakeTheColumnsOfThisOne() throws IOException {
    Path file = folder.resolve("metrics.csv");
    Files.writeString(
        file,
        """
        step,loss,smoothed_loss,gradient_norm,learning_rate,images_per_second
        1,0.75,0.7,2,0.001,9.0
        2,0.5,0.6,3,0.002,8.0
        3,0.25,0.5,4,0.003,7.0
        """);
    try (Metrics metrics = Metrics.open(file, 2)) {
      metrics.add(validated(3));
      assertArrayEquals(new double[] {1, 2, 3}, metrics.history().steps(Column.STEP));
      assertArrayEquals(
          new double[] {0.7, 0.6, 0.5}, metrics.history().steps(Column.SMOOTHED_LOSS));
      assertArrayEquals(new double[] {3}, metrics.history().validations(Column.STEP));
      assertTrue(Double.isNaN(metrics.history().steps(Column.VALIDATION_LOSS)[1]));
    }
    assertEquals(
        List.of(HEADER, "1,,0.75,0.7,,,,,,2,0.001,9.0", "2,,0.5,0.6,,,,,,3,0.002,8.0"),
        Files.readAllLines(file).subList(0, 3));
  }

  @Test
  void validationsComeBack() throws IOException {
    Path file = folder.resolve("metrics.csv");
    try (Metrics metrics = Metrics.open(file, 0)) {
      for (int i = 1; i <= 6; i++) {
        metrics.add(i % 2 == 0 ? validated(i) : step(i));
      }
    }
    List<String> before = Files.readAllLines(file);
    try (Metrics metrics = Metrics.open(file, 5)) {
      assertArrayEquals(new double[] {2, 4}, metrics.history().validations(Column.STEP));
      assertArrayEquals(
          new double[] {0.25, 0.25}, metrics.history().validations(Column.VALIDATION_LOSS));
    }
    assertEquals(before.subList(0, 6), Files.readAllLines(file));
  }

  @Test
  void aCurveOfAnyLengthKeepsEvenlySpacedPoints() {
    Curve curve = new Curve(3);
    for (int length = 1; length <= 5 * Curve.CAPACITY + 3; length++) {
      curve.add(length, 10.0 * length, 100.0 * length);
      if (length == Curve.CAPACITY) {
        assertEquals(length, curve.column(0).length, "nothing is left out yet");
      }
      if (length % 4000 == 0) {
        double[] steps = curve.column(0);
        double[] losses = curve.column(1);
        double[] smoothed = curve.column(2);
        double stride = steps[1] - steps[0];
        assertTrue(steps.length <= Curve.CAPACITY, "points: " + steps.length);
        assertTrue(length - steps[steps.length - 1] < stride, "the end is there");
        for (int i = 0; i < steps.length; i++) {
          assertEquals(1 + i * stride, steps[i]);
          assertEquals(10 * steps[i], losses[i]);
          assertEquals(100 * steps[i], smoothed[i]);
        }
      }
    }
  }
}
