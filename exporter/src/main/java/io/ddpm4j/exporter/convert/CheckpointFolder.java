package io.ddpm4j.exporter.convert;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The files of a network as diffusers saves it: the folder of a pipeline with {@code unet/} and
 * {@code scheduler/}, or the folder of the network alone.
 *
 * @param weights the checkpoint file, or the index of several
 * @param config {@code config.json}, empty where there is none
 * @param scheduler {@code scheduler_config.json}, empty where there is none
 */
public record CheckpointFolder(Path weights, Optional<Path> config, Optional<Path> scheduler) {
  private static final String NAME = "diffusion_pytorch_model";

  /** The endings of weights, the preferred one first; a variant stands before them. */
  private static final List<String> ENDINGS =
      List.of(".safetensors", ".safetensors.index.json", ".bin", ".bin.index.json");

  /**
   * Finds the files.
   *
   * @param variant such as {@code fp16}, of the weights in {@code
   *     diffusion_pytorch_model.fp16.safetensors}; empty for those without one, or the only ones
   *     that there are
   * @throws ConversionException if there are no such weights; the message says which there are
   */
  public static CheckpointFolder of(Path folder, Optional<String> variant) throws IOException {
    Path inside = folder.resolve("unet");
    Path network = Files.isDirectory(inside) ? inside : folder;
    Path config = network.resolve("config.json");
    return new CheckpointFolder(
        weights(network, variant),
        Files.exists(config) ? Optional.of(config) : Optional.empty(),
        scheduler(folder, network));
  }

  /** A file of weights, and what lies beside it. */
  public static CheckpointFolder beside(Path weights) {
    Path absolute = weights.toAbsolutePath();
    Path config = absolute.resolveSibling("config.json");
    return new CheckpointFolder(
        weights,
        Optional.of(config).filter(Files::isRegularFile),
        scheduler(absolute.getParent(), absolute.getParent()));
  }

  /** Whether a folder may be one: a pipeline, or a network with its arguments or weights. */
  public static boolean isOne(Path folder) throws IOException {
    return Files.isDirectory(folder.resolve("unet"))
        || Files.exists(folder.resolve("config.json"))
        || Files.isDirectory(folder) && !others(folder).isEmpty();
  }

  private static Path weights(Path network, Optional<String> variant) throws IOException {
    String infix = variant.map(name -> "." + name).orElse("");
    for (String ending : ENDINGS) {
      // of a variant, the shards' index has it behind the ending: ...safetensors.index.fp16.json
      String late = ending.replace(".json", infix + ".json");
      for (String name : new String[] {NAME + infix + ending, NAME + late}) {
        if (Files.isRegularFile(network.resolve(name))) {
          return network.resolve(name);
        }
      }
    }
    List<Path> others = others(network);
    if (variant.isEmpty() && others.size() == 1) {
      return others.get(0);
    }
    throw new ConversionException(
        network
            + ": expected "
            + NAME
            + infix
            + ".safetensors or .bin, or the index of such files, found "
            + (others.isEmpty()
                ? "none"
                : String.join(", ", others.stream().map(p -> p.getFileName() + "").toList())));
  }

  /** Weights of any variant, those first that load best. */
  private static List<Path> others(Path network) throws IOException {
    List<Path> found = new ArrayList<>();
    try (Stream<Path> files = Files.list(network)) {
      files
          .filter(Files::isRegularFile)
          .filter(
              file ->
                  file.getFileName()
                      .toString()
                      .matches(NAME + "(\\.\\w+)?\\.(safetensors|bin)(\\.index(\\.\\w+)?\\.json)?"))
          .sorted()
          .forEach(found::add);
    }
    return found;
  }

  private static Optional<Path> scheduler(Path folder, Path network) {
    String name = "scheduler_config.json";
    return Stream.of(
            network.resolve(name),
            folder.resolve("scheduler").resolve(name),
            network.toAbsolutePath().resolveSibling("scheduler").resolve(name))
        .filter(Files::isRegularFile)
        .findFirst();
  }
}
