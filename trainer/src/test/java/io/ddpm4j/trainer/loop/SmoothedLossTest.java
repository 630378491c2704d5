package io.ddpm4j.trainer.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SmoothedLossTest {
  /** A loss as training has it: from 1 fast down to 0.05, then slowly on. */
  private static double loss(int step) {
    return 0.95 * Math.exp(-step / 15.0) + 0.05 / Math.cbrt(step);
  }

  private static double smoothed(int steps) {
    SmoothedLoss smoothed = new SmoothedLoss(0, 0);
    IntStream.rangeClosed(1, steps).forEach(step -> smoothed.add(loss(step)));
    return smoothed.value();
  }

  @Test
  void isAboutTheMeanOfTheLastHundred() {
    for (int steps : new int[] {500, 600, 800, 1000}) {
      double window =
          IntStream.rangeClosed(steps - 99, steps)
              .mapToDouble(SmoothedLossTest::loss)
              .average()
              .orElseThrow();
      assertEquals(window, smoothed(steps), 0.25 * window, "after " + steps + " steps");
    }
  }

  @Test
  void doesNotHangAboveALossThatFalls() {
    for (int steps = 1; steps <= 400; steps++) {
      double recent =
          IntStream.rangeClosed(Math.max(1, steps - steps / 5), steps)
              .mapToDouble(SmoothedLossTest::loss)
              .average()
              .orElseThrow();
      assertTrue(
          smoothed(steps) <= 1.3 * recent,
          "after " + steps + " steps: " + smoothed(steps) + ", of their last fifth " + recent);
    }
  }

  @Test
  void goesOnFromItsValueAndCount() {
    SmoothedLoss resumed = new SmoothedLoss(smoothed(70), 70);
    IntStream.rangeClosed(71, 130).forEach(step -> resumed.add(loss(step)));
    assertEquals(smoothed(130), resumed.value());
  }

  @Test
  void ofEqualLossesItIsTheLoss() {
    SmoothedLoss smoothed = new SmoothedLoss(0, 0);
    for (int i = 0; i < 300; i++) {
      smoothed.add(0.25);
      assertEquals(0.25, smoothed.value());
    }
  }
}
