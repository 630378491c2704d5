package io.ddpm4j.trainer.loop;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.nn.Parameters;
import io.ddpm4j.exporter.nn.UNet;
import io.ddpm4j.exporter.nn.UNetConfig;
import io.ddpm4j.exporter.proto.OnnxFile;
import io.ddpm4j.exporter.proto.OnnxReader;
import io.ddpm4j.runtime.model.ModelFormatException;
import io.ddpm4j.runtime.model.ModelMetadata;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import io.ddpm4j.trainer.checkpoint.Sha256;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A model file of ours from which a run takes its first weights: weights and their average begin as
 * the file's, everything else of the run begins anew.
 */
public final class InitialModel {
  private static final String FILE = "model.onnx";
  private static final String CLASS_ROWS = "class_embedding.weight";

  private final Path file;
  private final String sha256;
  private final UNetConfig unet;
  private final ModelMetadata metadata;
  private final Map<String, TensorData> tensors;

  private InitialModel(
      Path file, UNetConfig unet, ModelMetadata metadata, Map<String, TensorData> tensors)
      throws IOException {
    this.file = file;
    this.sha256 = Sha256.of(file);
    this.unet = unet;
    this.metadata = metadata;
    this.tensors = tensors;
  }

  /**
   * Reads a model.
   *
   * @param path the file, or a folder with a {@code model.onnx}
   * @throws IOException if it cannot be read, or is not one that ddpm4j wrote
   */
  public static InitialModel read(Path path) throws IOException {
    Path file = Files.isDirectory(path) ? path.resolve(FILE) : path;
    OnnxFile onnx = OnnxReader.read(file);
    ModelMetadata metadata = ModelMetadata.parse(file.toString(), onnx.metadata());
    String json =
        metadata
            .unet()
            .orElseThrow(
                () ->
                    new ModelFormatException(
                        file + ": expected a model that ddpm4j wrote, found no ddpm4j.unet in it"));
    UNetConfig unet;
    try {
      unet = UNetConfig.fromJson(json);
    } catch (IllegalArgumentException e) {
      throw new ModelFormatException(file + ": ddpm4j.unet: " + e.getMessage(), e);
    }
    int last = unet.numClassEmbeds() - 1;
    if (metadata.nullClass().orElse(last) != last) {
      throw new ModelFormatException(
          file
              + ": ddpm4j.null_class: expected the last class of the network, "
              + last
              + ", found "
              + metadata.nullClass().getAsInt());
    }
    return new InitialModel(file, unet, metadata, onnx.initializers());
  }

  /** The model that a configuration names; refuses a file that was changed since. */
  static InitialModel read(InitConfig init) throws IOException {
    InitialModel model = read(Path.of(init.model()));
    if (!model.sha256.equals(init.sha256())) {
      throw new IOException(
          model.file
              + ": expected the model with SHA-256 "
              + init.sha256()
              + ", found "
              + model.sha256);
    }
    return model;
  }

  /** What a configuration says of it. */
  public InitConfig init() {
    return new InitConfig(file.toString(), sha256);
  }

  /** The file. */
  public Path file() {
    return file;
  }

  /** The network's options, as those of a run that goes on with it; no label is dropped. */
  public NetworkConfig network() {
    return NetworkConfig.of(unet);
  }

  /**
   * The forward process that it was trained for.
   *
   * @throws IOException if that is none that a run can have
   */
  public DiffusionConfig diffusion() throws IOException {
    SchedulerConfig scheduler = metadata.scheduler().orElseThrow(); // there is ddpm4j.unet
    if (scheduler.trainedBetas().isPresent() || scheduler.rescaleBetasZeroSnr()) {
      throw new ModelFormatException(
          file
              + ": ddpm4j.scheduler: expected a named schedule, which a run can go on with, found "
              + (scheduler.trainedBetas().isPresent()
                  ? "trained_betas"
                  : "rescale_betas_zero_snr"));
    }
    return new DiffusionConfig(
        scheduler.trainTimesteps(),
        scheduler.betaSchedule().label(),
        scheduler.betaStart(),
        scheduler.betaEnd(),
        scheduler.predictionType().label());
  }

  /** The names of its classes, in label order. */
  List<String> classes() {
    return metadata.classNames();
  }

  /**
   * The first weights of a run's network, by parameter. A null class that the file does not have
   * begins as the mean of the classes.
   *
   * @param run the run's network
   * @param nullClass whether its last class is the null class
   * @throws IllegalArgumentException if that network is not the file's; the message names the field
   *     or the parameter, what was expected and what was found
   */
  Map<String, TensorData> weights(UNetConfig run, boolean nullClass) {
    requireSame(run);
    requireClasses(run, nullClass);
    Map<String, TensorData> weights = new LinkedHashMap<>();
    for (Parameters.Spec spec : UNet.parameters(unet).specs().values()) {
      TensorData tensor = tensors.get(spec.name());
      if (tensor == null
          || tensor.dataType() != DataType.FLOAT
          || !tensor.shape().equals(spec.shape())) {
        throw wrong(
            "parameter " + spec.name(),
            DataType.FLOAT + " of shape " + spec.shape(),
            tensor == null ? "none" : tensor.dataType() + " of shape " + tensor.shape());
      }
      weights.put(spec.name(), tensor);
    }
    if (nullClass && metadata.nullClass().isEmpty()) {
      weights.compute(CLASS_ROWS, (name, rows) -> withMean(rows));
    }
    return weights;
  }

  /**
   * Everything but the number of classes, whose rows are looked at one by one, and dropout, which
   * has no weights.
   */
  private void requireSame(UNetConfig run) {
    JsonObject expected = JsonParser.parseString(run.toJson()).getAsJsonObject();
    JsonObject found = JsonParser.parseString(unet.toJson()).getAsJsonObject();
    Set<String> fields = new LinkedHashSet<>(expected.keySet());
    fields.addAll(found.keySet());
    fields.removeAll(Set.of("num_class_embeds", "dropout"));
    for (String field : fields) {
      JsonElement wanted = expected.get(field);
      if (wanted == null || !wanted.equals(found.get(field))) {
        throw wrong(field, "the run's " + wanted, String.valueOf(found.get(field)));
      }
    }
  }

  /** As many named classes, and no null class that the run has not. */
  private void requireClasses(UNetConfig run, boolean nullClass) {
    boolean hasNullClass = metadata.nullClass().isPresent();
    int wanted = run.numClassEmbeds() - (nullClass ? 1 : 0);
    int there = unet.numClassEmbeds() - (hasNullClass ? 1 : 0);
    if (wanted != there || hasNullClass && !nullClass) {
      throw wrong(
          "parameter " + CLASS_ROWS, describe(wanted, nullClass), describe(there, hasNullClass));
    }
  }

  private static String describe(int classes, boolean nullClass) {
    return classes == 0 && !nullClass
        ? "none"
        : "rows for "
            + classes
            + " classes"
            + (nullClass ? " and the null class" : " and no null class");
  }

  /** Rows (n, width) and their mean, as (n + 1, width). */
  private static TensorData withMean(TensorData rows) {
    int count = (int) rows.shape().size(0);
    int width = (int) rows.shape().size(1);
    float[] from = rows.floats();
    float[] to = Arrays.copyOf(from, from.length + width);
    for (int column = 0; column < width; column++) {
      double sum = 0;
      for (int row = 0; row < count; row++) {
        sum += from[row * width + column];
      }
      to[count * width + column] = (float) (sum / count);
    }
    return TensorData.ofFloats(to, count + 1, width);
  }

  private IllegalArgumentException wrong(String what, String expected, String found) {
    return new IllegalArgumentException(
        file + ": " + what + ": expected " + expected + ", found " + found);
  }
}
