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
  private final String conditions;

  /**
   * A writer of a request's images: its seed, classes and guidance; how many does not matter.
   *
   * @param request watched by its listener, and stopped by its cancellation
   * @param conditions what the time depends on that an image takes, see {@link SampleFile#append}
   */
  public SampleWriter(DiffusionPipeline pipeline, GenerationRequest request, String conditions) {
    this.pipeline = pipeline;
    this.request = request;
    this.conditions = conditions;
  }

  /**
   * Makes those of the first {@code count} images that are missing in the file, batch by batch;
   * each is kept as soon as it is there.
   *
   * @throws java.util.concurrent.CancellationException if it was cancelled; the file keeps what is
   *     finished
   * @throws IOException if images cannot be written
   */
  public void fill(SampleFile file, int count) throws IOException {
    try {
      for (SampleFile.Range missing : file.missing(count)) {
        pipeline.generate(
            request.withFirstImage(missing.first()).withCount(missing.count()),
            new Appender(file, missing.first(), conditions)::take);
      }
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  /** Puts batches into the file, with the time since the one before. */
  private static final class Appender {
    private final SampleFile file;
    private final String conditions;
    private int next;
    private long since = System.nanoTime();

    Appender(SampleFile file, int first, String conditions) {
      this.file = file;
      this.conditions = conditions;
      this.next = first;
    }

    void take(ImageBatch batch) {
      long now = System.nanoTime();
      int bytes = file.settings().imageBytes();
      byte[] pixels = new byte[Math.multiplyExact(batch.images(), bytes)];
      for (int i = 0; i < batch.images(); i++) {
        System.arraycopy(batch.bytes(i), 0, pixels, i * bytes, bytes);
      }
      try {
        file.append(next, pixels, now - since, conditions);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      next += batch.images();
      since = System.nanoTime(); // writing is no sampling
    }
  }
}
