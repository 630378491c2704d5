package io.ddpm4j.exporter.transform;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.exporter.graph.Dim;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.Node;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.nn.UNet;
import io.ddpm4j.exporter.nn.UNetConfig;
import io.ddpm4j.exporter.proto.MetadataKeys;
import io.ddpm4j.exporter.proto.OnnxModel;
import io.ddpm4j.exporter.proto.OnnxReader;
import io.ddpm4j.exporter.testing.GoldenUNets;
import io.ddpm4j.exporter.testing.GraphRunner;
import io.ddpm4j.exporter.testing.Npy;
import io.ddpm4j.testing.SharedData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;

/** What transformations are tried on: small networks of ours, and the models that ship. */
final class TransformNetworks {
  private static List<Network> all;
  private static List<Network> stored;

  private TransformNetworks() {}

  /**
   * A network, and what it makes of some inputs.
   *
   * @param expected computed by ONNX Runtime in the network's own form
   */
  record Network(
      String name, OnnxModel model, Map<String, TensorData> inputs, TensorData expected) {
    Graph graph() {
      return model.graph();
    }

    int batch() {
      return (int) expected.shape().size(0);
    }

    String output() {
      return graph().outputs().keySet().iterator().next();
    }

    @Override
    public String toString() {
      return name;
    }
  }

  /** {@link #small} and {@link #shipped}, made once. */
  static synchronized List<Network> all() throws IOException {
    if (all == null) {
      List<Network> networks = new ArrayList<>(small());
      networks.addAll(shipped());
      all = networks;
    }
    return all;
  }

  /** Each kind of block, with labels and without, odd sizes of the embedding. */
  static List<Network> small() {
    String plain =
        """
        {"sample_size": 8, "in_channels": 3, "out_channels": 3, "block_out_channels": [16, 24],
         "down_block_types": ["DownBlock2D", "AttnDownBlock2D"], "layers_per_block": 1,
         "up_block_types": ["AttnUpBlock2D", "UpBlock2D"], "attention_head_dim": 8,
         "norm_num_groups": 4%s}
        """;
    return List.of(
        network("unet", plain.formatted("")),
        network(
            "unet with classes",
            plain.formatted(
                ", \"num_class_embeds\": 5, \"resnet_time_scale_shift\": \"scale_shift\"")));
  }

  private static Network network(String name, String json) {
    UNetConfig config = UNetConfig.fromJson(json);
    Graph graph = UNet.portable(config, UNet.parameters(config).initialize(3));
    return network(name, OnnxModel.of(graph));
  }

  /** The folders of models. */
  static List<Network> shipped() throws IOException {
    List<Network> networks = new ArrayList<>();
    try (Stream<Path> folders = Files.list(Path.of("..", "models"))) {
      for (Path folder : folders.sorted().toList()) {
        Path file = folder.resolve("model.onnx");
        if (Files.exists(file)) {
          OnnxModel model = OnnxReader.read(file).toModel();
          if (!model.metadata().containsKey(MetadataKeys.CLASSIFIER)) { // those that predict noise
            networks.add(network(folder.getFileName().toString(), model));
          }
        }
      }
    }
    assertFalse(networks.isEmpty(), "no shipped model");
    return networks;
  }

  /**
   * The reference networks, and those that PyTorch has exported: every one that there is. Skips the
   * test where there are none. Made once.
   */
  static synchronized List<Network> stored() throws IOException {
    if (stored == null) {
      stored = readStored();
    }
    return stored;
  }

  private static List<Network> readStored() throws IOException {
    List<Network> networks = new ArrayList<>();
    for (GoldenUNets.Case c : GoldenUNets.all()) {
      if (c.config().isPresent()) {
        OnnxModel model = OnnxModel.of(UNet.portable(c.config().get(), c.weights()));
        networks.add(network(c.toString(), model, c.inputs()));
      }
    }
    try (Stream<Path> files = Files.list(SharedData.path("golden/unets/onnx"))) {
      for (Path file : files.filter(f -> f.toString().endsWith(".onnx")).sorted().toList()) {
        String name = file.getFileName().toString();
        String stem = name.replaceAll("(_opset\\d+)?\\.onnx", "");
        Map<String, TensorData> inputs = new LinkedHashMap<>();
        for (String input : List.of("sample", "timestep")) {
          inputs.put(input, Npy.read(file.resolveSibling(stem + "_" + input + ".npy")));
        }
        networks.add(network(name, OnnxReader.read(file).toModel(), inputs));
      }
    }
    assertTrue(networks.size() > 3, "stored: " + networks);
    return networks;
  }

  private static Network network(String name, OnnxModel model) {
    return network(name, model, inputs(model.graph(), 2, 17));
  }

  private static Network network(String name, OnnxModel model, Map<String, TensorData> inputs) {
    TensorData expected = GraphRunner.run(model.graph(), inputs).values().iterator().next();
    return new Network(name, model, inputs, expected);
  }

  /** Noise, timesteps from the whole range, and labels. */
  static Map<String, TensorData> inputs(Graph graph, int batch, long seed) {
    Random random = new Random(seed);
    long[] sizes = graph.value("sample").orElseThrow().shape().with(0, dim(batch)).sizes();
    float[] image = new float[(int) (batch * sizes[1] * sizes[2] * sizes[3])];
    for (int k = 0; k < image.length; k++) {
      image[k] = (float) random.nextGaussian();
    }
    long[] timesteps = new long[batch];
    long[] labels = new long[batch];
    for (int k = 0; k < batch; k++) {
      timesteps[k] = (k + 1) * 999L / batch;
      labels[k] = k % 5;
    }
    Map<String, TensorData> inputs = new LinkedHashMap<>();
    inputs.put("sample", TensorData.ofFloats(image, sizes));
    inputs.put("timestep", TensorData.longs(timesteps));
    inputs.put("class_labels", TensorData.longs(labels));
    return inputs;
  }

  private static Dim dim(int size) {
    return Dim.of(size);
  }

  /** How often each operator occurs. */
  static Map<String, Long> operators(Graph graph) {
    Map<String, Long> counts = new TreeMap<>();
    for (Node node : graph.nodes()) {
      counts.merge(node.op(), 1L, Long::sum);
    }
    return counts;
  }
}
