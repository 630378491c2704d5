package io.ddpm4j.exporter.convert;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The files of a network as diffusers saves it: the folder of a pipeline with {@code unet/} and
 * {@code scheduler/}, that of a training with {@code unet_ema/} beside {@code unet/}, or the folder
 * of the network alone.
 *
 * @param weights the checkpoint file, or the index of several
 * @param config {@code config.json}, empty where there is none
 * @param scheduler {@code scheduler_config.json}, empty where there is none
 * @param notes what a user should know of the choice and of the pipeline, a sentence each
 */
public record CheckpointFolder(
    Path weights, Optional<Path> config, Optional<Path> scheduler, List<String> notes) {
  private static final String NETWORK = "unet";

  /** The average of the weights, as trainings save it. */
  private static final String AVERAGE = "unet_ema";

  private static final String PIPELINE = "model_index.json";

  /** What makes pictures of a network's latents, by what a pipeline calls it. */
  private static final List<String> DECODERS = List.of("vqvae", "vae", "movq", "decoder");

  /** Copies the list. */
  public CheckpointFolder {
    notes = List.copyOf(notes);
  }

  /**
   * Finds the files. Of two networks the average of the weights is taken.
   *
   * @param variant such as {@code fp16}, of the weights in {@code
   *     diffusion_pytorch_model.fp16.safetensors}; empty for those without one, or the only ones
   *     that there are
   * @throws ConversionException if there are no such weights, or {@code model_index.json} is no
   *     JSON object; the message says what there is
   */
  public static CheckpointFolder of(Path folder, Optional<String> variant) throws IOException {
    Path whole = folder.toAbsolutePath().normalize(); // "." has neighbours too
    List<String> notes = new ArrayList<>();
    Path network = folder;
    Path pipeline = whole.resolveSibling(PIPELINE);
    if (WeightFiles.areIn(folder.resolve(AVERAGE))) {
      network = folder.resolve(AVERAGE);
      notes.add(
          "the network is that of "
              + network
              + ", the average of the weights; that without averaging is in "
              + folder.resolve(NETWORK));
      pipeline = whole.resolve(PIPELINE);
    } else if (Files.isDirectory(folder.resolve(NETWORK))) {
      network = folder.resolve(NETWORK);
      pipeline = whole.resolve(PIPELINE);
    }
    decoder(pipeline).ifPresent(notes::add);
    Path config = network.resolve("config.json");
    return new CheckpointFolder(
        WeightFiles.find(network, variant),
        Files.exists(config) ? Optional.of(config) : Optional.empty(),
        scheduler(folder, network),
        notes);
  }

  /** A file of weights, and what lies beside it. */
  public static CheckpointFolder beside(Path weights) {
    Path absolute = weights.toAbsolutePath().normalize();
    Path config = absolute.resolveSibling("config.json");
    return new CheckpointFolder(
        weights,
        Optional.of(config).filter(Files::isRegularFile),
        scheduler(absolute.getParent(), absolute.getParent()),
        List.of());
  }

  /** Whether a folder may be one: a pipeline, or a network with its arguments or weights. */
  public static boolean isOne(Path folder) throws IOException {
    return Files.isDirectory(folder.resolve(NETWORK))
        || Files.exists(folder.resolve("config.json"))
        || WeightFiles.areIn(folder);
  }

  /** A note where the pipeline's pictures are not what the network predicts. */
  private static Optional<String> decoder(Path index) throws IOException {
    if (!Files.isRegularFile(index)) {
      return Optional.empty();
    }
    JsonObject pipeline = JsonFiles.object(index);
    return DECODERS.stream()
        .filter(name -> pipeline.has(name) && pipeline.get(name).toString().matches("\\[\".*"))
        .findFirst()
        .map(
            name ->
                "the model predicts latents, of which the pipeline's "
                    + name
                    + " makes pictures: that is another network, which is not converted");
  }

  private static Optional<Path> scheduler(Path folder, Path network) {
    String name = "scheduler_config.json";
    return Stream.of(
            network.resolve(name),
            folder.resolve("scheduler").resolve(name),
            network.toAbsolutePath().normalize().resolveSibling("scheduler").resolve(name))
        .filter(Files::isRegularFile)
        .findFirst();
  }
}
