package io.ddpm4j.trainer.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ddpm4j.runtime.sampling.Cancellation;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs that take a minute. */
@Tag("slow")
class TrainerLongTest {
  private static final Path STATUS = Path.of("/proc/self/status");

  @TempDir Path folder;

  /** Bytes of the heap in use after collection, and of the whole process. */
  private record Memory(long step, long heap, long resident) {
    static Memory at(long step) {
      Runtime jvm = Runtime.getRuntime();
      long heap = Long.MAX_VALUE;
      for (int i = 0; i < 3; i++) { // one collection leaves what finalization holds
        System.gc();
        heap = Math.min(heap, jvm.totalMemory() - jvm.freeMemory());
      }
      return new Memory(step, heap, residentSize());
    }

    private static long residentSize() {
      try {
        return Files.readAllLines(STATUS).stream()
            .filter(line -> line.startsWith("VmRSS"))
            .mapToLong(line -> 1024 * Long.parseLong(line.replaceAll("\\D", "")))
            .sum();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public String toString() {
      return String.format(
          Locale.ROOT, "step %,d: heap %,d bytes, resident %,d bytes", step, heap, resident);
    }
  }

  /** All that a run does, many times: steps, metrics, checkpoints, curves, samples. */
  @Test
  void memoryStaysFlat() throws IOException {
    assumeTrue(Files.exists(STATUS), "skipped: no /proc here");
    TrainConfig config =
        TrainerTest.config(10_000, 500, 1e-3, true)
            .withRun(new RunConfig(10_000, 7, 500, 2, 500, 4, 3, 1));
    List<Memory> seen = new ArrayList<>();
    TrainListener listener =
        new TrainListener() {
          @Override
          public void onStep(TrainStep step) {
            if (step.step() % 2500 == 0) {
              seen.add(Memory.at(step.step()));
              System.err.println(seen.get(seen.size() - 1));
            }
          }
        };
    Trainer.create(folder.resolve("run"), config, w -> {}).run(listener, new Cancellation());
    assertEquals(4, seen.size());
    Memory half = seen.get(1);
    Memory end = seen.get(3);
    assertTrue(end.heap() - half.heap() < 200 * 5000, "heap: 200 bytes a step: " + seen);
    assertTrue(
        end.resident() - half.resident() < 6000 * 5000L,
        "resident: 6 kB a step, more than the allocator's noise: " + seen);
  }

  @Test
  void theSmallestPresetLearnsShapes() throws IOException {
    TrainConfig config = Preset.TINY.config("shapes", 600, 42);
    RunConfig quiet = new RunConfig(600, 42, 0, 1, 0, 1, 1, 0);
    TrainResult result =
        Trainer.create(folder.resolve("run"), config.withRun(quiet), w -> {})
            .run(new TrainListener() {}, new Cancellation());
    System.err.printf(Locale.ROOT, "tiny on shapes: smoothed loss %.4f%n", result.smoothedLoss());
    assertTrue(result.smoothedLoss() < 0.08, "smoothed loss: " + result.smoothedLoss());
  }
}
