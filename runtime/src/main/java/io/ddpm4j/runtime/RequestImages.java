package io.ddpm4j.runtime;

import io.ddpm4j.runtime.image.ImageBatch;
import io.ddpm4j.runtime.image.ValueRange;
import io.ddpm4j.runtime.model.ModelMetadata.ImageShape;
import io.ddpm4j.runtime.sampling.KnownImage;
import io.ddpm4j.runtime.sampling.RunStart;

/** The images that a request brings along, as a model sees them. */
final class RequestImages {
  private static final ValueRange UNIT = new ValueRange(0, 1);

  private RequestImages() {}

  /**
   * What a request starts from.
   *
   * @throws IllegalArgumentException if it is not of the model's size
   */
  static RunStart start(GenerationRequest request, ImageShape shape, ValueRange range) {
    if (request.source().isEmpty()) {
      return RunStart.noise();
    }
    GenerationRequest.SourceImage source = request.source().get();
    ImageBatch images = source.images();
    if (source.isLatent()) {
      requireSize("latents", images, shape, shape.channels());
      return RunStart.sample(images.values(), source.strength());
    }
    requireSize("image", images, shape, shape.channels());
    return RunStart.image(images.toRange(range).values(), source.strength());
  }

  /**
   * What a request keeps; null for nothing.
   *
   * @throws IllegalArgumentException if it is not of the model's size
   */
  static KnownImage known(GenerationRequest request, ImageShape shape, ValueRange range) {
    if (request.inpainting().isEmpty()) {
      return null;
    }
    GenerationRequest.Inpainting inpainting = request.inpainting().get();
    ImageBatch images = inpainting.images();
    ImageBatch mask = inpainting.mask();
    requireSize("known pixels", images, shape, shape.channels());
    requireSize("mask", mask, shape, mask.channels() == 1 ? 1 : shape.channels());
    float[] weights = mask.toRange(UNIT).values();
    for (int i = 0; i < weights.length; i++) { // rounding may lead out
      weights[i] = Math.max(0, Math.min(1, weights[i]));
    }
    if (mask.channels() != shape.channels() && mask.images() > 1) {
      weights = forEveryChannel(weights, shape);
    }
    return KnownImage.of(images.toRange(range).values(), weights);
  }

  /** (M, 1, H, W) as (M, C, H, W). */
  private static float[] forEveryChannel(float[] mask, ImageShape shape) {
    int plane = shape.height() * shape.width();
    float[] all = new float[Math.multiplyExact(mask.length, shape.channels())];
    for (int i = 0; i < all.length; i++) {
      int image = i / (plane * shape.channels());
      all[i] = mask[image * plane + i % plane];
    }
    return all;
  }

  private static void requireSize(String what, ImageBatch found, ImageShape shape, int channels) {
    if (found.channels() != channels
        || found.height() != shape.height()
        || found.width() != shape.width()) {
      throw new IllegalArgumentException(
          "%s: expected %dx%dx%d as the model has it, found %dx%dx%d"
              .formatted(
                  what,
                  channels,
                  shape.height(),
                  shape.width(),
                  found.channels(),
                  found.height(),
                  found.width()));
    }
  }
}
