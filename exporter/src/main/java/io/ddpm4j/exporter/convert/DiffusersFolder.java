package io.ddpm4j.exporter.convert;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.ddpm4j.exporter.AtomicFile;
import io.ddpm4j.exporter.AtomicFolder;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.nn.Parameters;
import io.ddpm4j.exporter.nn.UNet;
import io.ddpm4j.exporter.nn.UNetConfig;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * A {@code UNet2DModel} with its scheduler as a folder that diffusers loads: what {@code
 * save_pretrained} of its pipelines writes, and {@link CheckpointFolder} finds.
 *
 * <pre>
 * model_index.json                              the classes of the pipeline and its two parts
 * unet/config.json                              every argument of UNet2DModel
 * unet/diffusion_pytorch_model.safetensors      float32, in order of name
 * scheduler/scheduler_config.json               as it is given
 * </pre>
 */
public final class DiffusersFolder {
  /** Whose files these are like: of the network's arguments, all that this version has. */
  private static final String VERSION = "0.35.2";

  private static final String CLASS = "_class_name";

  /** The pipeline that samples with a scheduler, by the scheduler's class. */
  private static final Map<String, String> PIPELINES =
      Map.of(
          "DDPMScheduler", "DDPMPipeline",
          "DDIMScheduler", "DDIMPipeline",
          "ScoreSdeVeScheduler", "ScoreSdeVePipeline");

  private final JsonObject network;
  private final Map<String, TensorData> weights; // by parameter, sorted
  private final JsonObject scheduler;

  /**
   * A pipeline.
   *
   * @param tensors the network's parameters by name, float32 or float16, and any others, which are
   *     passed over
   * @param scheduler JSON of a scheduler that a pipeline of a network alone drives, with all its
   *     arguments
   * @throws IllegalArgumentException if {@code UNet2DModel} cannot be this network, a parameter is
   *     missing or of another type or shape, or the scheduler is of another class; the message
   *     names what it is about
   */
  public DiffusersFolder(UNetConfig network, Map<String, TensorData> tensors, String scheduler) {
    this.network = JsonParser.parseString(network.toDiffusersJson()).getAsJsonObject();
    this.weights = weights(UNet.parameters(network), tensors);
    this.scheduler = JsonParser.parseString(scheduler).getAsJsonObject();
    if (!PIPELINES.containsKey(schedulerClass())) {
      throw new IllegalArgumentException(
          "scheduler: expected one of "
              + String.join(", ", new TreeSet<>(PIPELINES.keySet()))
              + ", found "
              + schedulerClass());
    }
  }

  private static Map<String, TensorData> weights(
      Parameters parameters, Map<String, TensorData> tensors) {
    Map<String, TensorData> weights = new TreeMap<>();
    for (Parameters.Spec spec : parameters.specs().values()) {
      TensorData tensor = tensors.get(spec.name());
      if (tensor == null
          || !FloatTensors.isFloat(tensor.dataType())
          || !tensor.shape().equals(spec.shape())) {
        throw new IllegalArgumentException(
            "parameter "
                + spec.name()
                + ": expected float numbers of shape "
                + spec.shape()
                + ", found "
                + (tensor == null ? "none" : tensor));
      }
      weights.put(spec.name(), tensor);
    }
    return Collections.unmodifiableMap(weights);
  }

  private String schedulerClass() {
    JsonElement name = scheduler.get(CLASS);
    return name == null ? "none" : name.getAsString();
  }

  /** The class that diffusers loads the folder as. */
  public String pipeline() {
    return PIPELINES.get(schedulerClass());
  }

  /**
   * Writes the folder whole or not at all.
   *
   * @param folder that is not there, or has nothing in it
   * @throws IOException if that is impossible; the message is one sentence that names it or a file
   */
  public void write(Path folder) throws IOException {
    AtomicFolder.write(
        folder,
        pipeline -> {
          write(pipeline.resolve("model_index.json"), index());
          Path unet = Files.createDirectory(pipeline.resolve("unet"));
          write(unet.resolve("config.json"), network);
          Safetensors tensors = new Safetensors(floats(), Map.of("format", "pt"));
          AtomicFile.write(unet.resolve("diffusion_pytorch_model.safetensors"), tensors::write);
          Path steps = Files.createDirectory(pipeline.resolve("scheduler"));
          write(steps.resolve("scheduler_config.json"), scheduler);
        });
  }

  private Map<String, TensorData> floats() throws IOException {
    Map<String, TensorData> floats = new TreeMap<>();
    for (Map.Entry<String, TensorData> weight : weights.entrySet()) {
      floats.put(weight.getKey(), FloatTensors.of(weight.getValue()));
    }
    return floats;
  }

  private JsonObject index() {
    JsonObject index = new JsonObject();
    index.addProperty(CLASS, pipeline());
    index.add("scheduler", ofDiffusers(schedulerClass()));
    index.add("unet", ofDiffusers("UNet2DModel"));
    return index;
  }

  /** A class and the library that it is of. */
  private static JsonArray ofDiffusers(String name) {
    JsonArray both = new JsonArray();
    both.add("diffusers");
    both.add(name);
    return both;
  }

  /** In order of name, as diffusers writes its files. */
  private static void write(Path file, JsonObject object) throws IOException {
    JsonObject whole = object.deepCopy();
    whole.addProperty("_diffusers_version", VERSION);
    JsonObject written = new JsonObject();
    new TreeMap<>(whole.asMap()).forEach(written::add);
    String json = new GsonBuilder().setPrettyPrinting().serializeNulls().create().toJson(written);
    byte[] bytes = (json + "\n").getBytes(StandardCharsets.UTF_8);
    AtomicFile.write(file, out -> out.write(bytes));
  }
}
