package io.ddpm4j.examples.imageserver;

import io.ddpm4j.runtime.sampling.Cancellation;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Images within limits: a few platform threads generate, a bounded queue waits for them, and what
 * takes too long is cancelled. A native call would pin a virtual thread to its carrier; here
 * virtual threads may call, since they only wait.
 */
final class ImageService implements AutoCloseable {
  private final ImageSource source;
  private final Limits limits;
  private final ThreadPoolExecutor workers;
  private final Cancellation closing = new Cancellation();

  ImageService(ImageSource source, Limits limits) {
    this.source = source;
    this.limits = limits;
    this.workers =
        new ThreadPoolExecutor(
            limits.workers(),
            limits.workers(),
            0,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(limits.waiting()),
            task -> new Thread(task, "image-worker"));
  }

  /**
   * Makes an image; returns when it is there.
   *
   * @return a PNG file
   * @throws java.util.concurrent.RejectedExecutionException if too many wait already, or after
   *     {@link #close}
   * @throws TimeoutException at the deadline; the generation ends before its next step
   * @throws ExecutionException with what the source has thrown
   * @throws InterruptedException likewise cancels the generation
   */
  byte[] png(ImageRequest request)
      throws ExecutionException, InterruptedException, TimeoutException {
    Cancellation cancellation = new Cancellation(closing);
    Future<byte[]> image =
        workers.submit(
            () -> {
              cancellation.throwIfCancelled(); // while it waited
              return source.png(request, cancellation);
            });
    try {
      return image.get(limits.deadline().toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException | InterruptedException e) {
      cancellation.cancel();
      workers.remove((Runnable) image); // its place in the queue is free at once
      throw e;
    }
  }

  /**
   * Cancels what runs and waits until the workers have ended, which takes one step of the network.
   * Only then may the pipeline be closed and the process end: ONNX Runtime must not be shut down
   * under a call. Idempotent.
   */
  @Override
  public void close() {
    closing.cancel("the service was closed");
    workers.shutdown();
    Threads.awaitEnd(workers);
  }
}
