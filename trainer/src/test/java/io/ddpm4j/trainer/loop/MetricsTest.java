package io.ddpm4j.trainer.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MetricsTest {
  @TempDir Path folder;

  private static TrainStep step(long step) {
    return new TrainStep(step, 100, 1.0 / step, 0.5, 2, 1e-3, 300, 9);
  }

  @Test
  void everyRowIsInTheFileWhenItsStepEnds() throws IOException {
    Path file = folder.resolve("metrics.csv");
    try (Metrics metrics = Metrics.open(file, 0)) {
      metrics.add(step(1));
      assertEquals(2, Files.readAllLines(file).size());
      metrics.add(step(2));
      assertEquals(3, Files.readAllLines(file).size());
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
      metrics.draw(folder.resolve("loss.png"));
    }
    assertEquals(2 + rows, Files.readAllLines(file).size());
    assertTrue(Files.size(folder.resolve("loss.png")) > 0);
  }

  @Test
  void aCurveOfAnyLengthKeepsEvenlySpacedPoints() {
    Curve curve = new Curve();
    for (int length = 1; length <= 5 * Curve.CAPACITY + 3; length++) {
      curve.add(length, 10.0 * length, 100.0 * length);
      if (length == Curve.CAPACITY) {
        assertEquals(length, curve.steps().length, "nothing is left out yet");
      }
      if (length % 4000 == 0) {
        double[] steps = curve.steps();
        double[] losses = curve.losses();
        double[] smoothed = curve.smoothedLosses();
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
