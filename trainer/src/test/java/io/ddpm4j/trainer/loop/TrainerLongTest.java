package io.ddpm4j.trainer.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ddpm4j.runtime.sampling.Cancellation;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.ToLongFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs that take a minute. */
@Tag("slow")
class TrainerLongTest {
  private static final Path STATUS = Path.of("/proc/self/status");

  private static final int EVERY = 750; // steps between two looks at the memory

  @TempDir Path folder;

  /** Bytes of the heap in use after collection, and of the whole process. */
  private record Memory(long step, long heap, long resident) {
    private static final Pattern LINE =
        Pattern.compile("step (\\d+): heap (\\d+) bytes resident (\\d+) bytes");

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

    /** A line that {@link #toString} has made; nothing of another. */
    static Stream<Memory> parse(String line) {
      Matcher found = LINE.matcher(line.replace(",", ""));
      return found.matches()
          ? Stream.of(
              new Memory(
                  Long.parseLong(found.group(1)),
                  Long.parseLong(found.group(2)),
                  Long.parseLong(found.group(3))))
          : Stream.empty();
    }

    @Override
    public String toString() {
      return String.format(
          Locale.ROOT, "step %,d: heap %,d bytes, resident %,d bytes", step, heap, resident);
    }
  }

  /** All that a run does, many times: steps, metrics, checkpoints, curves, samples. */
  @Test
  void memoryStaysFlat() throws IOException, InterruptedException {
    assumeTrue(Files.exists(STATUS), "skipped: no /proc here");
    // In a process of its own, whose heap has one size from the beginning: here other tests have
    // left room that the collector may or may not give back.
    Path said = folder.resolve("said.txt");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xms96m",
                "-Xmx96m",
                "-XX:+AlwaysPreTouch",
                "-Djava.awt.headless=true",
                "-cp",
                System.getProperty("java.class.path"),
                TrainerLongTest.class.getName(),
                folder.resolve("run").toString())
            .redirectErrorStream(true)
            .redirectOutput(said.toFile())
            .start();
    try {
      assertTrue(process.waitFor(10, TimeUnit.MINUTES), "ends");
      assertEquals(0, process.exitValue(), Files.readString(said));
    } finally {
      process.destroyForcibly();
    }
    List<Memory> seen = Files.readAllLines(said).stream().flatMap(Memory::parse).toList();
    seen.forEach(System.err::println);
    assertEquals(4, seen.size());
    // What leaks grows every time, the allocator's noise does not.
    assertTrue(least(seen, Memory::heap) < 200 * EVERY, "heap: 200 bytes a step: " + seen);
    assertTrue(least(seen, Memory::resident) < 6000 * EVERY, "resident: 6 kB a step: " + seen);
  }

  /** The least growth from one line to the next. */
  private static long least(List<Memory> seen, ToLongFunction<Memory> of) {
    return IntStream.range(1, seen.size())
        .mapToLong(i -> of.applyAsLong(seen.get(i)) - of.applyAsLong(seen.get(i - 1)))
        .min()
        .orElseThrow();
  }

  /** The run of {@link #memoryStaysFlat}: a line for every {@value #EVERY} steps. */
  public static void main(String[] args) throws IOException {
    TrainConfig config =
        TrainerTest.config(4 * EVERY, 150, 1e-3, true)
            .withRun(new RunConfig(4 * EVERY, 7, 150, 2, 150, 4, 3, 1));
    TrainListener listener =
        new TrainListener() {
          @Override
          public void onStep(TrainStep step) {
            if (step.step() % EVERY == 0) {
              System.out.println(Memory.at(step.step()));
            }
          }
        };
    Trainer.create(Path.of(args[0]), config, w -> {}).run(listener, new Cancellation());
  }

  @Test
  void theSmallestPresetLearnsShapes() throws IOException {
    TrainConfig config = Preset.TINY.config("shapes", 250, 42);
    RunConfig quiet = new RunConfig(250, 42, 0, 1, 0, 1, 1, 0);
    TrainResult result =
        Trainer.create(folder.resolve("run"), config.withRun(quiet), w -> {})
            .run(new TrainListener() {}, new Cancellation());
    System.err.printf(Locale.ROOT, "tiny on shapes: smoothed loss %.4f%n", result.smoothedLoss());
    assertTrue(result.smoothedLoss() < 0.08, "smoothed loss: " + result.smoothedLoss());
  }
}
