package io.ddpm4j.trainer.step;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ShardsTest {
  private static final long SMALL = 32 * 32 * 32;

  @ParameterizedTest
  @CsvSource({
    "32, 2, 32768, 8",
    "32, 1, 32768, 8",
    "31, 2, 32768, 8",
    "50, 2, 32768, 5",
    "1, 8, 32768, 1",
    "64, 16, 32768, 4",
    "32, 2, 98304, 4",
    "32, 2, 65536, 4",
    "32, 2, 4194304, 1"
  })
  void threadsWorkOnFewImagesAtATime(int batch, int threads, long elements, int images) {
    assertEquals(images, Shards.of(batch, threads, elements).images());
  }

  @Test
  void everyImageHasAPlaceAndFewPlacesAreEmpty() {
    for (int batch = 1; batch < 200; batch++) {
      for (int threads : new int[] {1, 2, 3, 8, 32}) {
        Shards shards = Shards.of(batch, threads, SMALL);
        String what = batch + " images on " + threads + " threads: " + shards;
        assertTrue(shards.places() >= batch, what);
        assertTrue(shards.places() - batch < shards.images(), what);
        assertTrue(shards.threads() <= Math.min(threads, shards.count()), what);
        int rounds = (shards.count() + shards.threads() - 1) / shards.threads();
        int each = (batch + Math.min(batch, threads) - 1) / Math.min(batch, threads);
        assertTrue(rounds * shards.images() <= each + shards.images() - 1, what);
      }
    }
  }
}
