package io.ddpm4j.trainer.evaluate.samples;

import io.ddpm4j.runtime.DiffusionPipeline;
import io.ddpm4j.runtime.GenerationRequest;
import io.ddpm4j.runtime.image.ImageBatch;
import java.io.IOException;
import java.io.UncheckedIOException;

/** Makes the images that a sample file lacks. */
public final class SampleWriter {
  private final DiffusionPipeline pipeline;
  private final GenerationRequest request;

  /**
   * A writer of a request's images: its seed, classes and guidance; how many does not matter.
   *
   * @param request watched by its listener, and stopped by its cancellation
   */
  public SampleWriter(DiffusionPipeline pipeline, GenerationRequest request) {
    this.pipeline = pipeline;
    this.request = request;
  }

  /**
   * Makes images until the file holds {@code count}, batch by batch; each is kept as soon as it is
   * there. Makes none where the file holds as many.
   *
   * @throws java.util.concurrent.CancellationException if it was cancelled; the file keeps what is
   *     finished
   * @throws IOException if images cannot be written
   */
  public void fill(SampleFile file, int count) throws IOException {
    int there = file.images();
    if (there >= count) {
      return;
    }
    GenerationRequest missing = request.withFirstImage(there).withCount(count - there);
    try {
      pipeline.generate(missing, new Appender(file)::take);
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  /** Puts batches into the file, with the time since the one before. */
  private static final class Appender {
    private final SampleFile file;
    private long since = System.nanoTime();

    Appender(SampleFile file) {
      this.file = file;
    }

    void take(ImageBatch batch) {
      long now = System.nanoTime();
      int bytes = file.settings().imageBytes();
      byte[] pixels = new byte[Math.multiplyExact(batch.images(), bytes)];
      for (int i = 0; i < batch.images(); i++) {
        System.arraycopy(batch.bytes(i), 0, pixels, i * bytes, bytes);
      }
      try {
        file.append(pixels, now - since);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      since = System.nanoTime(); // writing is no sampling
    }
  }
}
