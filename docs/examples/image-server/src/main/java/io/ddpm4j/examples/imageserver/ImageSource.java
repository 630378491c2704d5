package io.ddpm4j.examples.imageserver;

import io.ddpm4j.runtime.DiffusionPipeline;
import io.ddpm4j.runtime.GenerationRequest;
import io.ddpm4j.runtime.image.ImageBatch;
import io.ddpm4j.runtime.image.PngWriter;
import io.ddpm4j.runtime.sampling.Cancellation;
import java.io.IOException;

/** Where images come from. Called by several threads at once. */
@FunctionalInterface
interface ImageSource {
  /**
   * Makes one image.
   *
   * @return a PNG file
   * @throws IllegalArgumentException if there is no such class
   * @throws java.util.concurrent.CancellationException soon after {@code cancellation} was
   *     cancelled
   */
  byte[] png(ImageRequest request, Cancellation cancellation) throws IOException;

  /** Images from a pipeline, which stays the caller's to close. */
  static ImageSource of(DiffusionPipeline pipeline) {
    return (request, cancellation) -> {
      GenerationRequest one =
          GenerationRequest.of(1, request.seed()).withCancellation(cancellation);
      GenerationRequest classed =
          request.className().map(name -> one.withClassNames(name)).orElse(one);
      ImageBatch images = pipeline.generate(classed).images();
      return PngWriter.encode(images.toBufferedImage(0), images.text());
    };
  }
}
