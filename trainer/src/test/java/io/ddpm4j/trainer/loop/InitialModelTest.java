package io.ddpm4j.trainer.loop;

import static io.ddpm4j.trainer.loop.TrainerTest.SILENT;
import static io.ddpm4j.trainer.loop.TrainerTest.fails;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.nn.UNet;
import io.ddpm4j.exporter.nn.UNetConfig;
import io.ddpm4j.exporter.proto.OnnxModel;
import io.ddpm4j.exporter.proto.OnnxReader;
import io.ddpm4j.exporter.proto.OnnxWriter;
import io.ddpm4j.runtime.model.ModelMetadata;
import io.ddpm4j.runtime.sampling.Cancellation;
import io.ddpm4j.trainer.checkpoint.Checkpoint;
import io.ddpm4j.trainer.checkpoint.CheckpointStore;
import io.ddpm4j.trainer.data.Sha256;
import io.ddpm4j.trainer.data.ShapesDataset;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs that begin with the weights of another one. */
class InitialModelTest {
  private static final String ROWS = "class_embedding.weight";
  private static final int CLASSES = 6;

  @TempDir static Path shared;
  private static Map<String, TensorData> average; // what the model holds

  @TempDir Path folder;
  private Path model;

  @BeforeAll
  static void trainTheModel() throws IOException {
    Path run = shared.resolve("run");
    Trainer.create(run, TrainerTest.config(8, 0, 1e-2, true), w -> {})
        .run(SILENT, new Cancellation());
    RunExporter.export(run, run.resolve("model.onnx"));
    CheckpointStore checkpoints = new RunFolder(run).checkpoints();
    average = checkpoints.read(checkpoints.latest().orElseThrow()).state("ema");
  }

  @BeforeEach
  void copyTheModel() throws IOException {
    model = Files.createDirectory(folder.resolve("shapes")).resolve("model.onnx");
    Files.copy(shared.resolve("run/model.onnx"), model);
  }

  private void export(String run, TrainConfig config, Path file) throws IOException {
    train(run, config);
    RunExporter.export(folder.resolve(run), file);
  }

  private void train(String name, TrainConfig config) throws IOException {
    Trainer.create(folder.resolve(name), config, w -> {}).run(SILENT, new Cancellation());
  }

  private Checkpoint last(String name) throws IOException {
    RunFolder run = new RunFolder(folder.resolve(name));
    return run.checkpoints().read(run.checkpoints().latest().orElseThrow());
  }

  /** A run that begins with the model; so low a learning rate moves no weight. */
  private TrainConfig onwards(long steps, double rate, double labelDropout) throws IOException {
    TrainConfig config = TrainerTest.config(steps, 0, rate, true);
    return withNetwork(config, n -> n.withLabelDropout(labelDropout))
        .withInit(InitialModel.read(model).init());
  }

  private static TrainConfig withNetwork(TrainConfig config, UnaryOperator<NetworkConfig> change) {
    return new TrainConfig(
        config.data(),
        change.apply(config.network()),
        config.diffusion(),
        config.optimizer(),
        config.run(),
        config.init(),
        config.reporting());
  }

  // --- what is taken over ------------------------------------------------------------------------

  @Test
  void aRunBeginsWithTheWeightsOfTheFile() throws IOException {
    train("next", onwards(1, 1e-30, 0));
    assertEquals(average, last("next").state("weights"), "bit for bit");
    for (Map.Entry<String, TensorData> each : last("next").state("ema").entrySet()) {
      float[] expected = average.get(each.getKey()).floats();
      assertArrayEquals(expected, each.getValue().floats(), 1e-6f, each.getKey());
    }
  }

  /** From zero, one step of Adam leaves m = (1-β1)·g and v = (1-β2)·g². */
  @Test
  void momentsAndLearningRateBeginAnew() throws IOException {
    List<Double> rates = new ArrayList<>();
    TrainListener listener =
        new TrainListener() {
          @Override
          public void onStep(TrainStep step) {
            rates.add(step.learningRate());
          }
        };
    Trainer.create(folder.resolve("next"), onwards(1, 1e-3, 0), w -> {})
        .run(listener, new Cancellation());
    assertEquals(List.of(1e-3 / 10), rates, "the first of ten steps of warm-up");
    Map<String, TensorData> first = last("next").state("first_moment");
    Map<String, TensorData> second = last("next").state("second_moment");
    double largest = 0;
    for (String name : first.keySet()) {
      float[] m = first.get(name).floats();
      float[] v = second.get(name).floats();
      for (int i = 0; i < m.length; i++) {
        double gradient = m[i] / 0.1;
        assertEquals(0.001 * gradient * gradient, v[i], 1e-4 * v[i] + 1e-20, name);
        largest = Math.max(largest, Math.abs(gradient));
      }
    }
    assertTrue(largest > 1e-4, "there were gradients: " + largest);
  }

  @Test
  void theNullClassBeginsAsTheMeanOfTheClasses() throws IOException {
    train("next", onwards(1, 1e-30, 0.5));
    Map<String, TensorData> weights = last("next").state("weights");
    TensorData rows = weights.get(ROWS);
    int width = (int) rows.shape().size(1);
    assertEquals(CLASSES + 1, rows.shape().size(0));
    float[] values = rows.floats();
    float[] known = average.get(ROWS).floats();
    for (int column = 0; column < width; column++) {
      double mean = 0;
      for (int row = 0; row < CLASSES; row++) {
        assertEquals(known[row * width + column], values[row * width + column]);
        mean += known[row * width + column] / (double) CLASSES;
      }
      assertEquals(mean, values[CLASSES * width + column], 1e-6);
    }
    Map<String, TensorData> others = new LinkedHashMap<>(weights);
    Map<String, TensorData> expected = new LinkedHashMap<>(average);
    others.remove(ROWS);
    expected.remove(ROWS);
    assertEquals(expected, others);
  }

  @Test
  void aNullClassThatIsThereIsTakenAsItIs() throws IOException {
    TrainConfig dropping = onwards(5, 1e-2, 0.5);
    export("second", dropping, model);
    train("third", onwards(1, 1e-30, 0.2));
    assertEquals(last("second").state("ema"), last("third").state("weights"));
    assertNotEquals(dropping.init(), InitialModel.read(model).init(), "another file by now");
  }

  @Test
  void networkAndForwardProcessOfTheFile() throws IOException {
    TrainConfig config = TrainerTest.config(8, 0, 1e-2, true);
    InitialModel read = InitialModel.read(model.getParent());
    assertEquals(Optional.of(config.network()), read.network());
    assertEquals(Optional.of(config.diffusion()), read.diffusion());
    assertEquals(model, read.file());
    Path unconditional = folder.resolve("unconditional.onnx");
    export("unconditional", TrainerTest.config(1, 0, 1e-2, false), unconditional);
    assertEquals(
        Optional.of(TrainerTest.config(1, 0, 1e-2, false).network()),
        InitialModel.read(unconditional).network());
  }

  // --- what is told of it ------------------------------------------------------------------------

  @Test
  void runAndModelSayWhereTheWeightsAreFrom() throws IOException {
    String sha256 = Sha256.of(model);
    Path file = folder.resolve("next.onnx");
    export("next", onwards(2, 1e-3, 0.5), file);
    TrainConfig kept = new RunFolder(folder.resolve("next")).readConfig();
    assertEquals(new InitConfig(model.toString(), sha256), kept.init());
    Map<String, String> provenance = metadata(file).provenance();
    assertEquals("shapes/model.onnx", provenance.get("init"));
    assertEquals(sha256, provenance.get("init_sha256"));
    assertTrue(!metadata(model).provenance().containsKey("init"), "of random weights");
    assertTrue(!Files.readString(shared.resolve("run/run.json")).contains("init"));
  }

  private static ModelMetadata metadata(Path file) throws IOException {
    return ModelMetadata.parse(file.toString(), OnnxReader.read(file).metadata());
  }

  @Test
  void aResumedRunNeedsTheFileNoMore() throws IOException {
    train("whole", onwards(9, 1e-3, 0.5));
    train("parts", onwards(4, 1e-3, 0.5));
    Files.delete(model);
    Trainer.resume(folder.resolve("parts"), Optional.of(9L), w -> {})
        .run(SILENT, new Cancellation());
    assertEquals(last("whole").tensors(), last("parts").tensors());
  }

  @Test
  void otherClassesAreWarnedOf() throws IOException {
    Path pictures = folder.resolve("pictures");
    for (int i = 0; i < CLASSES; i++) {
      Path kind = Files.createDirectories(pictures.resolve("kind-" + i));
      BufferedImage image = new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB);
      ImageIO.write(image, "png", kind.resolve("a.png").toFile());
    }
    TrainConfig shapes = onwards(1, 1e-3, 0);
    List<String> warnings = new ArrayList<>();
    Trainer.create(folder.resolve("same"), shapes, warnings::add);
    assertEquals(List.of(), warnings);
    TrainConfig config =
        new TrainConfig(
            new DataConfig(pictures.toString(), null, null, 8, 3, null, true, false),
            shapes.network(),
            shapes.diffusion(),
            shapes.optimizer(),
            shapes.run(),
            shapes.init(),
            shapes.reporting());
    Trainer.create(folder.resolve("next"), config, warnings::add);
    assertEquals(1, warnings.size());
    assertTrue(
        warnings.get(0).startsWith(model + " has other classes: what it knows of circle, "),
        warnings.get(0));
    assertTrue(warnings.get(0).endsWith("is the start of " + kinds()), warnings.get(0));
  }

  private static String kinds() {
    return "kind-0, kind-1, kind-2, kind-3, kind-4, kind-5";
  }

  // --- what is refused ---------------------------------------------------------------------------

  private void refused(TrainConfig config, String... said) {
    Path run = folder.resolve("refused");
    fails(IllegalArgumentException.class, () -> Trainer.create(run, config, w -> {}), said);
    assertTrue(!Files.exists(run), "before anything is written");
  }

  @Test
  void anotherNetworkIsRefused() throws IOException {
    TrainConfig config = onwards(1, 1e-3, 0);
    refused(
        withNetwork(config, n -> new NetworkConfig(List.of(16), List.of(false), 1, 2, 4, true, 0)),
        model + ": block_out_channels: expected the run's [16], found [8]");
    DataConfig large = new DataConfig("shapes", null, null, 16, null, null, false, true);
    refused(
        new TrainConfig(
            large,
            config.network(),
            config.diffusion(),
            config.optimizer(),
            config.run(),
            config.init(),
            config.reporting()),
        model + ": sample_size: expected the run's 16, found 8");
    refused(
        withNetwork(config, n -> new NetworkConfig(List.of(8), List.of(false), 1, 2, 4, false, 0)),
        model
            + ": parameter class_embedding.weight: expected none, found rows for 6 classes and no"
            + " null class");
  }

  @Test
  void otherRowsOfClassesAreRefused() throws IOException {
    UNetConfig six = TrainerTest.config(1, 0, 1, true).network().unet(new ShapesDataset(9, 8, 0));
    UNetConfig seven = UNetConfig.fromJson(six.toJson().replace("embeds\":6", "embeds\":7"));
    assertEquals(7, seven.numClassEmbeds());
    String parameter = model + ": parameter class_embedding.weight: expected rows for ";
    InitialModel without = InitialModel.read(model);
    fails(
        IllegalArgumentException.class,
        () -> without.weights(seven, false),
        parameter + "7 classes and no null class, found rows for 6 classes and no null class");
    fails(
        IllegalArgumentException.class,
        () -> without.weights(six, true),
        parameter + "5 classes and the null class, found rows for 6 classes and no null class");

    export("second", onwards(1, 1e-3, 0.5), model);
    InitialModel with = InitialModel.read(model);
    fails(
        IllegalArgumentException.class,
        () -> with.weights(six, false),
        parameter + "6 classes and no null class, found rows for 6 classes and the null class");
    fails(
        IllegalArgumentException.class,
        () -> with.weights(seven, false),
        parameter + "7 classes and no null class, found rows for 6 classes and the null class");
  }

  @Test
  void aParameterOfAnotherShapeIsNamed() throws IOException {
    OnnxModel whole = OnnxReader.read(model).toModel();
    UNetConfig narrow =
        UNetConfig.fromJson(
            whole
                .metadata()
                .get("ddpm4j.unet")
                .replace("\"block_out_channels\":[8]", "\"block_out_channels\":[4]"));
    assertEquals(List.of(4), narrow.blockOutChannels());
    Map<String, TensorData> weights = UNet.parameters(narrow).initialize(1);
    Path damaged = folder.resolve("damaged.onnx");
    OnnxWriter.write(
        OnnxModel.of(UNet.portable(narrow, weights)).withMetadata(whole.metadata()), damaged);
    refused(
        onwards(1, 1e-3, 0).withInit(InitialModel.read(damaged).init()),
        damaged
            + ": parameter time_embedding.linear_1.weight: expected FLOAT of shape [32, 8],"
            + " found FLOAT of shape [16, 4]");
  }

  @Test
  void aFileThatIsNoModelOfOurs() throws IOException {
    OnnxModel whole = OnnxReader.read(model).toModel();
    Path foreign = folder.resolve("foreign.onnx");
    OnnxWriter.write(whole.withMetadata(Map.of()), foreign);
    fails(
        IOException.class,
        () -> InitialModel.read(foreign),
        foreign + ": expected a model that ddpm4j wrote, found no ddpm4j.unet in it");
    fails(IOException.class, () -> InitialModel.read(folder.resolve("none")), "none: expected");
    fails(IOException.class, () -> InitialModel.read(folder), "model.onnx: expected an ONNX model");
    Map<String, String> wrong = new LinkedHashMap<>(whole.metadata());
    wrong.put("ddpm4j.unet", "{\"in_channels\": 0}");
    OnnxWriter.write(whole.withMetadata(wrong), foreign);
    fails(
        IOException.class,
        () -> InitialModel.read(foreign),
        foreign + ": ddpm4j.unet: U-Net config: in_channels: expected 1 to");
    wrong.put("ddpm4j.unet", whole.metadata().get("ddpm4j.unet"));
    wrong.put("ddpm4j.null_class", "9");
    OnnxWriter.write(whole.withMetadata(wrong), foreign);
    fails(
        IOException.class,
        () -> InitialModel.read(foreign),
        foreign + ": ddpm4j.null_class: expected the last class of the network, 5, found 9");
    wrong.remove("ddpm4j.null_class");
    wrong.put("ddpm4j.scheduler", "{\"rescale_betas_zero_snr\": true}");
    OnnxWriter.write(whole.withMetadata(wrong), foreign);
    fails(
        IOException.class,
        () -> InitialModel.read(foreign).diffusion(),
        foreign + ": scheduler: expected a schedule that a run can go on with",
        "found rescale_betas_zero_snr");
  }

  @Test
  void aFileThatWasChangedIsRefused() throws IOException {
    TrainConfig config = onwards(1, 1e-3, 0);
    OnnxWriter.write(OnnxReader.read(model).toModel().withDocString("changed"), model);
    fails(
        IOException.class,
        () -> Trainer.create(folder.resolve("refused"), config, w -> {}),
        model + ": expected the model with SHA-256 " + config.init().sha256(),
        "found " + Sha256.of(model));
  }
}
