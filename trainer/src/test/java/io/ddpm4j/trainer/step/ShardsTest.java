package io.ddpm4j.trainer.step;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ShardsTest {
  @ParameterizedTest
  @CsvSource({"1, 2, 1", "2, 2, 1", "3, 1, 3", "20, 2, 5", "32, 2, 8", "17, 1, 6"})
  void memoryOfABatchIsThatOfItsShards(int batch, int threads, int images) {
    assertEquals(images, Shards.of(batch, threads).images());
    TrainSession.Options options = TrainSession.Options.ofThreads(threads).withMemoryOf(batch);
    assertEquals(OptionalInt.of(images), options.shard());
    assertEquals(options, options.withMemoryOf(1000), "a smaller shard stays");
    Shards many = Shards.of(batch * 6, threads, options.shard().getAsInt());
    assertEquals(images, many.images());
    assertTrue(many.count() >= 6, "at least as many shards as batches");
  }

  @Test
  void placesHoldEveryImage() {
    for (int batch = 1; batch < 40; batch++) {
      for (int threads = 1; threads < 5; threads++) {
        Shards shards = Shards.of(batch, threads);
        assertTrue(shards.places() >= batch && shards.threads() <= threads, shards.toString());
        assertTrue(shards.places() - batch < shards.images(), shards.toString());
      }
    }
  }
}
