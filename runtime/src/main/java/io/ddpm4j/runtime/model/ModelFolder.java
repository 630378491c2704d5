package io.ddpm4j.runtime.model;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What lies in the folder of a model: ours, with a {@code model.onnx} that explains itself, or one
 * of diffusers and optimum, with {@code unet/model.onnx}, {@code unet/config.json} and {@code
 * scheduler/scheduler_config.json}, or the three files beside each other.
 *
 * @param model the ONNX file
 * @param scheduler the scheduler's configuration, if there is one
 * @param config the network's {@code config.json}, if there is one
 */
public record ModelFolder(Path model, Optional<Path> scheduler, Optional<Path> config) {
  private static final List<String> MODELS = List.of("model.onnx", "unet/model.onnx");
  private static final List<String> SCHEDULERS =
      List.of("scheduler/scheduler_config.json", "scheduler_config.json");

  /** Endings of files that hold weights without a graph. */
  private static final String WEIGHTS = ".*\\.(safetensors|bin|pt|pth|ckpt|msgpack)";

  /**
   * Looks into a folder.
   *
   * @throws IOException if it holds no model; the sentence says what it holds instead
   */
  public static ModelFolder of(Path folder) throws IOException {
    for (String name : MODELS) {
      Path model = folder.resolve(name);
      if (Files.exists(model)) {
        Path config = model.resolveSibling("config.json");
        return new ModelFolder(
            model,
            SCHEDULERS.stream().map(folder::resolve).filter(Files::isRegularFile).findFirst(),
            Optional.of(config).filter(Files::isRegularFile));
      }
    }
    Optional<Path> weights = weights(folder);
    throw new FileNotFoundException(
        folder
            + ": this folder holds no "
            + OnnxEpsilonModel.FILE_NAME
            + weights
                .map(
                    file ->
                        " but weights without a graph ("
                            + folder.relativize(file)
                            + "): it has to be converted to ONNX first")
                .orElse(
                    Files.exists(folder.resolve("unet")) ? ", nor has its folder unet one" : ""));
  }

  private static Optional<Path> weights(Path folder) throws IOException {
    for (Path place : List.of(folder.resolve("unet"), folder)) {
      if (Files.isDirectory(place)) {
        try (Stream<Path> files = Files.list(place)) {
          Optional<Path> found =
              files
                  .filter(file -> file.getFileName().toString().matches(WEIGHTS))
                  .min(Path::compareTo);
          if (found.isPresent()) {
            return found;
          }
        }
      }
    }
    return Optional.empty();
  }

  /**
   * What the files beside the model say of it, where it says nothing itself.
   *
   * @throws ModelFormatException naming the file, the field, what was expected and what was found
   */
  ModelMetadata metadata(ModelSignature signature) throws IOException {
    Optional<JsonObject> unet = config.isPresent() ? json(config.get()) : Optional.empty();
    return ModelMetadata.foreign()
        .withScheduler(readScheduler())
        .withNetwork(unet.flatMap(json -> image(json, signature)), unet.map(JsonObject::toString));
  }

  /**
   * The scheduler's configuration, if there is one.
   *
   * @throws ModelFormatException naming the file, the field, what was expected and what was found
   * @throws IOException if the file cannot be read
   */
  public Optional<SchedulerConfig> readScheduler() throws IOException {
    if (scheduler.isEmpty()) {
      return Optional.empty();
    }
    Path file = scheduler.get();
    try {
      return Optional.of(SchedulerConfig.parse(Files.readString(file)));
    } catch (IllegalArgumentException e) {
      throw new ModelFormatException(file + ": " + e.getMessage(), e);
    } catch (CharacterCodingException e) {
      throw new ModelFormatException(file + ": expected JSON, found something that is no text", e);
    }
  }

  private static Optional<JsonObject> json(Path file) throws IOException {
    try {
      JsonElement element = JsonParser.parseString(Files.readString(file));
      if (element.isJsonObject()) {
        return Optional.of(element.getAsJsonObject());
      }
    } catch (JsonParseException | CharacterCodingException e) {
      // The same sentence.
    }
    throw new ModelFormatException(file + ": expected a JSON object, found something else");
  }

  /**
   * {@code in_channels} and {@code sample_size}, a number or [height, width]. Only a help for what
   * the graph leaves open: where it is absent or contradicts the graph, it is none.
   */
  private static Optional<ModelMetadata.ImageShape> image(
      JsonObject config, ModelSignature signature) {
    try {
      JsonElement size = config.get("sample_size");
      boolean pair = size.isJsonArray();
      ModelMetadata.ImageShape image =
          new ModelMetadata.ImageShape(
              config.get("in_channels").getAsInt(),
              pair ? size.getAsJsonArray().get(0).getAsInt() : size.getAsInt(),
              pair ? size.getAsJsonArray().get(1).getAsInt() : size.getAsInt());
      return Optional.of(image).filter(signature::allows);
    } catch (RuntimeException e) {
      return Optional.empty();
    }
  }
}
