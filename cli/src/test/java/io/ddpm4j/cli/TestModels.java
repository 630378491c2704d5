package io.ddpm4j.cli;

import com.google.gson.Gson;
import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Dim;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.Lowering;
import io.ddpm4j.exporter.graph.OpSet;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.Value;
import io.ddpm4j.exporter.nn.Classifier;
import io.ddpm4j.exporter.nn.ClassifierConfig;
import io.ddpm4j.exporter.nn.Parameters;
import io.ddpm4j.exporter.nn.UNet;
import io.ddpm4j.exporter.nn.UNetConfig;
import io.ddpm4j.exporter.proto.MetadataKeys;
import io.ddpm4j.exporter.proto.OnnxModel;
import io.ddpm4j.exporter.proto.OnnxWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Models small enough to be made in a test. */
final class TestModels {
  static final List<String> CLASSES = List.of("Boot", "T-shirt", "Bag");

  private TestModels() {}

  /** An untrained U-Net of 8x8 images, as docs/model-format.md says. */
  static Path unet(Path file, int channels, List<String> classes) throws IOException {
    return write(file, channels, classes, metadata(channels, classes));
  }

  /** The same without any metadata. */
  static Path foreign(Path file) throws IOException {
    return write(file, 1, List.of(), Map.of());
  }

  static Path write(Path file, int channels, List<String> classes, Map<String, String> metadata)
      throws IOException {
    UNetConfig config = config(channels, classes.size());
    Graph graph = new Graph("unet", OpSet.standard());
    Value sample = graph.input("sample", DataType.FLOAT, Shape.named("batch", channels, 8, 8));
    Value timestep = graph.input("timestep", DataType.INT64, Shape.named("batch"));
    Value labels =
        classes.isEmpty()
            ? null
            : graph.input("class_labels", DataType.INT64, Shape.named("batch"));
    Parameters weights = Parameters.asConstants(graph, UNet.parameters(config).initialize(5));
    graph.output(
        "out_sample", UNet.build(new Ops(graph), config, weights, sample, timestep, labels));
    Graph portable = Lowering.portable().apply(graph, OpSet.onnx(OpSet.DEFAULT_VERSION));
    OnnxWriter.write(OnnxModel.of(portable).withMetadata(metadata), file);
    return file;
  }

  /**
   * A feature network of 8x8 images: the means of the colours are the features, the first pixels
   * what it sees of each class.
   */
  static Path features(Path file, int channels, List<String> classes) throws IOException {
    return features(
        file,
        channels,
        classes.size(),
        Map.of(
            "ddpm4j.image",
            "{\"value_range\":[-1.0,1.0]}",
            "ddpm4j.classes",
            new Gson().toJson(classes)));
  }

  /** The same with other metadata. */
  static Path features(Path file, int channels, int classes, Map<String, String> metadata)
      throws IOException {
    Graph graph = new Graph("features", OpSet.onnx(OpSet.DEFAULT_VERSION));
    Ops ops = new Ops(graph);
    Value images = graph.input("images", DataType.FLOAT, Shape.named("batch", channels, 8, 8));
    graph.output("features", ops.reduceMean(images, false, 2, 3));
    graph.output("logits", ops.slice(ops.reshape(images, 0, -1), 1, 0, classes));
    OnnxWriter.write(OnnxModel.of(graph).withMetadata(metadata), file);
    return file;
  }

  /** A noise predictor of 8x8 images without weights: k times x, plus t. */
  static Path scaling(Path file, double k, int channels) throws IOException {
    Graph graph = new Graph("scaling", OpSet.onnx(OpSet.DEFAULT_VERSION));
    Ops ops = new Ops(graph);
    Value x = graph.input("x", DataType.FLOAT, Shape.named("n", channels, 8, 8));
    Value t = graph.input("t", DataType.FLOAT, Shape.of(1));
    graph.output("y", ops.add(ops.mul(x, ops.scalar(k)), t));
    OnnxWriter.write(OnnxModel.of(graph), file);
    return file;
  }

  /** A noise predictor of open size; rank and type do not tell which of a and b is the timestep. */
  static Path unclear(Path file) throws IOException {
    Graph graph = new Graph("unclear", OpSet.onnx(OpSet.DEFAULT_VERSION));
    Ops ops = new Ops(graph);
    Value x =
        graph.input(
            "x",
            DataType.FLOAT,
            new Shape(Stream.of("n", "c", "h", "w").<Dim>map(Dim.Named::new).toList()));
    Value a = graph.input("a", DataType.INT64, Shape.named("m"));
    Value b = graph.input("b", DataType.INT64, Shape.named("m"));
    graph.output("y", ops.mul(x, ops.scalar(0.5)));
    graph.output("unused", ops.add(a, b));
    OnnxWriter.write(OnnxModel.of(graph), file);
    return file;
  }

  /** A valid model that is no noise predictor: y = x + x. */
  static Path noPredictor(Path file) throws IOException {
    Graph graph = new Graph("double", OpSet.onnx(OpSet.DEFAULT_VERSION));
    Value x = graph.input("x", DataType.FLOAT, Shape.of(2, 3));
    graph.output("y", new Ops(graph).add(x, x));
    OnnxWriter.write(OnnxModel.of(graph), file);
    return file;
  }

  /** A classifier of 1x8x8 images, with random weights. */
  static Path classifier(Path file) throws IOException {
    ClassifierConfig network =
        new ClassifierConfig(1, 8, 8, List.of(4, 8), List.of(1, 1), 4, CLASSES.size());
    Map<String, TensorData> weights = Classifier.parameters(network).initialize(5);
    Map<String, String> metadata = metadata(1, CLASSES);
    metadata.keySet().removeAll(List.of(MetadataKeys.SCHEDULER, MetadataKeys.UNET));
    metadata.put(MetadataKeys.CLASSIFIER, network.toJson());
    OnnxWriter.write(
        OnnxModel.of(Classifier.portable(network, weights)).withMetadata(metadata), file);
    return file;
  }

  static UNetConfig config(int channels, int classes) {
    return UNetConfig.fromJson(
        """
        {"sample_size": 8, "in_channels": %d, "out_channels": %d, "block_out_channels": [8, 8],
         "down_block_types": ["DownBlock2D", "AttnDownBlock2D"],
         "up_block_types": ["AttnUpBlock2D", "UpBlock2D"], "layers_per_block": 1,
         "attention_head_dim": 8, "norm_num_groups": 4, "num_class_embeds": %s}
        """
            .formatted(channels, channels, classes == 0 ? "null" : classes));
  }

  static Map<String, String> metadata(int channels, List<String> classes) {
    Map<String, String> metadata = new LinkedHashMap<>();
    metadata.put("ddpm4j.format", "1");
    metadata.put(
        "ddpm4j.scheduler",
        """
        {"_class_name": "DDPMScheduler", "num_train_timesteps": 20, "beta_start": 0.0001,
         "beta_end": 0.3, "beta_schedule": "linear", "prediction_type": "epsilon",
         "variance_type": "fixed_large", "clip_sample": true}
        """);
    metadata.put(
        "ddpm4j.image", "{\"channels\": %d, \"height\": 8, \"width\": 8}".formatted(channels));
    if (!classes.isEmpty()) {
      metadata.put("ddpm4j.classes", "[\"" + String.join("\", \"", classes) + "\"]");
    }
    metadata.put("ddpm4j.unet", config(channels, classes.size()).toJson());
    metadata.put("ddpm4j.provenance", "{\"dataset\": \"none\", \"steps\": 0, \"seed\": 5}");
    return metadata;
  }
}
