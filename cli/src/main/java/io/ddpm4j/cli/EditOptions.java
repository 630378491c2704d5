package io.ddpm4j.cli;

import io.ddpm4j.runtime.DiffusionPipeline;
import io.ddpm4j.runtime.GenerationRequest;
import io.ddpm4j.runtime.image.ImageBatch;
import io.ddpm4j.runtime.model.ModelMetadata.ImageShape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import picocli.CommandLine.Option;

/** A picture to change or to complete. */
final class EditOptions {
  private static final double DEFAULT_STRENGTH = 0.6;
  private static final String REPAINT = "repaint";
  private static final String DDIM = "ddim"; // RePaint has no way to start in the middle

  static final String MASK = "--mask";

  /** What completes a picture where no sampler is named. */
  static final String SAMPLERS = REPAINT + ", or " + DDIM + " where --strength is given";

  @Option(
      names = "--from",
      paramLabel = "IMAGE",
      description =
          "Change this picture, or complete it with --mask; it is scaled and cropped to the model's"
              + " size (default: start from noise).")
  private Path from;

  @Option(
      names = "--strength",
      paramLabel = "S",
      converter = Numbers.Share.class,
      description =
          "How much --from is changed, above 0 and at most 1: the part of the steps that is run"
              + " (default: "
              + DEFAULT_STRENGTH
              + "; with --mask all of them).")
  private Double strength; // null: not said

  @Option(
      names = MASK,
      paramLabel = "IMAGE",
      description =
          "Keep --from where this picture is white and make the rest (default: change all of it).")
  private Path mask;

  @Option(
      names = "--invert-mask",
      description = "Keep what is black in the mask instead (default: what is white).")
  private boolean invertMask;

  /** Refuses options that mean nothing without others. */
  void requireConsistent() {
    if (from == null && (strength != null || mask != null)) {
      throw new UsageException(
          (mask != null ? MASK : "--strength")
              + ": expected --from beside it, the picture to "
              + (mask != null ? "complete" : "change")
              + ", found none");
    }
    if (invertMask && mask == null) {
      throw new UsageException("--invert-mask: expected --mask beside it, found none");
    }
  }

  /** What completes a picture where no sampler is named; null where none is completed. */
  String defaultSampler() {
    if (mask == null) {
      return null;
    }
    return strength == null ? REPAINT : DDIM;
  }

  /** The request with the pictures, as the model needs them. */
  GenerationRequest over(GenerationRequest request, DiffusionPipeline pipeline, Terminal terminal)
      throws IOException {
    if (from == null) {
      return request;
    }
    if (strength != null && !pipeline.sampler().startsFromImages()) {
      throw new UsageException(
          "--strength: expected another --sampler than "
              + pipeline.sampler().name()
              + ", which starts from noise alone, found "
              + strength);
    }
    ImageShape shape = pipeline.imageShape();
    ImageBatch picture = ImageFiles.fitted(from, shape);
    GenerationRequest edited = request;
    if (mask == null || strength != null) {
      edited = edited.withImage(picture, strength == null ? DEFAULT_STRENGTH : strength);
    }
    if (mask != null) {
      ImageBatch kept = ImageFiles.fitted(mask, new ImageShape(1, shape.height(), shape.width()));
      kept = invertMask ? inverted(kept) : kept;
      terminal.out().println(mask + ": keeps " + share(kept) + " of the pixels");
      edited = edited.withKnownPixels(picture, kept);
    }
    return edited;
  }

  private static ImageBatch inverted(ImageBatch mask) {
    byte[] levels = mask.bytes(0);
    for (int i = 0; i < levels.length; i++) {
      levels[i] = (byte) (255 - (levels[i] & 0xFF));
    }
    return ImageBatch.ofBytes(levels, 1, 1, mask.height(), mask.width());
  }

  private static String share(ImageBatch mask) {
    double sum = 0;
    byte[] levels = mask.bytes(0);
    for (byte level : levels) {
      sum += (level & 0xFF) / 255.0;
    }
    return String.format(Locale.ROOT, "%.0f %%", 100 * sum / levels.length);
  }
}
