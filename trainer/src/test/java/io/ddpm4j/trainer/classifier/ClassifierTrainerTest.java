package io.ddpm4j.trainer.classifier;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.ddpm4j.exporter.nn.ClassifierConfig;
import io.ddpm4j.exporter.proto.OnnxReader;
import io.ddpm4j.runtime.model.ModelMetadata;
import io.ddpm4j.runtime.model.OnnxEpsilonModel;
import io.ddpm4j.runtime.model.SessionSettings;
import io.ddpm4j.runtime.sampling.Cancellation;
import io.ddpm4j.trainer.data.DatasetOptions;
import io.ddpm4j.trainer.data.Datasets;
import io.ddpm4j.trainer.data.ImageDataset;
import io.ddpm4j.trainer.evaluate.features.FeatureNetwork;
import io.ddpm4j.trainer.evaluate.features.FeatureOptions;
import io.ddpm4j.trainer.loop.DataConfig;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClassifierTrainerTest {
  private static final int IMAGES = 240;
  private static final int SIDE = 8;

  @TempDir Path dir;

  /** Bright pixels above, below or to the left, in noise: three classes. */
  private DataConfig data(boolean labelled) throws IOException {
    Random random = new Random(5);
    ByteBuffer images = ByteBuffer.allocate(16 + IMAGES * SIDE * SIDE);
    images.putInt(0x803).putInt(IMAGES).putInt(SIDE).putInt(SIDE);
    ByteBuffer labels = ByteBuffer.allocate(8 + IMAGES).putInt(0x801).putInt(IMAGES);
    for (int i = 0; i < IMAGES; i++) {
      labels.put((byte) (i % 3));
      for (int y = 0; y < SIDE; y++) {
        for (int x = 0; x < SIDE; x++) {
          boolean bright = i % 3 == 0 ? y < 4 : i % 3 == 1 ? y >= 4 : x < 4;
          images.put((byte) (random.nextInt(150) + (bright ? 100 : 0)));
        }
      }
    }
    Path file = Files.write(dir.resolve("images"), images.array());
    Path labelFile = Files.write(dir.resolve("labels"), labels.array());
    return new DataConfig(
        file.toString(),
        null,
        labelled ? labelFile.toString() : null,
        null,
        null,
        null,
        false,
        false);
  }

  private static ClassifierTrainConfig config(DataConfig data, int epochs) {
    return new ClassifierTrainConfig(
        data,
        1,
        0.2,
        List.of(8, 8),
        List.of(0, 1),
        4,
        epochs,
        16,
        0.01,
        5,
        0.01,
        1,
        0.9,
        0.05,
        3,
        1);
  }

  /** Stops a run at a step. */
  private static ClassifierListener stoppingAt(long last, Cancellation cancellation) {
    return new ClassifierListener() {
      @Override
      public void onStep(long step, long steps, double loss, double pace, double left) {
        if (step == last) {
          cancellation.cancel();
        }
      }
    };
  }

  private static final ClassifierListener SILENT = new ClassifierListener() {};

  @Test
  void learnsAndSaysWhatItLearnt() throws IOException {
    ClassifierTrainConfig config = config(data(true), 5);
    Path run = dir.resolve("run");
    List<Epoch> epochs = new ArrayList<>();
    ClassifierResult result =
        ClassifierTrainer.create(run, config, sentence -> {})
            .run(
                new ClassifierListener() {
                  @Override
                  public void onEpoch(Epoch epoch, boolean best) {
                    epochs.add(epoch);
                  }
                },
                new Cancellation());
    assertTrue(result.finished());
    assertEquals(60, result.step(), "5 epochs of 192 images in batches of 16");
    assertEquals(5, epochs.size());
    Epoch best = result.best().orElseThrow();
    assertTrue(best.heldOutAccuracy() > 0.95, "learnt: " + best);
    assertTrue(
        epochs.stream().allMatch(epoch -> epoch.heldOutAccuracy() <= best.heldOutAccuracy()));
    assertEquals(Optional.empty(), result.test(), "no test split");

    ClassifierFolder folder = new ClassifierFolder(run);
    assertEquals(config, folder.readConfig());
    assertEquals(6, Files.readAllLines(folder.metrics()).size());
    assertTrue(Files.size(folder.curve()) > 1000);
    Map<String, String> metadata = OnnxReader.read(folder.model()).metadata();
    assertTrue(ModelMetadata.isClassifier(metadata));
    ModelMetadata said = ModelMetadata.parse("model", metadata);
    assertEquals(List.of("0", "1", "2"), said.classNames());
    assertEquals(new ModelMetadata.ImageShape(1, SIDE, SIDE), said.image().orElseThrow());
    assertEquals(Integer.toString(best.epoch()), said.provenance().get("epoch"));
    assertEquals("192", said.provenance().get("images"));
    assertEquals("48", said.provenance().get("held_out"));
    ClassifierConfig network = ClassifierConfig.fromJson(metadata.get("ddpm4j.classifier"));
    assertEquals(List.of(8, 8), network.widths());

    ImageDataset all =
        Datasets.open(config.data().source(), config.data().options(), sentence -> {});
    try (FeatureNetwork model =
        FeatureNetwork.open(
            folder.model(), FeatureOptions.defaults(), SessionSettings.defaults())) {
      ClassifierQuality found = ClassifierQuality.measure(model, all, new Cancellation());
      assertEquals(IMAGES, found.accuracy().images());
      assertEquals(80, found.accuracy().images(2));
      assertTrue(found.accuracy().accuracy() > 0.95, found.toString());
      String[] rows = found.toCsv().split("\n");
      assertEquals("class,images,accuracy,taken for 0,taken for 1,taken for 2", rows[0]);
      assertTrue(rows[1].startsWith("0,80,"), rows[1]);
    }
    IOException refused =
        assertThrows(
            IOException.class,
            () -> OnnxEpsilonModel.open(folder.model(), SessionSettings.defaults()));
    assertTrue(refused.getMessage().contains("found a classifier"), refused.getMessage());
  }

  @Test
  void aRunThatWasStoppedGoesOnBitForBit() throws IOException {
    ClassifierTrainConfig config = config(data(true), 2);
    Path whole = dir.resolve("whole");
    ClassifierTrainer.create(whole, config, sentence -> {}).run(SILENT, new Cancellation());

    Path stopped = dir.resolve("stopped");
    Cancellation first = new Cancellation();
    ClassifierResult begun =
        ClassifierTrainer.create(stopped, config, sentence -> {}).run(stoppingAt(7, first), first);
    assertEquals(7, begun.step());
    assertFalse(begun.finished());
    Cancellation second = new Cancellation(); // at the end of an epoch, which is not measured yet
    ClassifierResult further =
        ClassifierTrainer.resume(stopped, sentence -> {}).run(stoppingAt(12, second), second);
    assertEquals(12, further.step());
    assertEquals(Optional.empty(), further.best());
    ClassifierResult end =
        ClassifierTrainer.resume(stopped, sentence -> {}).run(SILENT, new Cancellation());
    assertTrue(end.finished());
    assertEquals(24, end.step());

    assertArrayEquals(
        Files.readAllBytes(whole.resolve("model.onnx")),
        Files.readAllBytes(stopped.resolve("model.onnx")));
    assertEquals(rows(whole), rows(stopped));
    assertEquals(state(whole), state(stopped));
    assertTrue(
        ClassifierTrainer.resume(stopped, sentence -> {})
            .run(SILENT, new Cancellation())
            .finished(),
        "a finished run is finished");
  }

  /** But for the speed. */
  private static List<String> rows(Path run) throws IOException {
    return Files.readAllLines(run.resolve("metrics.csv")).stream()
        .map(row -> row.replaceAll(",[^,]*$", ""))
        .toList();
  }

  private static String state(Path run) throws IOException {
    Path newest = new ClassifierFolder(run).checkpoints().latest().orElseThrow();
    JsonObject json =
        JsonParser.parseString(Files.readString(newest.resolve("checkpoint.json")))
            .getAsJsonObject();
    return newest.getFileName() + json.get("state_sha256").getAsString();
  }

  @Test
  void refusesWhatCannotBeTrained() throws IOException {
    Path run = dir.resolve("run");
    IllegalArgumentException unlabelled =
        assertThrows(
            IllegalArgumentException.class,
            () -> ClassifierTrainer.create(run, config(data(false), 1), sentence -> {}));
    assertTrue(unlabelled.getMessage().contains("images without labels"), unlabelled.getMessage());
    assertFalse(Files.exists(run), "nothing is left behind");
    IOException none =
        assertThrows(IOException.class, () -> ClassifierTrainer.resume(run, sentence -> {}));
    assertTrue(none.getMessage().contains("classifier.json"), none.getMessage());
    Files.createDirectories(run);
    Files.writeString(run.resolve("thesis.txt"), "do not lose");
    IOException taken =
        assertThrows(
            IOException.class,
            () -> ClassifierTrainer.create(run, config(data(true), 1), sentence -> {}));
    assertTrue(taken.getMessage().contains("thesis.txt"), taken.getMessage());
  }

  @Test
  void everyEpochEndsOnceWhateverTheBatch() throws IOException {
    for (int batch : new int[] {1, 7, 64, 192, 500}) {
      ClassifierTrainConfig c = config(data(true), 4);
      ClassifierTrainConfig config =
          new ClassifierTrainConfig(
              c.data(), 0, 0.2, c.widths(), c.blocks(), 4, 4, batch, 0.01, 5, 0, 1, 0.9, 0, 3, 1);
      for (int epoch = 1; epoch <= 4; epoch++) {
        long end = config.endOf(epoch, 192);
        assertTrue(end * batch >= 192L * epoch && (end - 1) * batch < 192L * epoch, "" + batch);
      }
    }
  }

  @Test
  void theConfigurationIsReadAsItWasWritten() throws IOException {
    ClassifierTrainConfig config = config(data(true), 2);
    assertEquals(config, ClassifierTrainConfig.fromJson(config.toJson()));
    String wrong = config.toJson().replace("\"epochs\": 2", "\"epochs\": 0");
    IllegalArgumentException refused =
        assertThrows(IllegalArgumentException.class, () -> ClassifierTrainConfig.fromJson(wrong));
    assertTrue(refused.getMessage().contains("--epochs: expected at least 1"));
    assertThrows(
        IllegalArgumentException.class,
        () -> ClassifierTrainConfig.fromJson(config.toJson().replace("shift", "shifts")));
    assertEquals(DatasetOptions.DEFAULTS.split(), config.data().options().split());
  }
}
