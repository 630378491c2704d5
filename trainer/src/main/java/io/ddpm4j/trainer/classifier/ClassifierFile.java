package io.ddpm4j.trainer.classifier;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.nn.Classifier;
import io.ddpm4j.exporter.nn.ClassifierConfig;
import io.ddpm4j.exporter.proto.MetadataKeys;
import io.ddpm4j.exporter.proto.OnnxModel;
import io.ddpm4j.exporter.proto.OnnxReader;
import io.ddpm4j.exporter.proto.OnnxWriter;
import io.ddpm4j.trainer.evaluate.distance.ClassAccuracy;
import io.ddpm4j.trainer.loop.DatasetCard;
import io.ddpm4j.trainer.optim.Decay;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** A trained classifier as the model file of {@code docs/model-format.md}. */
record ClassifierFile(OnnxModel model) {
  /** The model, which says only what it is. */
  static ClassifierFile of(
      ClassifierConfig network, DatasetCard data, Map<String, TensorData> weights) {
    Map<String, String> metadata = new LinkedHashMap<>();
    metadata.put(MetadataKeys.FORMAT, MetadataKeys.FORMAT_VERSION);
    metadata.put(MetadataKeys.CLASSIFIER, network.toJson());
    JsonObject image = new JsonObject();
    image.addProperty("channels", network.channels());
    image.addProperty("height", network.height());
    image.addProperty("width", network.width());
    JsonArray range = new JsonArray();
    range.add(-1);
    range.add(1);
    image.add("value_range", range);
    metadata.put(MetadataKeys.IMAGE, image.toString());
    metadata.put(MetadataKeys.CLASSES, DatasetCard.array(data.classes()).toString());
    return new ClassifierFile(
        OnnxModel.of(Classifier.portable(network, weights)).withMetadata(metadata));
  }

  /**
   * A file that was written.
   *
   * @throws IOException if it cannot be read
   */
  static ClassifierFile read(Path file) throws IOException {
    return new ClassifierFile(OnnxReader.read(file).toModel());
  }

  /**
   * The same with what it came from.
   *
   * @param trained images that were trained on
   * @param heldOut images by which the epoch was chosen
   */
  ClassifierFile told(
      ClassifierTrainConfig config, DatasetCard data, int trained, int heldOut, Epoch epoch) {
    JsonObject o = new JsonObject();
    o.addProperty("dataset", data.name());
    o.addProperty("images", trained);
    o.addProperty("held_out", heldOut);
    o.addProperty("epoch", epoch.epoch());
    o.addProperty("epochs", config.epochs());
    o.addProperty("steps", epoch.step());
    o.addProperty("batch_size", config.batchSize());
    o.addProperty("learning_rate", config.learningRate());
    o.addProperty("lr_schedule", Decay.COSINE.label());
    o.addProperty("warmup_steps", config.warmupSteps());
    o.addProperty("weight_decay", config.weightDecay());
    o.addProperty("ema_decay", config.emaDecay());
    o.addProperty("label_smoothing", config.labelSmoothing());
    o.addProperty("horizontal_flips", config.data().horizontalFlips());
    o.addProperty("shift", config.shift());
    o.addProperty("seed", config.seed());
    o.addProperty("held_out_accuracy", digits(epoch.heldOutAccuracy()));
    String version = ClassifierFile.class.getPackage().getImplementationVersion();
    o.addProperty("version", version == null ? "unknown" : version);
    return withProvenance(o);
  }

  /** The same, saying how many images of the test split it gets right. */
  ClassifierFile told(ClassAccuracy test) {
    String json = model.metadata().get(MetadataKeys.PROVENANCE);
    JsonObject o = JsonParser.parseString(json).getAsJsonObject();
    o.addProperty("test_images", test.images());
    o.addProperty("test_accuracy", digits(test.accuracy()));
    return withProvenance(o);
  }

  private ClassifierFile withProvenance(JsonObject provenance) {
    Map<String, String> metadata = new LinkedHashMap<>(model.metadata());
    metadata.put(MetadataKeys.PROVENANCE, provenance.toString());
    return new ClassifierFile(model.withMetadata(metadata));
  }

  private static BigDecimal digits(double share) {
    return new BigDecimal(share).round(new MathContext(6)).stripTrailingZeros();
  }

  byte[] toBytes() {
    return OnnxWriter.toBytes(model);
  }

  void write(Path file) throws IOException {
    OnnxWriter.write(model, file);
  }
}
