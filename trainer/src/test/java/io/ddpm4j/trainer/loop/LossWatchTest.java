package io.ddpm4j.trainer.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Losses as they come: log-normal, scattering by 0.2 (batches of 64) to 1.2 (single images). */
class LossWatchTest {
  private final LossWatch watch = new LossWatch(List.of());

  private Optional<LossWatch.Spike> add(double loss) {
    watch.add((float) loss);
    return watch.spike();
  }

  /** Adds losses around a mean; the step of the first spike, or -1. */
  private int add(int steps, double mean, double deviation, Random random) {
    for (int step = 1; step <= steps; step++) {
      if (add(mean * Math.exp(deviation * random.nextGaussian())).isPresent()) {
        return step;
      }
    }
    return -1;
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 0.2, 0.6, 1.2})
  void chanceIsNoSpike(double deviation) {
    Random random = new Random(5);
    for (int run = 0; run < 50; run++) {
      LossWatch fresh = new LossWatch(List.of());
      for (int step = 0; step < 2000; step++) {
        double mean = 0.03 + Math.exp(-step / 20.0); // as training begins
        fresh.add((float) (mean * Math.exp(deviation * random.nextGaussian())));
        assertEquals(Optional.empty(), fresh.spike(), "run " + run + ", step " + step);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.05, 0.2, 0.3})
  void aRiseIsSeenAfterFiveSteps(double deviation) {
    Random random = new Random(6);
    assertEquals(-1, add(200, 0.03, deviation, random));
    assertEquals(5, add(20, 0.03 * 12, deviation, random));
    LossWatch.Spike spike = watch.spike().orElseThrow();
    assertTrue(spike.ratio() > 4 && spike.ratio() < 20, spike.toString());
    assertEquals(5, spike.steps());
  }

  @Test
  void whatScattersMoreMustRiseMore() {
    Random random = new Random(7);
    assertEquals(-1, add(200, 0.03, 1.2, random));
    assertEquals(-1, add(50, 0.03 * 12, 1.2, random), "may yet be chance");
    LossWatch single = new LossWatch(watch.losses().subList(0, 50));
    for (int i = 0; i < 9; i++) {
      single.add(1e6f);
    }
    assertTrue(single.spike().isPresent());
  }

  @Test
  void singleBatchesAreNoSpike() {
    Random random = new Random(8);
    for (int i = 0; i < 40; i++) {
      assertEquals(-1, add(11, 0.03, 0.2, random));
      assertEquals(Optional.empty(), add(1e9));
    }
  }

  @Test
  void theFirstStepsHaveToRiseTenfold() {
    for (int i = 0; i < 5; i++) {
      assertEquals(Optional.empty(), add(1));
    }
    for (int i = 0; i < 8; i++) {
      assertEquals(Optional.empty(), add(i < 4 ? 1 : 11));
    }
    assertEquals(5, add(11).orElseThrow().steps());
    LossWatch ninefold = new LossWatch(List.of(1f, 1f, 1f, 1f, 1f));
    for (int i = 0; i < 9; i++) {
      ninefold.add(9);
      assertEquals(Optional.empty(), ninefold.spike());
    }
  }

  @Test
  void itGoesOnFromWhatItRemembers() {
    Random random = new Random(9);
    add(150, 0.03, 0.2, random);
    assertEquals(100, watch.losses().size());
    LossWatch again = new LossWatch(watch.losses());
    for (int i = 0; i < 9; i++) {
      float loss = 0.3f + i / 100f;
      assertEquals(add(loss).isPresent(), i >= 4);
      again.add(loss);
      assertEquals(watch.spike(), again.spike());
    }
  }
}
