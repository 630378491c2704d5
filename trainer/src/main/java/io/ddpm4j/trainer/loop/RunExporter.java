package io.ddpm4j.trainer.loop;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.Lowering;
import io.ddpm4j.exporter.graph.OpSet;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.Value;
import io.ddpm4j.exporter.nn.Parameters;
import io.ddpm4j.exporter.nn.UNet;
import io.ddpm4j.exporter.nn.UNetConfig;
import io.ddpm4j.exporter.proto.OnnxModel;
import io.ddpm4j.exporter.proto.OnnxWriter;
import io.ddpm4j.trainer.checkpoint.Checkpoint;
import io.ddpm4j.trainer.checkpoint.CheckpointException;
import io.ddpm4j.trainer.data.ImageDataset;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Turns a run into the model file of {@code docs/model-format.md}, with the averaged weights. */
public final class RunExporter {
  private RunExporter() {}

  /**
   * What the file says about the data.
   *
   * @param classes empty for unlabelled data
   */
  record DatasetCard(String name, String description, int images, List<String> classes) {
    static DatasetCard of(ImageDataset data) {
      return new DatasetCard(data.name(), data.description(), data.size(), data.classNames());
    }

    String toJson() {
      JsonObject o = new JsonObject();
      o.addProperty("name", name);
      o.addProperty("description", description);
      o.addProperty("images", images);
      o.add("classes", array(classes));
      return o.toString();
    }

    static DatasetCard fromJson(Path file) throws IOException {
      try {
        JsonObject o = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
        List<String> classes = new java.util.ArrayList<>();
        o.getAsJsonArray("classes").forEach(c -> classes.add(c.getAsString()));
        return new DatasetCard(
            o.get("name").getAsString(),
            o.get("description").getAsString(),
            o.get("images").getAsInt(),
            classes);
      } catch (JsonParseException | IllegalStateException | NullPointerException e) {
        throw new IOException(file + ": expected the data set of a run as JSON, found no such", e);
      }
    }
  }

  /**
   * Exports the newest checkpoint of a run.
   *
   * @param run the run's folder
   * @return the step of that checkpoint
   * @throws IOException if there is no checkpoint, it is damaged, or the file cannot be written
   */
  public static long export(Path run, Path file) throws IOException {
    RunFolder folder = new RunFolder(run);
    TrainConfig config = folder.readConfig();
    Path latest =
        folder
            .checkpoints()
            .latest()
            .orElseThrow(
                () ->
                    new CheckpointException(run + ": expected a checkpoint to export, found none"));
    Checkpoint checkpoint = folder.checkpoints().read(latest);
    Map<String, TensorData> ema = new LinkedHashMap<>();
    checkpoint
        .tensors()
        .forEach(
            (name, tensor) -> {
              if (name.startsWith("ema.")) {
                ema.put(name.substring("ema.".length()), tensor);
              }
            });
    UNetConfig unet = UNetConfig.fromJson(checkpoint.unet());
    OnnxModel model =
        model(config, unet, DatasetCard.fromJson(folder.dataset()), ema, checkpoint.step());
    OnnxWriter.write(model, file);
    return checkpoint.step();
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
      metadata.put("ddpm4j.classes", array(data.classes()).toString());
    }
    metadata.put("ddpm4j.unet", unet.toJson());
    metadata.put("ddpm4j.provenance", provenance(config, data, step));
    return OnnxModel.of(graph(unet, weights)).withMetadata(metadata);
  }

  /** The network in portable operators, its weights constants. */
  public static Graph graph(UNetConfig unet, Map<String, TensorData> weights) {
    Graph graph = new Graph("unet", OpSet.standard());
    int size = unet.sampleSize();
    Value sample =
        graph.input("sample", DataType.FLOAT, Shape.named("batch", unet.inChannels(), size, size));
    Value timestep = graph.input("timestep", DataType.INT64, Shape.named("batch"));
    Value labels =
        unet.numClassEmbeds() > 0
            ? graph.input("class_labels", DataType.INT64, Shape.named("batch"))
            : null;
    Parameters parameters = Parameters.asConstants(graph, weights);
    Ops ops = new Ops(graph);
    graph.output("out_sample", UNet.build(ops, unet, parameters, sample, timestep, labels));
    return Lowering.portable().apply(graph, OpSet.onnx(OpSet.DEFAULT_VERSION));
  }

  private static String image(UNetConfig unet) {
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
    o.addProperty("learning_rate", config.optimizer().learningRate());
    o.addProperty("ema_decay", config.optimizer().emaDecay());
    o.addProperty("horizontal_flips", config.data().horizontalFlips());
    o.addProperty("seed", config.run().seed());
    String version = RunExporter.class.getPackage().getImplementationVersion();
    o.addProperty("version", version == null ? "unknown" : version);
    return o.toString();
  }

  private static JsonArray array(List<String> values) {
    JsonArray array = new JsonArray();
    values.forEach(array::add);
    return array;
  }
}
