package io.ddpm4j.cli;

import io.ddpm4j.runtime.likelihood.BatchNetwork;
import io.ddpm4j.runtime.likelihood.ImageRun;
import io.ddpm4j.runtime.sampling.Cancellation;
import java.io.IOException;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.CancellationException;

/** Evaluates images batch by batch, shows how far it is, and keeps what is done. */
final class EvaluationLoop {
  private final EvaluationRequest request;
  private final EvaluationState state;
  private final int wanted;

  /** Adds the figures of a batch to the state's statistics. */
  @FunctionalInterface
  interface Batch {
    /** May be cancelled; then nothing was added. */
    void evaluate(BatchNetwork network, ImageRun run);
  }

  /**
   * A loop up to so many images.
   *
   * @param state that may have some of them already
   * @throws IOException if it has more
   */
  EvaluationLoop(EvaluationRequest request, EvaluationState state, int wanted) throws IOException {
    if (state.statistics().count() > wanted) {
      throw new IOException(
          "%s: expected results of at most %d images to go on with, found %d; write these to another folder with --out"
              .formatted(request.folder(), wanted, state.statistics().count()));
    }
    this.request = request;
    this.state = state;
    this.wanted = wanted;
  }

  /**
   * Runs it.
   *
   * @return whether all images are done; false after Ctrl-C
   */
  boolean run(Batch batch) throws IOException {
    int start = (int) state.statistics().count();
    int size = evenly(request.pipeline().batchSize(), wanted - start);
    try (BatchNetwork network = request.pipeline().network(size)) {
      return run(network, batch, start, size);
    }
  }

  private boolean run(BatchNetwork network, Batch batch, int start, int size) throws IOException {
    float[] x0 = new float[size * network.elements()];
    int[] labels = new int[size];
    Cancellation cancellation = request.terminal().interrupts().cancellation();
    try (ProgressBar bar = new ProgressBar(request.terminal(), "Evaluating")) {
      long began = System.nanoTime();
      long last = began;
      for (int done = start; done < wanted; ) {
        int images = Math.min(size, wanted - done);
        request.images().read(done, images, x0, labels);
        if (request.images().isLabelled()) {
          network.classLabels(Arrays.copyOf(labels, images));
        }
        int first = done;
        batch.evaluate(
            network,
            new ImageRun(
                x0,
                images,
                first,
                cancellation,
                (call, calls) -> show(bar, start, first, images, (double) call / calls, began)));
        done += images;
        long now = System.nanoTime();
        state.save((now - last) / 1e9);
        last = now;
      }
      return true;
    } catch (CancellationException e) {
      return false;
    }
  }

  /**
   * Batches of one size, as few as the network's batch allows: the last one is not nearly empty.
   */
  private static int evenly(int batch, int images) {
    int batches = Math.max(1, (images + batch - 1) / batch);
    return Math.max(1, (images + batches - 1) / batches);
  }

  private void show(ProgressBar bar, int start, int first, int images, double share, long began) {
    double done = first - start + share * images;
    double seconds = (System.nanoTime() - began) / 1e9;
    double perSecond = done / seconds;
    bar.update(
        Math.round(1000 * (start + done)),
        1000L * wanted,
        String.format(
            Locale.ROOT,
            "images %d-%d of %d, %.2f images/s",
            first + 1,
            first + images,
            wanted,
            perSecond),
        (wanted - start - done) / perSecond);
  }

  /** Says after Ctrl-C what is kept. */
  int interrupted() {
    long done = state.statistics().count();
    request
        .terminal()
        .err()
        .println(
            done == 0
                ? "ddpm: interrupted, no image was finished"
                : "ddpm: interrupted after %d of %d images, which are kept: the same command goes on"
                    .formatted(done, wanted));
    return Main.INTERRUPTED;
  }
}
