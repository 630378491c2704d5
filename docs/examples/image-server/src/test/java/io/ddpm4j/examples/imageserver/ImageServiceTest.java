package io.ddpm4j.examples.imageserver;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.runtime.sampling.Cancellation;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;

@Timeout(60)
class ImageServiceTest {
  private static final Duration LONG = Duration.ofMinutes(1);
  private static final byte[] IMAGE = {1, 2, 3};

  private final BlockingQueue<Long> started = new LinkedBlockingQueue<>();
  private final BlockingQueue<Long> cancelled = new LinkedBlockingQueue<>();
  private final CountDownLatch release = new CountDownLatch(1);
  private final ExecutorService clients = Executors.newCachedThreadPool();

  @AfterEach
  void endClients() {
    release.countDown();
    clients.shutdownNow();
  }

  /** Works until it is released or cancelled, as a generation does between its steps. */
  private byte[] slowly(ImageRequest request, Cancellation cancellation) {
    started.add(request.seed());
    try {
      while (!release.await(1, TimeUnit.MILLISECONDS)) {
        cancellation.throwIfCancelled();
      }
    } catch (InterruptedException | CancellationException e) {
      cancelled.add(request.seed());
      throw new CancellationException(e.getMessage());
    }
    return IMAGE;
  }

  private static ImageRequest request(long seed) {
    return new ImageRequest(Optional.empty(), seed);
  }

  @Test
  void refusesWhoComesWhenTheQueueIsFull() throws Exception {
    try (ImageService service = new ImageService(this::slowly, new Limits(1, 1, LONG))) {
      Future<byte[]> first = clients.submit(() -> service.png(request(1)));
      assertEquals(1, started.take());
      // Of two more, one waits and the other is refused: which is a matter of their threads.
      List<Future<byte[]>> more =
          List.of(
              clients.submit(() -> service.png(request(2))),
              clients.submit(() -> service.png(request(2))));
      while (more.stream().noneMatch(Future::isDone)) {
        Thread.sleep(1);
      }
      Future<byte[]> refused = more.get(more.get(0).isDone() ? 0 : 1);
      Future<byte[]> waiting = more.get(more.get(0).isDone() ? 1 : 0);
      assertInstanceOf(
          RejectedExecutionException.class,
          assertThrows(ExecutionException.class, refused::get).getCause());
      release.countDown();
      assertArrayEquals(IMAGE, first.get());
      assertArrayEquals(IMAGE, waiting.get());
    }
  }

  @Test
  void runsAsManyAtOnceAsThereAreWorkers() throws Exception {
    try (ImageService service = new ImageService(this::slowly, new Limits(2, 4, LONG))) {
      for (int seed = 0; seed < 4; seed++) {
        ImageRequest request = request(seed);
        clients.submit(() -> service.png(request));
      }
      started.take();
      started.take();
      assertEquals(null, started.poll(50, TimeUnit.MILLISECONDS));
    }
  }

  @Test
  void cancelsAtTheDeadlineWhatRuns() throws Exception {
    Limits limits = new Limits(1, 1, Duration.ofMillis(50));
    try (ImageService service = new ImageService(this::slowly, limits)) {
      assertThrows(TimeoutException.class, () -> service.png(request(5)));
      assertEquals(5, cancelled.take());
    }
  }

  @Test
  void anInterruptCancels() throws Exception {
    try (ImageService service = new ImageService(this::slowly, new Limits(1, 1, LONG))) {
      Future<byte[]> client = clients.submit(() -> service.png(request(6)));
      started.take();
      client.cancel(true);
      assertEquals(6, cancelled.take());
    }
  }

  @Test
  void closeCancelsAndWaitsForTheWorkers() throws Exception {
    ImageService service = new ImageService(this::slowly, new Limits(1, 1, LONG));
    Future<byte[]> client = clients.submit(() -> service.png(request(7)));
    started.take();
    service.close();
    assertEquals(List.of(7L), List.copyOf(cancelled), "after close nothing runs");
    assertInstanceOf(
        CancellationException.class,
        assertThrows(ExecutionException.class, client::get).getCause().getCause());
    assertThrows(RejectedExecutionException.class, () -> service.png(request(8)));
    service.close();
  }

  @Test
  void refusesLimitsThatAdmitNothing() {
    for (Executable wrong :
        List.<Executable>of(
            () -> new Limits(0, 1, LONG),
            () -> new Limits(1, 0, LONG),
            () -> new Limits(1, 1, Duration.ZERO))) {
      String message = assertThrows(IllegalArgumentException.class, wrong).getMessage();
      assertTrue(message.startsWith("limits: expected"), message);
    }
  }
}
