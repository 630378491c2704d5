package io.ddpm4j.trainer.loop;

import static io.ddpm4j.trainer.loop.TrainerTest.SILENT;
import static io.ddpm4j.trainer.loop.TrainerTest.fails;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.exporter.convert.Safetensors;
import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.nn.ClassEmbedding;
import io.ddpm4j.exporter.nn.UNet;
import io.ddpm4j.exporter.nn.UNetConfig;
import io.ddpm4j.exporter.proto.OnnxReader;
import io.ddpm4j.exporter.testing.GoldenUNets;
import io.ddpm4j.exporter.testing.GraphRunner;
import io.ddpm4j.runtime.model.ModelMetadata;
import io.ddpm4j.runtime.sampling.Cancellation;
import io.ddpm4j.testing.NpyFile;
import io.ddpm4j.testing.SharedData;
import io.ddpm4j.trainer.checkpoint.Checkpoint;
import io.ddpm4j.trainer.data.Sha256;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Runs that begin with what diffusers saved: the reference U-Nets. */
class DiffusersCheckpointTest {
  private static final String WEIGHTS = "diffusion_pytorch_model.safetensors";

  @TempDir Path folder;

  /** The reference networks that a run can have. */
  static List<GoldenUNets.Case> trainable() throws IOException {
    return GoldenUNets.all().stream().filter(c -> isTrainable(c.config().orElseThrow())).toList();
  }

  /** Whether it takes timesteps from 0 on, and classes as numbers. */
  private static boolean isTrainable(UNetConfig network) {
    return network.timeEmbedding() != UNetConfig.TimeEmbedding.FOURIER
        && network.classEmbedding() == ClassEmbedding.TABLE;
  }

  /** Pictures of the size, channels and classes of a network. */
  private DataConfig pictures(UNetConfig network) throws IOException {
    Random random = new Random(4);
    Path all = folder.resolve("pictures");
    int size = network.sampleSize();
    for (int i = 0; i < Math.max(8, network.numClassEmbeds()); i++) {
      int kind = network.numClassEmbeds() == 0 ? 0 : i % network.numClassEmbeds();
      Path of = Files.createDirectories(all.resolve("kind-" + kind));
      BufferedImage image = new BufferedImage(size, size, BufferedImage.TYPE_INT_RGB);
      for (int p = 0; p < size * size; p++) {
        image.setRGB(p % size, p / size, random.nextInt(1 << 24));
      }
      ImageIO.write(image, "png", of.resolve(i + ".png").toFile());
    }
    return new DataConfig(
        all.toString(),
        null,
        null,
        size,
        network.inChannels(),
        null,
        network.numClassEmbeds() > 0,
        false);
  }

  private TrainConfig onwards(InitialModel model, UNetConfig network, double rate)
      throws IOException {
    TrainConfig config =
        new TrainConfig(
            pictures(network),
            model.network().orElseThrow(),
            new DiffusionConfig(50, "linear", 1e-3, 0.1, "epsilon")
                .withObjective(
                    network.outChannels() == network.inChannels()
                        ? ObjectiveConfig.SIMPLE
                        : new ObjectiveConfig("hybrid", null, 0, null, 0)),
            new OptimizerConfig(2, rate, 0, 0.9, 0.999, 1e-8, 1, 0.99),
            new RunConfig(2, 7, 0, 1, 0, 4, 3, 1));
    return config.withInit(model.init());
  }

  private Checkpoint train(String run, TrainConfig config, List<String> warnings)
      throws IOException {
    Trainer.create(folder.resolve(run), config, warnings::add).run(SILENT, new Cancellation());
    RunFolder files = new RunFolder(folder.resolve(run));
    return files.checkpoints().read(files.checkpoints().latest().orElseThrow());
  }

  private static void assertOutput(
      double[] expected, UNetConfig network, Map<String, TensorData> weights, GoldenUNets.Case c)
      throws IOException {
    float[] found =
        GraphRunner.run(UNet.portable(network, weights), c.inputs()).get("out_sample").floats();
    double rounding = c.json("info").get("f32_vs_f64_max_abs").getAsDouble();
    assertArrayEquals(expected, widened(found), Math.max(2e-6, 4 * rounding));
  }

  private static double[] widened(float[] values) {
    double[] wide = new double[values.length];
    for (int i = 0; i < wide.length; i++) {
      wide[i] = values[i];
    }
    return wide;
  }

  @Test
  void mostOfTheReferenceNetworksTrain() throws IOException {
    assertTrue(trainable().size() >= 6, trainable().toString());
    for (GoldenUNets.Case c : GoldenUNets.all()) {
      if (!isTrainable(c.config().orElseThrow())) {
        fails(
            IOException.class,
            () -> InitialModel.read(c.folder()),
            c.folder().resolve("config.json") + ": U-Net config: ",
            "expected ");
      }
    }
    UNetConfig odd = trainable().get(0).config().orElseThrow().withOutChannels(4);
    fails(
        IllegalArgumentException.class,
        () -> NetworkConfig.of(odd),
        "out_channels: expected as many as in_channels, 3, or twice that with a learned variance,"
            + " found 4");
  }

  @ParameterizedTest
  @MethodSource("trainable")
  void aRunBeginsWithTheNetworkThatDiffusersSaved(GoldenUNets.Case c) throws IOException {
    UNetConfig network = c.config().orElseThrow();
    InitialModel model = InitialModel.read(c.folder());
    List<String> warnings = new ArrayList<>();
    Checkpoint still = train("still", onwards(model, network, 1e-30), warnings);
    assertEquals(c.weights(), still.state("weights"), "bit for bit");
    UNetConfig kept = UNetConfig.fromJson(still.unet());
    assertEquals(network, kept);
    assertOutput(c.npy("output_f64").values(), kept, still.state("weights"), c);
    assertEquals(network.numClassEmbeds() > 0 ? 1 : 0, warnings.size(), warnings.toString());
    if (!warnings.isEmpty()) {
      assertTrue(warnings.get(0).contains(" does not name its classes: they are, in this order,"));
    }

    Checkpoint moved = train("moved", onwards(model, network, 1e-3), warnings);
    assertNotEquals(c.weights(), moved.state("weights"));
    assertTrue(Double.isFinite(moved.smoothedLoss()) && moved.smoothedLoss() > 0);
    Path file = folder.resolve("model.onnx");
    RunExporter.export(folder.resolve("moved"), file);
    Map<String, String> said =
        ModelMetadata.parse("model", OnnxReader.read(file).metadata()).provenance();
    assertEquals("unets/" + c, said.get("init"));
    assertEquals(Sha256.of(c.folder().resolve(WEIGHTS)), said.get("init_sha256"));
    assertEquals(network, UNetConfig.fromJson(OnnxReader.read(file).metadata().get("ddpm4j.unet")));
  }

  @ParameterizedTest
  @CsvSource({"fp16, safetensors", "bf16, safetensors", "fp16, bin"})
  void weightsOfSixteenBits(String kind, String ending) throws IOException {
    Path golden = SharedData.path("golden/unets/mnist_like");
    GoldenUNets.Case c =
        trainable().stream().filter(g -> g.folder().equals(golden)).findFirst().orElseThrow();
    String file = "diffusion_pytorch_model." + kind + "." + ending;
    InitialModel model = InitialModel.read(golden.resolve(file));
    UNetConfig network = c.config().orElseThrow();
    double[] expected = NpyFile.read(golden.resolve("output." + kind + ".npy")).values();
    assertOutput(expected, network, model.weights(network, false), c);
    assertEquals("mnist_like/" + file, model.init().name());
  }

  // --- files and folders made for the purpose ----------------------------------------------------

  private static final UNetConfig SMALL =
      UNetConfig.fromJson(
          """
          {"sample_size": 8, "block_out_channels": [8], "down_block_types": ["AttnDownBlock2D"],
           "up_block_types": ["AttnUpBlock2D"], "layers_per_block": 1, "norm_num_groups": 2,
           "attention_head_dim": 4}
          """);

  private final Map<String, TensorData> weights = UNet.parameters(SMALL).initialize(3);

  private Path save(Path in, Map<String, TensorData> tensors) throws IOException {
    Files.createDirectories(in);
    Files.writeString(in.resolve("config.json"), SMALL.toJson());
    try (OutputStream out = Files.newOutputStream(in.resolve(WEIGHTS))) {
      new Safetensors(tensors, Map.of("format", "pt")).write(out);
    }
    return in;
  }

  private Map<String, TensorData> renamed(UnaryOperator<String> names) {
    Map<String, TensorData> others = new LinkedHashMap<>();
    weights.forEach((name, tensor) -> others.put(names.apply(name), tensor));
    return others;
  }

  @Test
  void aPipeline() throws IOException {
    Path pipeline = folder.resolve("pipeline");
    save(pipeline.resolve("unet"), weights);
    assertEquals(Optional.empty(), InitialModel.read(pipeline).diffusion());
    Path scheduler = Files.createDirectories(pipeline.resolve("scheduler"));
    Path file = scheduler.resolve("scheduler_config.json");
    Files.writeString(
        file,
        """
        {"_class_name": "DDIMScheduler", "num_train_timesteps": 400, "beta_start": 0.001,
         "beta_end": 0.03, "beta_schedule": "scaled_linear", "prediction_type": "v_prediction"}
        """);
    Optional<DiffusionConfig> expected =
        Optional.of(new DiffusionConfig(400, "scaled_linear", 0.001, 0.03, "v_prediction"));
    for (String part : List.of("", "unet", "unet/" + WEIGHTS)) {
      InitialModel model = InitialModel.read(pipeline.resolve(part));
      assertEquals(expected, model.diffusion(), part);
      assertEquals(weights, model.weights(SMALL, false));
    }
    assertEquals(folder.getFileName() + "/pipeline", InitialModel.read(pipeline).init().name());
    Files.writeString(file, "{\"beta_schedule\": \"steep\"}");
    fails(IOException.class, () -> InitialModel.read(pipeline), file + ": beta_schedule: expected");
  }

  @Test
  void earlyNamesOfAttention() throws IOException {
    Map<String, TensorData> early =
        renamed(
            name ->
                name.replace("to_q", "query")
                    .replace("to_k", "key")
                    .replace("to_v", "value")
                    .replace("to_out.0", "proj_attn"));
    assertTrue(early.containsKey("mid_block.attentions.0.proj_attn.bias"), early.toString());
    InitialModel model = InitialModel.read(save(folder.resolve("early"), early));
    assertEquals(weights, model.weights(SMALL, false));
  }

  /** What a training script leaves: a network and its average, beside an optimizer's state. */
  @Test
  void anAverageInACheckpoint() throws IOException {
    Map<String, TensorData> all = renamed(name -> "ema_model.model." + name);
    weights.forEach(
        (name, tensor) -> {
          all.put("model." + name, tensor.reshape(tensor.shape().sizes()));
          all.put("optimizer.state." + name, TensorData.scalar(1f));
        });
    all.replaceAll(
        (name, tensor) ->
            name.equals("model.conv_in.bias") ? TensorData.ofFloats(new float[8], 8) : tensor);
    Path saved = save(folder.resolve("average"), all);
    assertEquals(weights, InitialModel.read(saved).weights(SMALL, false));
    Files.delete(saved.resolve("config.json"));
    assertEquals(weights, InitialModel.read(saved.resolve(WEIGHTS)).weights(SMALL, false));
  }

  /** Of several files, each counts: a run knows its model again by all of them. */
  @Test
  void shards() throws IOException {
    Path saved = save(folder.resolve("shards"), weights);
    Files.delete(saved.resolve(WEIGHTS));
    Map<String, TensorData> first = new LinkedHashMap<>();
    Map<String, TensorData> second = new LinkedHashMap<>();
    StringBuilder index = new StringBuilder("{\"metadata\": {}, \"weight_map\": {");
    weights.forEach(
        (name, tensor) -> {
          Map<String, TensorData> shard = first.size() > second.size() ? second : first;
          shard.put(name, tensor);
          index.append(index.charAt(index.length() - 1) == '{' ? "" : ", ");
          index.append("\"" + name + "\": \"" + (shard == first ? "a" : "b") + "\"");
        });
    Files.writeString(saved.resolve(WEIGHTS + ".index.json"), index + "}}");
    shard(saved.resolve("a"), first);
    shard(saved.resolve("b"), second);
    InitialModel model = InitialModel.read(saved);
    assertEquals(weights, model.weights(SMALL, false));
    InitConfig before = model.init();
    assertEquals(before, InitialModel.read(saved).init());
    second.replaceAll(
        (name, tensor) ->
            TensorData.ofFloats(new float[tensor.byteSize() / 4], tensor.shape().sizes()));
    shard(saved.resolve("b"), second);
    fails(IOException.class, () -> InitialModel.read(before), "expected the model with SHA-256 ");
  }

  private static void shard(Path file, Map<String, TensorData> tensors) throws IOException {
    try (OutputStream out = Files.newOutputStream(file)) {
      new Safetensors(tensors, Map.of()).write(out);
    }
  }

  @Test
  void argumentsThatTensorsSay() throws IOException {
    Path saved = save(folder.resolve("few"), weights);
    Files.writeString(
        saved.resolve("config.json"),
        "{\"sample_size\": 8, \"attention_head_dim\": 4, \"norm_num_groups\": 2}");
    InitialModel model = InitialModel.read(saved);
    assertEquals(weights, model.weights(SMALL, false));
    assertEquals(SMALL, model.network().orElseThrow().unet(8, 3, 0));
  }

  @Test
  void weightsOfSixtyFourBits() throws IOException {
    Map<String, TensorData> doubles =
        weights.entrySet().stream()
            .collect(Collectors.toMap(Map.Entry::getKey, e -> asDoubles(e.getValue())));
    InitialModel model = InitialModel.read(save(folder.resolve("doubles"), doubles));
    assertEquals(weights, model.weights(SMALL, false));
  }

  private static TensorData asDoubles(TensorData floats) {
    ByteBuffer bytes = ByteBuffer.allocate(2 * floats.byteSize()).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : floats.floats()) {
      bytes.putDouble(value);
    }
    return TensorData.ofBytes(DataType.DOUBLE, floats.shape(), bytes.array());
  }

  @Test
  void weightsAlone() throws IOException {
    Path file = save(folder.resolve("alone"), weights).resolve(WEIGHTS);
    Files.delete(file.resolveSibling("config.json"));
    InitialModel model = InitialModel.read(file);
    assertEquals(Optional.empty(), model.network());
    assertEquals(Optional.empty(), model.diffusion());
    assertEquals(weights, model.weights(SMALL, false));
    UNetConfig deeper =
        UNetConfig.fromJson(SMALL.toJson().replace("per_block\":1", "per_block\":2"));
    fails(
        IllegalArgumentException.class,
        () -> model.weights(deeper, false),
        file + ": parameter down_blocks.0.resnets.1.norm1.weight: expected FLOAT of shape [8]",
        "found none");
    UNetConfig plain =
        UNetConfig.fromJson(SMALL.toJson().replace("AttnDown", "Down").replace("AttnUp", "Up"));
    fails(
        IllegalArgumentException.class,
        () -> model.weights(plain, false),
        file + ": parameter down_blocks.0.attentions.0.",
        ": expected none in the run's network, found one");
  }

  @Test
  void whatIsNotThere() throws IOException {
    Path saved = save(folder.resolve("saved"), weights);
    Path file = saved.resolve(WEIGHTS);
    Files.move(file, saved.resolve("diffusion_pytorch_model.bin"));
    // what a file is, its first bytes tell
    assertEquals(weights, InitialModel.read(saved).weights(SMALL, false));
    Files.move(saved.resolve("diffusion_pytorch_model.bin"), folder.resolve("elsewhere"));
    fails(
        IOException.class,
        () -> InitialModel.read(saved),
        saved + ": expected " + WEIGHTS + " or .bin, or the index of such files, found none");
    Files.move(folder.resolve("elsewhere"), file);
    Files.delete(saved.resolve("config.json"));
    fails(
        IOException.class,
        () -> InitialModel.read(saved),
        saved + ": expected config.json beside the weights, found none");
  }

  @Test
  void whatDoesNotBelong() throws IOException {
    Map<String, TensorData> more = new LinkedHashMap<>(weights);
    more.put("extra.weight", TensorData.scalar(1f));
    Path saved = save(folder.resolve("saved"), more);
    fails(
        IOException.class,
        () -> InitialModel.read(saved),
        saved.resolve(WEIGHTS)
            + ": expected the network's tensors and no others, found 1 unknown (extra.weight)");
    more.remove("extra.weight");
    more.put("conv_in.bias", TensorData.longs(1, 2, 3, 4, 5, 6, 7, 8));
    save(saved, more);
    fails(
        IOException.class,
        () -> InitialModel.read(saved),
        saved.resolve(WEIGHTS)
            + ": expected the network's tensors and no others, found 1 of another type or shape"
            + " (conv_in.bias: expected float numbers of shape [8], found INT64[8])");
    Files.delete(saved.resolve("config.json"));
    fails(
        IOException.class,
        () -> InitialModel.read(saved.resolve(WEIGHTS)),
        saved.resolve(WEIGHTS)
            + ": tensor conv_in.bias: expected numbers with fractions, found INT64");
    save(saved, renamed(name -> "down_blocks.0.transformer_blocks.0." + name));
    fails(
        IOException.class,
        () -> InitialModel.read(saved),
        saved.resolve(WEIGHTS) + ": expected a checkpoint of UNet2DModel",
        "found UNet2DConditionModel, which needs a text's embedding");
    save(saved, weights);
    Files.writeString(
        saved.resolve("config.json"),
        "{\"_class_name\": \"UNet2DModel\", \"down_block_types\": [\"CrossAttnDownBlock2D\"]}");
    fails(
        IOException.class,
        () -> InitialModel.read(saved),
        "config.json: U-Net config: down_block_types: expected blocks of [DownBlock2D,",
        "found \"CrossAttnDownBlock2D\"");
  }

  @Test
  void aLearnedTimeEmbeddingHasSoManyTimesteps() throws IOException {
    UNetConfig learned =
        UNetConfig.fromJson(
            SMALL
                .toJson()
                .replace("\"positional\"", "\"learned\"")
                .replace("\"num_train_timesteps\":null", "\"num_train_timesteps\":20"));
    TrainConfig config = TrainerTest.config(1, 0, 1e-3, false);
    fails(
        IllegalArgumentException.class,
        () -> config.step(learned),
        "--train-timesteps: expected at most 20, the rows of the network's time embedding, found 50");
  }
}
