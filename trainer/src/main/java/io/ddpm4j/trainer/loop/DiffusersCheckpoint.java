package io.ddpm4j.trainer.loop;

import io.ddpm4j.exporter.convert.Safetensors;
import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.nn.UNetConfig;
import io.ddpm4j.runtime.image.HalfPrecision;
import io.ddpm4j.runtime.model.ModelFormatException;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import io.ddpm4j.trainer.step.TrainStepConfig;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A {@code UNet2DModel} as diffusers saves it: the folder of a pipeline with {@code unet/} and
 * {@code scheduler/}, the folder of the network alone, or its weights alone as a {@code
 * .safetensors} file, with or without a {@code config.json} beside it.
 *
 * @param weightsFile the file of the weights
 * @param network empty if there are only weights
 * @param scheduler empty if nothing is said of the forward process
 * @param weights by parameter, as floats
 */
record DiffusersCheckpoint(
    Path weightsFile,
    Optional<UNetConfig> network,
    Optional<SchedulerConfig> scheduler,
    Map<String, TensorData> weights) {
  private static final String WEIGHTS = "diffusion_pytorch_model.safetensors";
  private static final String PICKLED = "diffusion_pytorch_model.bin";
  private static final String CONFIG = "config.json";
  private static final String SCHEDULER = "scheduler_config.json";

  /** Attention's layers were called otherwise until diffusers 0.12 (2023). */
  private static final Pattern EARLY_NAME =
      Pattern.compile("(.*\\battentions\\.\\d+\\.)(query|key|value|proj_attn)(\\.\\w+)");

  private static final Map<String, String> ATTENTION =
      Map.of("query", "to_q", "key", "to_k", "value", "to_v", "proj_attn", "to_out.0");

  /** Whether it is a file or folder of that kind, whole or not. */
  static boolean is(Path path) {
    return Files.isDirectory(path)
        ? Files.isDirectory(path.resolve("unet"))
            || Files.exists(path.resolve(CONFIG))
            || Files.exists(path.resolve(WEIGHTS))
        : path.getFileName().toString().endsWith(".safetensors");
  }

  /**
   * Reads the file or folder.
   *
   * @throws IOException if it cannot be read, or holds a network that ours cannot be; the message
   *     names the file, what was expected and what was found
   */
  static DiffusersCheckpoint read(Path path) throws IOException {
    if (!Files.isDirectory(path)) {
      Path config = path.resolveSibling(CONFIG);
      Optional<UNetConfig> network =
          Files.exists(config) ? Optional.of(network(config)) : Optional.empty();
      return new DiffusersCheckpoint(path, network, scheduler(path.getParent()), weights(path));
    }
    Path unet = path.resolve("unet");
    Path folder = Files.isDirectory(unet) ? unet : path;
    Path file = folder.resolve(WEIGHTS);
    if (!Files.exists(file)) {
      throw new IOException(
          folder
              + ": expected "
              + WEIGHTS
              + ", found "
              + (Files.exists(folder.resolve(PICKLED))
                  ? PICKLED + "; save it with safe_serialization=True"
                  : "none"));
    }
    Path config = folder.resolve(CONFIG);
    if (!Files.exists(config)) {
      throw new IOException(folder + ": expected " + CONFIG + " beside the weights, found none");
    }
    UNetConfig network = network(config); // first: it says best what cannot be
    return new DiffusersCheckpoint(file, Optional.of(network), scheduler(folder), weights(file));
  }

  private static UNetConfig network(Path config) throws IOException {
    try {
      UNetConfig network = UNetConfig.fromJson(Files.readString(config));
      TrainStepConfig.requireTrainable(network);
      return network;
    } catch (IllegalArgumentException e) {
      throw new ModelFormatException(config + ": " + e.getMessage(), e);
    }
  }

  /** In the network's folder, or in that of the pipeline. */
  private static Optional<SchedulerConfig> scheduler(Path folder) throws IOException {
    if (folder == null) {
      return Optional.empty();
    }
    for (Path file :
        new Path[] {
          folder.resolve(SCHEDULER), folder.resolveSibling("scheduler").resolve(SCHEDULER)
        }) {
      if (Files.exists(file)) {
        try {
          return Optional.of(SchedulerConfig.parse(Files.readString(file)));
        } catch (IllegalArgumentException e) {
          throw new ModelFormatException(file + ": " + e.getMessage(), e);
        }
      }
    }
    return Optional.empty();
  }

  private static Map<String, TensorData> weights(Path file) throws IOException {
    Map<String, TensorData> weights = new LinkedHashMap<>();
    for (Map.Entry<String, TensorData> tensor : Safetensors.read(file).tensors().entrySet()) {
      Matcher early = EARLY_NAME.matcher(tensor.getKey());
      String name =
          early.matches()
              ? early.group(1) + ATTENTION.get(early.group(2)) + early.group(3)
              : tensor.getKey();
      try {
        weights.put(name, asFloats(tensor.getValue()));
      } catch (IllegalArgumentException e) {
        throw new ModelFormatException(
            file + ": tensor " + tensor.getKey() + ": " + e.getMessage(), e);
      }
    }
    return weights;
  }

  /** The nearest floats; those of 16 bits are exact. */
  private static TensorData asFloats(TensorData tensor) {
    if (tensor.dataType() == DataType.FLOAT) {
      return tensor;
    }
    int bytes = tensor.dataType().bytes();
    float[] values = new float[bytes == 0 ? 0 : tensor.byteSize() / bytes];
    ByteBuffer from = tensor.bytes();
    for (int i = 0; i < values.length; i++) {
      values[i] =
          switch (tensor.dataType()) {
            case DOUBLE -> (float) from.getDouble();
            case FLOAT16 -> HalfPrecision.toFloat(from.getShort());
            case BFLOAT16 -> HalfPrecision.bfloat16ToFloat(from.getShort());
            default ->
                throw new IllegalArgumentException(
                    "expected numbers with fractions, found " + tensor.dataType());
          };
    }
    return TensorData.ofFloats(values, tensor.shape().sizes());
  }
}
