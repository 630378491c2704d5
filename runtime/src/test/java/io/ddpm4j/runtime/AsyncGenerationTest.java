package io.ddpm4j.runtime;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.runtime.sampling.Cancellation;
import io.ddpm4j.runtime.sampling.DeadlineException;
import io.ddpm4j.runtime.sampling.StepListener;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Futures, time limits, interrupts, and closing among them. */
@Timeout(60)
class AsyncGenerationTest {
  private static final int STEPS = 20;

  private DiffusionPipeline pipeline;

  @BeforeEach
  void open() throws IOException {
    pipeline =
        DiffusionPipeline.open(TestModels.path("unconditional")).threads(1).batchSize(2).build();
  }

  @AfterEach
  void close() {
    pipeline.close();
  }

  /** Stops a generation inside its first step until it is let go, and counts the steps. */
  private static final class Gate implements StepListener {
    final CountDownLatch entered = new CountDownLatch(1);
    final CountDownLatch open = new CountDownLatch(1);
    final AtomicInteger steps = new AtomicInteger();

    @Override
    public void onStep(Step step) {
      steps.incrementAndGet();
      entered.countDown();
      await(open);
    }

    void awaitEntered() {
      await(entered);
    }

    private static void await(CountDownLatch latch) {
      try {
        assertTrue(latch.await(30, TimeUnit.SECONDS));
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }
  }

  private static GenerationRequest request(int images) {
    return GenerationRequest.of(images, 5);
  }

  /** Comes after all that the pipeline's thread has been given before. */
  private void awaitIdle() {
    pipeline.generateAsync(request(1)).join();
  }

  private static <T extends Throwable> T failure(Class<T> type, CompletableFuture<?> future) {
    Throwable cause = assertThrows(ExecutionException.class, future::get).getCause();
    return assertInstanceOf(type, cause);
  }

  @Test
  void itCompletesWithWhatGenerateGives() throws Exception {
    AtomicReference<Thread> thread = new AtomicReference<>();
    GenerationResult result =
        pipeline
            .generateAsync(request(5).withListener(step -> thread.set(Thread.currentThread())))
            .get();
    assertArrayEquals(pipeline.generate(5, 5).values(), result.images().values());
    assertEquals(3, result.batches());
    assertTrue(thread.get() != Thread.currentThread());
    assertTrue(thread.get().isDaemon(), "it keeps no program alive");
  }

  @Test
  void requestsAreServedInTurn() {
    List<Integer> order = Collections.synchronizedList(new ArrayList<>());
    List<CompletableFuture<GenerationResult>> futures = new ArrayList<>();
    AtomicInteger running = new AtomicInteger();
    for (int i = 0; i < 10; i++) {
      int number = i;
      StepListener alone =
          step -> {
            if (step.index() == 0) {
              assertEquals(1, running.incrementAndGet());
              order.add(number);
            } else if (step.index() + 1 == step.count()) {
              running.decrementAndGet();
            }
          };
      futures.add(pipeline.generateAsync(request(1).withListener(alone)));
    }
    futures.forEach(CompletableFuture::join);
    assertEquals(List.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9), order);
  }

  @Test
  void cancellingEndsTheRunWithinOneStep() {
    Gate gate = new Gate();
    CompletableFuture<GenerationResult> future =
        pipeline.generateAsync(request(5).withListener(gate));
    gate.awaitEntered();
    assertTrue(future.cancel(true));
    assertThrows(CancellationException.class, future::join);
    gate.open.countDown();
    awaitIdle();
    assertEquals(1, gate.steps.get());
  }

  @Test
  void whatIsCancelledWhileItWaitsNeverRuns() {
    Gate gate = new Gate();
    Gate never = new Gate();
    CompletableFuture<GenerationResult> first =
        pipeline.generateAsync(request(1).withListener(gate));
    CompletableFuture<GenerationResult> second =
        pipeline.generateAsync(request(1).withListener(never));
    gate.awaitEntered();
    second.cancel(false);
    gate.open.countDown();
    awaitIdle();
    assertEquals(STEPS, gate.steps.get());
    assertEquals(0, never.steps.get());
    assertEquals(1, first.join().images().images());
  }

  @Test
  void completingItInAnyOtherWayEndsTheRun() {
    Gate gate = new Gate();
    CompletableFuture<GenerationResult> future =
        pipeline.generateAsync(request(5).withListener(gate));
    gate.awaitEntered();
    future.orTimeout(50, TimeUnit.MILLISECONDS);
    failure(TimeoutException.class, future); // while the run is inside a step
    gate.open.countDown();
    awaitIdle();
    assertEquals(1, gate.steps.get());
  }

  @Test
  void theTokenOfTheRequestCancelsToo() {
    Cancellation token = new Cancellation();
    Gate gate = new Gate();
    CompletableFuture<GenerationResult> future =
        pipeline.generateAsync(request(5).withListener(gate).withCancellation(token));
    gate.awaitEntered();
    token.cancel("enough");
    gate.open.countDown();
    // A CompletableFuture shows this exception as its own cancellation.
    assertEquals("enough", cancellation(future).getMessage());
    assertTrue(future.isCancelled());
    assertEquals(1, gate.steps.get());
  }

  @Test
  void whatGoesWrongArrivesInTheFuture() {
    failure(
        IllegalArgumentException.class, pipeline.generateAsync(request(1).withClassNames("boot")));
    RuntimeException thrown = new IllegalStateException("the listener's own");
    IllegalStateException found =
        failure(
            IllegalStateException.class,
            pipeline.generateAsync(
                request(1)
                    .withListener(
                        step -> {
                          throw thrown;
                        })));
    assertEquals(thrown, found);
    failure(IllegalArgumentException.class, pipeline.generateAsync(request(Integer.MAX_VALUE)));
    awaitIdle(); // the thread lives on
  }

  @Test
  void anExecutorOfOnesOwn() {
    AtomicReference<String> name = new AtomicReference<>();
    ExecutorService executor =
        Executors.newSingleThreadExecutor(task -> new Thread(task, "my own"));
    StepListener listener = step -> name.set(Thread.currentThread().getName());
    try {
      pipeline.generateAsync(request(1).withListener(listener), executor).join();
      assertEquals("my own", name.get());
      pipeline.generateAsync(request(1).withListener(listener), Runnable::run).join();
      assertEquals(Thread.currentThread().getName(), name.get());
    } finally {
      executor.shutdown();
    }
    failure(RejectedExecutionException.class, pipeline.generateAsync(request(1), executor));
  }

  @Test
  void closingEndsWhatRunsAndWhatWaits() {
    Gate gate = new Gate();
    Gate never = new Gate();
    CompletableFuture<GenerationResult> running =
        pipeline.generateAsync(request(5).withListener(gate));
    CompletableFuture<GenerationResult> waiting =
        pipeline.generateAsync(request(1).withListener(never));
    gate.awaitEntered();
    pipeline.close(); // returns while the run is inside a step
    pipeline.close();
    gate.open.countDown();
    Throwable e = cancellation(running);
    assertTrue(e.getMessage().endsWith("this pipeline was closed"), e.getMessage());
    assertTrue(
        failure(IllegalStateException.class, waiting)
            .getMessage()
            .endsWith("this pipeline is closed"));
    assertEquals(1, gate.steps.get());
    assertEquals(0, never.steps.get());
    for (CompletableFuture<?> late :
        List.of(
            pipeline.generateAsync(request(1)),
            pipeline.generateAsync(request(1), Runnable::run))) {
      assertTrue(
          failure(IllegalStateException.class, late)
              .getMessage()
              .endsWith("this pipeline is closed"));
    }
  }

  /** The session is free between two batches, but the run is one. */
  @Test
  void closingBetweenTwoBatchesIsACancellation() {
    List<Long> taken = new ArrayList<>();
    CancellationException e =
        assertThrows(
            CancellationException.class,
            () ->
                pipeline.generate(
                    request(6),
                    batch -> {
                      taken.add(batch.firstImage());
                      pipeline.close();
                    }));
    assertTrue(e.getMessage().endsWith("this pipeline was closed"), e.getMessage());
    assertEquals(List.of(0L), taken);
  }

  /**
   * Whatever moment it comes at: each run completes, is cancelled, or finds the pipeline closed.
   */
  @Test
  void closingAmongManyRunsIsOrderly() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(3);
    List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());
    try {
      for (int round = 0; round < 40; round++) {
        DiffusionPipeline shared =
            DiffusionPipeline.open(TestModels.path("unconditional"))
                .threads(1)
                .steps(2)
                .batchSize(1)
                .build();
        CountDownLatch running = new CountDownLatch(3);
        List<CompletableFuture<Void>> runs = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
          runs.add(
              CompletableFuture.runAsync(
                  () -> {
                    running.countDown();
                    try {
                      for (int k = 0; ; k++) { // until it is stopped
                        shared.generate(3, k);
                      }
                    } catch (Throwable e) {
                      failures.add(e);
                    }
                  },
                  threads));
        }
        Gate.await(running);
        Thread.sleep(round % 4);
        shared.close();
        runs.forEach(CompletableFuture::join);
      }
    } finally {
      threads.shutdownNow();
    }
    assertEquals(120, failures.size());
    for (Throwable e : failures) {
      String expected =
          e instanceof CancellationException
              ? "this pipeline was closed"
              : "this pipeline is closed";
      assertInstanceOf(IllegalStateException.class, e);
      assertTrue(e.getMessage().endsWith(expected), e.toString());
    }
  }

  @Test
  void manyThreadsAskAtOnce() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      float[] expected = pipeline.generate(3, 5).values();
      List<CompletableFuture<GenerationResult>> futures =
          Collections.synchronizedList(new ArrayList<>());
      CountDownLatch asked = new CountDownLatch(40);
      for (int i = 0; i < 40; i++) {
        boolean own = i % 2 == 0;
        threads.execute(
            () -> {
              futures.add(
                  own
                      ? pipeline.generateAsync(request(3), threads)
                      : pipeline.generateAsync(request(3)));
              asked.countDown();
            });
      }
      Gate.await(asked);
      for (CompletableFuture<GenerationResult> future : futures) {
        assertArrayEquals(expected, future.get(30, TimeUnit.SECONDS).images().values());
      }
    } finally {
      threads.shutdownNow();
    }
  }

  private static void sleep(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void pastItsTimeAGenerationEndsWithinOneStep() {
    AtomicInteger steps = new AtomicInteger();
    GenerationRequest request =
        request(5)
            .withTimeout(Duration.ofMillis(1500))
            .withListener(
                step -> {
                  if (steps.incrementAndGet() == 3) {
                    sleep(1600);
                  }
                });
    DeadlineException e = assertThrows(DeadlineException.class, () -> pipeline.generate(request));
    assertEquals("timeout: expected the images within 1500 ms", e.getMessage());
    assertEquals(3, steps.get());
    assertEquals(5, pipeline.generate(request(5)).images().images(), "the pipeline lives on");
  }

  @Test
  void theTimeBeginsAnewWithEachCall() {
    GenerationRequest request = request(1).withTimeout(Duration.ofSeconds(20));
    sleep(5);
    assertEquals(1, pipeline.generate(request).images().images());
    for (Duration none : List.of(Duration.ZERO, Duration.ofMillis(-1))) {
      assertThrows(IllegalArgumentException.class, () -> request(1).withTimeout(none));
    }
    Duration ages = Duration.ofSeconds(Long.MAX_VALUE);
    assertEquals(1, pipeline.generateAsync(request(1).withTimeout(ages)).join().steps() / STEPS);
  }

  /** It ends in time while it still waits, and never runs. */
  @Test
  void waitingForOthersCounts() {
    Gate gate = new Gate();
    Gate never = new Gate();
    CompletableFuture<GenerationResult> first =
        pipeline.generateAsync(request(1).withListener(gate));
    CompletableFuture<GenerationResult> late =
        pipeline.generateAsync(request(1).withListener(never).withTimeout(Duration.ofMillis(20)));
    gate.awaitEntered();
    assertEquals(
        "timeout: expected the images within 20 ms",
        assertInstanceOf(DeadlineException.class, cancellation(late)).getMessage());
    assertFalse(first.isDone());
    gate.open.countDown();
    first.join();
    awaitIdle();
    assertEquals(0, never.steps.get());
  }

  @Test
  void anInterruptEndsTheRunAndStays() {
    AtomicInteger steps = new AtomicInteger();
    GenerationRequest request =
        request(5)
            .withListener(
                step -> {
                  if (steps.incrementAndGet() == 2) {
                    Thread.currentThread().interrupt();
                  }
                });
    CancellationException e =
        assertThrows(CancellationException.class, () -> pipeline.generate(request));
    assertEquals("interrupted", e.getMessage());
    assertEquals(2, steps.get());
    Gate never = new Gate();
    assertThrows(
        CancellationException.class, () -> pipeline.generate(request(1).withListener(never)));
    assertEquals(0, never.steps.get());
    assertTrue(Thread.interrupted(), "the flag stays, and is cleared here");
    assertEquals(1, pipeline.generate(request(1)).images().images());
  }

  /** How a future was cancelled; newer versions of Java wrap that in an exception of their own. */
  private static Throwable cancellation(CompletableFuture<?> future) {
    CancellationException e = assertThrows(CancellationException.class, future::join);
    return e.getCause() instanceof CancellationException cause ? cause : e;
  }
}
