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
import io.ddpm4j.runtime.schedule.VarianceType;
import io.ddpm4j.trainer.data.Sha256;
import io.ddpm4j.trainer.objective.LossKind;
import io.ddpm4j.trainer.step.TrainStepConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A model from which a run takes its first weights: weights and their average begin as the file's,
 * everything else of the run begins anew. It is a model file of ours, or a {@link
 * DiffusersCheckpoint}.
 */
public final class InitialModel {
  private static final String FILE = "model.onnx";
  private static final String CLASS_ROWS = "class_embedding.weight";
  private static final List<String> OUTPUT = List.of("conv_out.weight", "conv_out.bias");
  private static final double USUAL_LABEL_DROPOUT = 0.1;

  private final Path file;
  private final String sha256;
  private final UNetConfig unet; // null if there are only weights
  private final SchedulerConfig scheduler; // null if nothing is said of it
  private final List<String> classes; // empty where they have no names
  private final boolean hasNullClass;
  private final double labelDropout; // 0 where there is no null class
  private final Map<String, TensorData> tensors;

  private InitialModel(Path file, OnnxFile onnx, ModelMetadata metadata, UNetConfig unet)
      throws IOException {
    this.file = file;
    this.sha256 = Sha256.of(file);
    this.unet = unet;
    this.scheduler = metadata.scheduler().orElse(null);
    this.classes = metadata.classNames();
    this.hasNullClass = metadata.nullClass().isPresent();
    this.labelDropout = hasNullClass ? labelDropout(metadata.provenance()) : 0;
    this.tensors = onnx.initializers();
  }

  private InitialModel(Path path, DiffusersCheckpoint checkpoint) throws IOException {
    this.file = path;
    this.sha256 = checkpoint.sha256();
    this.unet = checkpoint.network().orElse(null);
    this.scheduler = checkpoint.scheduler().orElse(null);
    this.classes = List.of();
    this.hasNullClass = false;
    this.labelDropout = 0;
    this.tensors = checkpoint.weights();
  }

  /** What the model was trained with if it says so, otherwise the usual share. */
  private static double labelDropout(Map<String, String> provenance) {
    try {
      double said = Double.parseDouble(provenance.getOrDefault("label_dropout", "0"));
      return said > 0 && said < 1 ? said : USUAL_LABEL_DROPOUT;
    } catch (NumberFormatException e) {
      return USUAL_LABEL_DROPOUT; // free text that somebody else wrote
    }
  }

  /**
   * Reads a model.
   *
   * @param path a model file of ours or a folder with a {@code model.onnx}, a folder of diffusers,
   *     or a checkpoint file of its {@code UNet2DModel}
   * @throws IOException if it cannot be read, or is none of these
   */
  public static InitialModel read(Path path) throws IOException {
    Path inFolder = path.resolve(FILE);
    if (!Files.exists(inFolder) && DiffusersCheckpoint.is(path)) {
      return new InitialModel(path, DiffusersCheckpoint.read(path));
    }
    Path file = Files.isDirectory(path) ? inFolder : path;
    OnnxFile onnx = OnnxReader.read(file);
    ModelMetadata metadata = ModelMetadata.parse(file.toString(), onnx.metadata());
    if (ModelMetadata.isClassifier(onnx.metadata())) {
      throw new ModelFormatException(
          file + ": expected a network that predicts noise, found a classifier");
    }
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
      TrainStepConfig.requireTrainable(unet);
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
    return new InitialModel(file, onnx, metadata, unet);
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

  /** The file or folder. */
  public Path file() {
    return file;
  }

  /**
   * The network's options, as those of a run that goes on with it. Where there is a null class, as
   * many labels are dropped as in the model's own training, or {@value #USUAL_LABEL_DROPOUT} of
   * them if the file does not say how many.
   *
   * @return empty if the file holds weights alone
   * @throws IOException if a run cannot have that network
   */
  public Optional<NetworkConfig> network() throws IOException {
    if (unet == null) {
      return Optional.empty();
    }
    try {
      return Optional.of(NetworkConfig.of(unet).withLabelDropout(labelDropout));
    } catch (IllegalArgumentException e) {
      throw new ModelFormatException(file + ": " + e.getMessage(), e);
    }
  }

  /**
   * The forward process that it was trained for.
   *
   * @return empty if nothing is said of it
   * @throws IOException if that is none that a run can have
   */
  public Optional<DiffusionConfig> diffusion() throws IOException {
    if (scheduler == null) {
      return Optional.empty();
    }
    if (scheduler.rescaleBetasZeroSnr()) {
      throw new ModelFormatException(
          file
              + ": scheduler: expected a schedule that a run can go on with, found"
              + " rescale_betas_zero_snr");
    }
    return Optional.of(
        new DiffusionConfig(
            scheduler.trainTimesteps(),
            scheduler.betaSchedule().label(),
            scheduler.betaStart(),
            scheduler.betaEnd(),
            scheduler.predictionType().label(),
            scheduler.trainedBetas().map(InitialModel::boxed).orElse(List.of()),
            objective(scheduler.varianceType())));
  }

  /** L_simple, or with a learned variance the loss that trains it. */
  private static ObjectiveConfig objective(VarianceType variance) {
    ObjectiveConfig simple = ObjectiveConfig.SIMPLE;
    return variance.isLearned()
        ? new ObjectiveConfig(LossKind.HYBRID.label(), variance.label(), 0, null, 0)
        : simple.variance() == variance
            ? simple
            : new ObjectiveConfig(simple.loss(), variance.label(), 0, null, 0);
  }

  private static List<Double> boxed(double[] numbers) {
    return Arrays.stream(numbers).boxed().toList();
  }

  /** The names of its classes, in label order; none where they have no names. */
  List<String> classes() {
    return classes;
  }

  /**
   * The first weights of a run's network, by parameter. A null class that the file does not have
   * begins as the mean of the classes. Where the run learns a variance and the model did not, the
   * output channels of the prediction are the model's, and those of the variance begin with zeros:
   * everywhere v = 0, the geometric mean of β̃ and β.
   *
   * @param run the run's network
   * @param nullClass whether its last class is the null class
   * @throws IllegalArgumentException if that network is not the file's; the message names the field
   *     or the parameter, what was expected and what was found
   */
  Map<String, TensorData> weights(UNetConfig run, boolean nullClass) {
    UNetConfig own = unet == null ? ofTensors(run) : unet;
    requireSame(addsVariance(run, own) ? run.withOutChannels(own.outChannels()) : run, own);
    requireClasses(run, own, nullClass);
    Map<String, TensorData> weights = new LinkedHashMap<>();
    for (Parameters.Spec spec : UNet.parameters(own).specs().values()) {
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
    if (unet == null) {
      for (String name : tensors.keySet()) {
        if (!weights.containsKey(name)) {
          throw wrong("parameter " + name, "none in the run's network", "one");
        }
      }
    }
    if (nullClass && !hasNullClass) {
      weights.compute(CLASS_ROWS, (name, table) -> AddedRows.mean(table));
    }
    if (addsVariance(run, own)) {
      for (String name : OUTPUT) {
        weights.compute(name, (n, rows) -> AddedRows.zeros(rows, run.outChannels()));
      }
    }
    return weights;
  }

  /** The run's network, with as many classes as the tensors have, and a variance if they do. */
  private UNetConfig ofTensors(UNetConfig run) {
    long rows = rows(CLASS_ROWS);
    JsonObject json = JsonParser.parseString(run.toJson()).getAsJsonObject();
    json.addProperty("num_class_embeds", rows == 0 ? null : rows);
    UNetConfig own = UNetConfig.fromJson(json.toString());
    return rows(OUTPUT.get(0)) == run.inChannels() ? own.withOutChannels(run.inChannels()) : own;
  }

  /** 0 where there is no such tensor. */
  private long rows(String parameter) {
    TensorData tensor = tensors.get(parameter);
    return tensor == null || tensor.shape().rank() == 0 ? 0 : tensor.shape().size(0);
  }

  /** Whether the run learns a variance and the model did not. */
  private static boolean addsVariance(UNetConfig run, UNetConfig own) {
    return own.outChannels() == run.inChannels() && run.outChannels() == 2 * run.inChannels();
  }

  /**
   * Everything but the number of classes, whose rows are looked at one by one, dropout, which has
   * no weights, and a size that the file leaves open.
   */
  private void requireSame(UNetConfig run, UNetConfig own) {
    JsonObject expected = JsonParser.parseString(run.toJson()).getAsJsonObject();
    JsonObject found = JsonParser.parseString(own.toJson()).getAsJsonObject();
    Set<String> fields = new LinkedHashSet<>(expected.keySet());
    fields.addAll(found.keySet());
    fields.removeAll(Set.of("num_class_embeds", "dropout"));
    if (own.sampleSize() == 0) {
      fields.remove("sample_size");
    }
    for (String field : fields) {
      JsonElement wanted = expected.get(field);
      if (wanted == null || !wanted.equals(found.get(field))) {
        throw wrong(field, "the run's " + wanted, String.valueOf(found.get(field)));
      }
    }
  }

  /** As many named classes, and no null class that the run has not. */
  private void requireClasses(UNetConfig run, UNetConfig own, boolean nullClass) {
    int wanted = run.numClassEmbeds() - (nullClass ? 1 : 0);
    int there = own.numClassEmbeds() - (hasNullClass ? 1 : 0);
    if (wanted != there || hasNullClass && !nullClass) {
      String cure =
          wanted == there ? "; keep the null class with --label-dropout " + labelDropout : "";
      throw wrong(
          "parameter " + CLASS_ROWS,
          describe(wanted, nullClass),
          describe(there, hasNullClass) + cure);
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

  private IllegalArgumentException wrong(String what, String expected, String found) {
    return new IllegalArgumentException(
        file + ": " + what + ": expected " + expected + ", found " + found);
  }
}
