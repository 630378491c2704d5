package io.ddpm4j.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ddpm4j.runtime.image.ImageBatch;
import io.ddpm4j.runtime.image.ValueRange;
import io.ddpm4j.runtime.model.ModelFormatException;
import io.ddpm4j.runtime.sampling.StepListener;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What lies outside the Java heap stays flat, and sessions are freed when they should be. */
@Timeout(180)
class NativeMemoryTest {
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final Path THREADS = Path.of("/proc/self/task");
  private static final int GENERATIONS = 2000;
  private static final int SESSIONS = 200;

  @BeforeAll
  static void needsProc() throws IOException {
    assumeTrue(Files.isReadable(STATUS), "skipped: no " + STATUS + " here");
    DiffusionPipeline.open(TestModels.path("unconditional")).build().close(); // ONNX Runtime's own
  }

  /**
   * In a JVM of its own whose heap is all resident from the start, so that what its memory grows by
   * is not heap.
   */
  @Test
  void twoThousandGenerationsAndTwoHundredSessionsLeaveMemoryFlat() throws Exception {
    String classes =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xms48m",
            "-Xmx48m",
            "-XX:+UseSerialGC",
            "-XX:+AlwaysPreTouch",
            "-XX:TieredStopAtLevel=1",
            "-cp",
            classes,
            Growth.class.getName());
    builder.environment().put("MALLOC_ARENA_MAX", "2"); // fragments of many arenas look like leaks
    Process process = builder.redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes());
    assertEquals(0, process.waitFor(), output);
    List<Integer> kibibytes = // beside what newer versions of Java warn of
        output.lines().filter(line -> line.matches("-?\\d+")).map(Integer::valueOf).toList();
    // A tensor that is kept per batch shows as 9 MiB, one session of two as 28.
    assertTrue(kibibytes.get(0) < 4 << 10, "generations: grown by " + kibibytes.get(0) + " KiB");
    assertTrue(kibibytes.get(1) < 8 << 10, "sessions: grown by " + kibibytes.get(1) + " KiB");
  }

  /** The other JVM: prints by how many KiB its memory grew. */
  static final class Growth {
    private static final Path MODEL = TestModels.path("guidable");
    private static final int IMAGES = 16;
    private static final ImageBatch PICTURES =
        ImageBatch.of(new float[64], ValueRange.SIGNED, 4, 1, 4, 4);
    private static final ImageBatch MASK =
        ImageBatch.of(new float[16], ValueRange.SIGNED, 1, 1, 4, 4);

    private Growth() {}

    public static void main(String[] args) throws IOException {
      try (DiffusionPipeline pipeline = open()) {
        generate(pipeline, GENERATIONS / 4);
        long before = resident();
        generate(pipeline, GENERATIONS);
        System.out.println(resident() - before);
      }
      openAndClose(SESSIONS / 4);
      long before = resident();
      openAndClose(SESSIONS);
      System.out.println(resident() - before);
    }

    /** One image a batch, so that much is lent and given back. */
    private static DiffusionPipeline open() throws IOException {
      return DiffusionPipeline.open(MODEL).threads(1).steps(2).batchSize(1).build();
    }

    private static long resident() throws IOException {
      System.gc(); // direct buffers are freed with what owns them
      System.runFinalization();
      try (Stream<String> lines = Files.lines(STATUS)) {
        String line = lines.filter(l -> l.startsWith("VmRSS:")).findFirst().orElseThrow();
        return Long.parseLong(line.replaceAll("\\D", ""));
      }
    }

    private static void openAndClose(int count) throws IOException {
      for (int i = 0; i < count; i++) {
        DiffusionPipeline pipeline = open();
        if (i % 2 == 0) {
          pipeline.generate(1, i);
          pipeline.stream(GenerationRequest.of(IMAGES, i)).iterator().next();
        }
        pipeline.close();
        try {
          DiffusionPipeline.open(TestModels.path("bad_image")).build();
          throw new AssertionError("opened");
        } catch (ModelFormatException e) {
          // Its session was open already.
        }
      }
    }

    private static void generate(DiffusionPipeline pipeline, int count) {
      for (int i = 0; i < count; i++) {
        GenerationRequest request = GenerationRequest.of(IMAGES, i);
        switch (i % 8) {
          case 0 -> pipeline.generate(request);
          case 1 -> pipeline.generate(request.withGuidanceScale(3));
          case 2 -> pipeline.generate(request.withImage(PICTURES, 0.5));
          case 3 -> pipeline.generate(request.withKnownPixels(PICTURES, MASK));
          case 4 -> fail(pipeline, request.withGuidanceScale(i % 3), new CancellationException());
          case 5 -> fail(pipeline, request, new IllegalStateException());
          case 6 -> {
            CompletableFuture<GenerationResult> future = pipeline.generateAsync(request);
            future.cancel(true);
            CompletableFuture<GenerationResult> late =
                pipeline.generateAsync(request.withTimeout(Duration.ofNanos(1 + i * 1000L)));
            late.handle((result, failure) -> null).join();
          }
          default -> {
            Iterator<ImageBatch> stream = pipeline.stream(request).iterator();
            for (int k = 0; k < IMAGES / 2; k++) { // and leave it
              stream.next();
            }
            pipeline.decode(pipeline.encode(PICTURES));
          }
        }
      }
    }

    /** In the middle of a run. */
    private static void fail(
        DiffusionPipeline pipeline, GenerationRequest request, RuntimeException failure) {
      StepListener failing =
          step -> {
            if (step.firstImage() == IMAGES - 1) {
              throw failure;
            }
          };
      try {
        pipeline.generate(request.withListener(failing));
        throw new AssertionError("did not fail");
      } catch (IllegalStateException e) { // a cancellation is one, too
        if (e != failure) {
          throw e;
        }
      }
    }
  }

  /** Guided, and with a model whose numbers are converted: no batch has memory of its own. */
  @ParameterizedTest
  @CsvSource({"unconditional, 1", "half, 1", "matrix_double, 1", "guidable, 3"})
  void theDirectMemoryOfALongStreamIsThatOfABatch(String model, double scale) throws IOException {
    BufferPoolMXBean direct =
        ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
            .filter(pool -> pool.getName().equals("direct"))
            .findFirst()
            .orElseThrow();
    try (DiffusionPipeline pipeline =
        DiffusionPipeline.open(TestModels.path(model))
            .schedulerConfig(SchedulerConfig.ddpm())
            .threads(1)
            .batchSize(1024)
            .steps(1)
            .build()) {
      AtomicLong peak = new AtomicLong();
      GenerationRequest request =
          GenerationRequest.of(100_000, 1)
              .withGuidanceScale(scale)
              .withListener(step -> peak.accumulateAndGet(direct.getMemoryUsed(), Math::max));
      long before = direct.getMemoryUsed();
      AtomicInteger images = new AtomicInteger();
      pipeline.stream(request).forEach(image -> images.incrementAndGet());
      assertEquals(100_000, images.get());
      // Two sets, since the last batch is smaller; of a set for each batch there would be 100.
      long grown = peak.get() - before;
      assertTrue(grown < 1 << 19, "grown by " + grown + " bytes");
    }
  }

  /** A session has threads of its own, which bear the name of the one that opened it. */
  private static final class NamedSession {
    private final String name;
    final DiffusionPipeline pipeline;

    NamedSession(String name) throws Exception {
      this.name = name;
      this.pipeline =
          onThread(
              name,
              () ->
                  DiffusionPipeline.open(TestModels.path("unconditional"))
                      .threads(3)
                      .batchSize(1)
                      .build());
      assertThreads(2); // and the caller's own, the third
    }

    long threads() throws IOException {
      long count = 0;
      try (Stream<Path> all = Files.list(THREADS)) {
        for (Path thread : all.toList()) {
          try {
            count += Files.readString(thread.resolve("comm")).strip().equals(name) ? 1 : 0;
          } catch (IOException e) {
            // It has just ended.
          }
        }
      }
      return count;
    }

    void assertFreed() throws Exception {
      assertThreads(0);
    }

    private void assertThreads(int count) throws Exception {
      for (int i = 0; i < 500 && threads() != count; i++) {
        Thread.sleep(10); // a thread that has ended may still be listed
      }
      assertEquals(count, threads());
    }
  }

  private static <T> T onThread(String name, Callable<T> task) throws Exception {
    FutureTask<T> future = new FutureTask<>(task);
    Thread thread = new Thread(future, name);
    thread.start();
    thread.join();
    return future.get();
  }

  @Test
  void closingFreesAnIdleSessionAtOnce() throws Exception {
    NamedSession session = new NamedSession("idle-session");
    session.pipeline.generate(2, 1);
    assertEquals(2, session.threads());
    session.pipeline.close();
    session.assertFreed();
  }

  @Test
  void anUnreadStreamHoldsNoSession() throws Exception {
    NamedSession session = new NamedSession("left-stream");
    Iterator<ImageBatch> images =
        session.pipeline.stream(GenerationRequest.of(100_000, 1)).iterator();
    images.next();
    session.pipeline.close();
    session.assertFreed();
    assertThrows(IllegalStateException.class, images::next);
  }

  @Test
  void closingDuringRunsFreesTheSessionWithTheLastOfThem() throws Exception {
    NamedSession session = new NamedSession("busy-session");
    List<CountDownLatch> gates = List.of(new CountDownLatch(1), new CountDownLatch(1));
    CountDownLatch entered = new CountDownLatch(2);
    List<CompletableFuture<Void>> runs = new ArrayList<>();
    for (CountDownLatch gate : gates) {
      GenerationRequest request =
          GenerationRequest.of(2, 1)
              .withListener(
                  step -> {
                    entered.countDown();
                    await(gate);
                  });
      runs.add(CompletableFuture.runAsync(() -> session.pipeline.generate(request), this::start));
    }
    await(entered);
    session.pipeline.close();
    assertEquals(2, session.threads(), "two runs are inside a step");
    gates.get(0).countDown();
    assertCancelled(runs.get(0));
    assertEquals(2, session.threads(), "one still is");
    gates.get(1).countDown();
    assertCancelled(runs.get(1));
    session.assertFreed();
  }

  private static void assertCancelled(CompletableFuture<?> run) {
    Exception e = assertThrows(CompletionException.class, run::join);
    assertEquals(CancellationException.class, e.getCause().getClass());
  }

  private void start(Runnable task) {
    new Thread(task).start();
  }

  private static void await(CountDownLatch latch) {
    try {
      assertTrue(latch.await(30, TimeUnit.SECONDS));
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
