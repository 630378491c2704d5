package io.ddpm4j.trainer.loop;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.nn.UNet;
import io.ddpm4j.exporter.nn.UNetConfig;
import io.ddpm4j.exporter.proto.OnnxModel;
import io.ddpm4j.exporter.proto.OnnxWriter;
import io.ddpm4j.trainer.optim.Decay;
import io.ddpm4j.trainer.optim.Ema;
import io.ddpm4j.trainer.step.UpdateGraph;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.stream.Collectors;

/** Turns a run into the model file of {@code docs/model-format.md}, with the averaged weights. */
public final class RunExporter {
  private static final String PROVENANCE = "ddpm4j.provenance";

  private RunExporter() {}

  /**
   * Exports the newest checkpoint of a run, with the first average of its weights.
   *
   * @param run the run's folder
   * @return the step of that checkpoint
   * @throws IOException if there is no checkpoint, it or the description of the data is damaged or
   *     of another run, or the file cannot be written
   */
  public static long export(Path run, Path file) throws IOException {
    return export(run, file, OptionalDouble.empty());
  }

  /**
   * Exports the newest checkpoint of a run.
   *
   * @param run the run's folder
   * @param emaDecay of the average that is exported, one of the run's; empty for its first
   * @return the step of that checkpoint
   * @throws IllegalArgumentException if the run has no average of that decay
   * @throws IOException if there is no checkpoint, it or the description of the data is damaged or
   *     of another run, or the file cannot be written
   */
  public static long export(Path run, Path file, OptionalDouble emaDecay) throws IOException {
    RunSnapshot snapshot = RunSnapshot.newest(run);
    export(snapshot, file, emaDecay);
    return snapshot.step();
  }

  /**
   * Exports a run at one step.
   *
   * @param emaDecay of the average that is exported, one of the run's; empty for its first
   * @throws IllegalArgumentException if the run has no average of that decay
   * @throws IOException if the state does not hold that average, or the file cannot be written
   */
  public static void export(RunSnapshot run, Path file, OptionalDouble emaDecay)
      throws IOException {
    OnnxWriter.write(model(run, emaDecay), file);
  }

  /**
   * The model of a run at one step.
   *
   * @param emaDecay of the average that is exported, one of the run's; empty for its first
   * @throws IllegalArgumentException if the run has no average of that decay
   * @throws IOException if the state does not hold that average
   */
  public static OnnxModel model(RunSnapshot run, OptionalDouble emaDecay) throws IOException {
    OptimizerConfig optimizer = run.config().optimizer();
    double decay = emaDecay.orElse(optimizer.emaDecay());
    Map<String, TensorData> ema = run.state(average(optimizer, decay));
    TrainConfig exported = run.config().withOptimizer(optimizer.withEmaDecays(List.of(decay)));
    OnnxModel model = model(exported, run.unet(), run.data(), ema, run.step());
    return run.stateSha256().map(hash -> told(model, hash)).orElse(model);
  }

  /** The model, whose provenance says that its weights were trained elsewhere. */
  private static OnnxModel told(OnnxModel model, String stateSha256) {
    Map<String, String> metadata = new LinkedHashMap<>(model.metadata());
    metadata.computeIfPresent(
        PROVENANCE,
        (key, json) -> {
          JsonObject o = JsonParser.parseString(json).getAsJsonObject();
          o.addProperty("state_sha256", stateSha256);
          return o.toString();
        });
    return model.withMetadata(metadata);
  }

  /** The state vector of a run's average. */
  private static String average(OptimizerConfig optimizer, double decay) {
    List<Double> decays = optimizer.averages().stream().map(Ema::decay).toList();
    Requirements.require(
        decays.contains(decay),
        "--ema",
        decays.size() == 1
            ? decay(optimizer.emaDecay()) + ", the run's EMA decay"
            : "one of the run's EMA decays, "
                + decays.stream().map(RunExporter::decay).collect(Collectors.joining(", ")),
        decay(decay));
    return decay == optimizer.emaDecay() ? UpdateGraph.EMA : UpdateGraph.average(new Ema(decay));
  }

  private static String decay(double value) {
    return BigDecimal.valueOf(value).stripTrailingZeros().toPlainString();
  }

  /** The self-describing model of a run. */
  static OnnxModel model(
      TrainConfig config,
      UNetConfig unet,
      DatasetCard data,
      Map<String, TensorData> weights,
      long step) {
    Map<String, String> metadata = new LinkedHashMap<>();
    metadata.put("ddpm4j.format", "1");
    metadata.put("ddpm4j.scheduler", config.diffusion().scheduler().toJson());
    metadata.put("ddpm4j.image", image(unet));
    if (unet.numClassEmbeds() > 0) {
      metadata.put("ddpm4j.classes", DatasetCard.array(data.classes()).toString());
      config
          .network()
          .nullClass(data.classes().size())
          .ifPresent(label -> metadata.put("ddpm4j.null_class", Integer.toString(label)));
    }
    metadata.put("ddpm4j.unet", unet.toJson());
    metadata.put(PROVENANCE, provenance(config, data, step));
    return OnnxModel.of(UNet.portable(unet, weights)).withMetadata(metadata);
  }

  /** What {@code ddpm4j.image} says of a network's images. */
  static String image(UNetConfig unet) {
    JsonObject o = new JsonObject();
    o.addProperty("channels", unet.inChannels());
    o.addProperty("height", unet.sampleSize());
    o.addProperty("width", unet.sampleSize());
    JsonArray range = new JsonArray();
    range.add(-1);
    range.add(1);
    o.add("value_range", range);
    return o.toString();
  }

  private static String provenance(TrainConfig config, DatasetCard data, long step) {
    JsonObject o = new JsonObject();
    o.addProperty("dataset", data.name());
    o.addProperty("images", data.images());
    o.addProperty("steps", step);
    o.addProperty("batch_size", config.optimizer().batchSize());
    if (config.optimizer().accumulate() > 1) {
      o.addProperty("accumulate", config.optimizer().accumulate());
    }
    o.addProperty("learning_rate", config.optimizer().learningRate());
    if (!config.optimizer().lrSchedule().equals(Decay.CONSTANT.label())) {
      o.addProperty("lr_schedule", config.optimizer().lrSchedule());
      o.addProperty("min_learning_rate", config.optimizer().minLearningRate());
    }
    if (config.optimizer().weightDecay() > 0) {
      o.addProperty("weight_decay", config.optimizer().weightDecay());
    }
    o.addProperty("ema_decay", config.optimizer().emaDecay());
    o.addProperty("label_dropout", config.network().labelDropout());
    if (config.diffusion().training().isGuided()) {
      o.addProperty("model_guidance", config.diffusion().objective().modelGuidance());
    }
    o.addProperty("horizontal_flips", config.data().horizontalFlips());
    o.addProperty("seed", config.run().seed());
    if (config.init() != null) {
      o.addProperty("init", config.init().name());
      o.addProperty("init_sha256", config.init().sha256());
    }
    o.addProperty("version", version());
    return o.toString();
  }

  /** Of this library. */
  static String version() {
    String version = RunExporter.class.getPackage().getImplementationVersion();
    return version == null ? "unknown" : version;
  }
}
