package io.ddpm4j.exporter.convert;

import java.io.IOException;
import java.util.Map;
import java.util.Optional;

/** Turns the tensors of a checkpoint into a network as a graph. */
public final class CheckpointConverter {
  private CheckpointConverter() {}

  /**
   * What is to be converted.
   *
   * @param tensors of the checkpoint
   * @param config JSON of the arguments of the network's constructor; empty where nothing is given
   * @param scheduler JSON of a scheduler's configuration with diffusers' fields, which counts more
   *     than what the checkpoint or the config say of the noise schedule; empty where none is given
   * @param size of the images where it is given beside the config; it counts more
   */
  public record Request(
      TensorSource tensors,
      Optional<String> config,
      Optional<String> scheduler,
      Optional<ImageSize> size) {

    /** Tensors, of which nothing more is said. */
    public static Request of(TensorSource tensors) {
      return new Request(tensors, Optional.empty(), Optional.empty(), Optional.empty());
    }

    /** The same with this JSON of the constructor's arguments. */
    public Request withConfig(String json) {
      return new Request(tensors, Optional.of(json), scheduler, size);
    }

    /** The same with this JSON of a scheduler's configuration. */
    public Request withScheduler(String json) {
      return new Request(tensors, config, Optional.of(json), size);
    }

    /** The same for images of this size. */
    public Request withSize(ImageSize images) {
      return new Request(tensors, config, scheduler, Optional.of(images));
    }
  }

  /**
   * Converts a checkpoint; the family is recognised from the names of its tensors.
   *
   * @throws ConversionException if the checkpoint is of no known family, or tensors are missing,
   *     unknown or of another shape
   * @throws IllegalArgumentException if an argument is missing or wrong, or contradicts the
   *     tensors; the message names it, what was expected and what was found
   * @throws IOException if the tensors cannot be read
   */
  public static Conversion convert(Request request) throws IOException {
    return switch (family(request.tensors())) {
      case DIFFUSERS -> DiffusersConversion.convert(request);
      case OPENAI -> OpenAiConversion.convert(request);
      case LUCIDRAINS -> LucidrainsConversion.convert(request);
      case RUN ->
          throw new ConversionException(
              "expected a checkpoint of another code base, found the state of "
                  + Family.RUN
                  + ", of which the folder is to be given");
    };
  }

  /** Says of what may be the network, but is not followed. */
  private static Family family(TensorSource tensors) throws ConversionException {
    try {
      return Family.of(tensors.names());
    } catch (ConversionException e) {
      for (Map.Entry<String, String> skipped : tensors.skipped().entrySet()) {
        throw new ConversionException(
            e.getMessage()
                + "; "
                + skipped.getKey()
                + " is "
                + skipped.getValue()
                + ", which is not followed");
      }
      throw e;
    }
  }
}
