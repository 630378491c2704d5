package io.ddpm4j.exporter.convert;

import java.io.IOException;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

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
   * @param prefix what stands before the names of the copy of the network that is meant, with or
   *     without the last dot: everything else in the checkpoint is then ignored. Empty to find it
   *     out: the average of the weights is preferred
   */
  public record Request(
      TensorSource tensors,
      Optional<String> config,
      Optional<String> scheduler,
      Optional<ImageSize> size,
      Optional<String> prefix) {

    /** Tensors, of which nothing more is said. */
    public static Request of(TensorSource tensors) {
      return new Request(
          tensors, Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());
    }

    /** The same with this JSON of the constructor's arguments. */
    public Request withConfig(String json) {
      return new Request(tensors, Optional.of(json), scheduler, size, prefix);
    }

    /** The same with this JSON of a scheduler's configuration. */
    public Request withScheduler(String json) {
      return new Request(tensors, config, Optional.of(json), size, prefix);
    }

    /** The same for images of this size. */
    public Request withSize(ImageSize images) {
      return new Request(tensors, config, scheduler, Optional.of(images), prefix);
    }

    /** The same of the copy of the network before whose names this stands. */
    public Request withPrefix(String name) {
      return new Request(tensors, config, scheduler, size, Optional.of(name));
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
    return switch (family(request)) {
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

  /** Says of what may be the network, but is not followed, or is elsewhere. */
  private static Family family(Request request) throws ConversionException {
    TensorSource tensors = request.tensors();
    Set<String> all = Checkpoint.names(tensors);
    String scope = request.prefix().map(Copies::scope).orElse("");
    Set<String> names = new LinkedHashSet<>(all);
    names.removeIf(name -> !name.startsWith(scope));
    if (names.isEmpty() && !scope.isEmpty()) {
      throw new ConversionException(
          "--prefix "
              + scope
              + ": expected what stands before the names of a network, found no name that begins so"
              + all.stream().findFirst().map(name -> "; the first is " + name).orElse(""));
    }
    try {
      return Family.of(names);
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
