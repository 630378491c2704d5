package io.ddpm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ddpm4j.cli.ShippedModelsTest.Card;
import io.ddpm4j.exporter.nn.ClassifierConfig;
import io.ddpm4j.exporter.proto.MetadataKeys;
import io.ddpm4j.exporter.proto.ModelSummary;
import io.ddpm4j.exporter.proto.OnnxReader;
import io.ddpm4j.runtime.model.ModelMetadata;
import io.ddpm4j.runtime.model.SessionSettings;
import io.ddpm4j.runtime.sampling.Cancellation;
import io.ddpm4j.trainer.classifier.ClassifierQuality;
import io.ddpm4j.trainer.data.DatasetOptions;
import io.ddpm4j.trainer.data.Datasets;
import io.ddpm4j.trainer.data.FashionMnist;
import io.ddpm4j.trainer.data.ImageDataset;
import io.ddpm4j.trainer.data.Split;
import io.ddpm4j.trainer.evaluate.distance.ClassAccuracy;
import io.ddpm4j.trainer.evaluate.features.FeatureNetwork;
import io.ddpm4j.trainer.evaluate.features.FeatureOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every folder of {@code models/} with a classifier: whole, unchanged, described, and as good. */
class ShippedClassifiersTest {
  private static final double LEAST_ACCURACY = 0.91;
  private static final long MOST_BYTES = 2_000_000;

  private static final Set<String> ROWS =
      new TreeSet<>(
          List.of(
              "", "network", "data", "settings", "epochs", "seed", "time", "accuracy", "weights"));

  static List<Path> classifiers() throws IOException {
    List<Path> all = new ArrayList<>();
    for (Path folder : ShippedModelsTest.folders()) {
      if (ShippedModelsTest.isClassifier(folder)) {
        all.add(folder);
      }
    }
    return all;
  }

  @Test
  void thereIsOneAndNoneIsAModelToSampleFrom() throws IOException {
    assertFalse(classifiers().isEmpty());
    for (Path folder : classifiers()) {
      CommandRun.of("sample", folder, "-n", 1, "-o", "none.png")
          .failsSaying(folder, "expected a network that predicts noise, found a classifier");
    }
  }

  @ParameterizedTest
  @MethodSource("classifiers")
  void filesHaveTheirHashes(Path folder) throws IOException, NoSuchAlgorithmException {
    ShippedModelsTest.requireHashes(folder, List.of("model.onnx", "accuracy.png"));
    assertTrue(Files.size(folder.resolve(Models.FILE)) < MOST_BYTES);
  }

  @ParameterizedTest
  @MethodSource("classifiers")
  void inspectSaysWhatItIs(Path folder) throws IOException {
    boolean grey = folder.endsWith("fashion-mnist-classifier");
    CommandRun.of("inspect", folder)
        .succeeds()
        .prints("input         images: float[batch, " + (grey ? "1, 28, 28]" : "3, 32, 32]"))
        .prints("logits: float[batch, " + (grey ? 10 : 9) + "]", "features: float[batch,")
        .prints("classifier    channels", "values -1 to 1")
        .prints("classes       " + (grey ? "10: t-shirt, trouser" : "9: smileys, people"))
        .prints("origin        dataset " + (grey ? "fashion-mnist" : "emoji"))
        .prints(grey ? "test_accuracy" : "held_out_accuracy");
  }

  @ParameterizedTest
  @MethodSource("classifiers")
  void theCardAgreesWithTheFile(Path folder) throws IOException {
    ModelSummary summary = OnnxReader.read(folder.resolve(Models.FILE)).summary();
    ModelMetadata metadata = ModelMetadata.parse("model.onnx", summary.metadata());
    ClassifierConfig network =
        ClassifierConfig.fromJson(summary.metadata().get(MetadataKeys.CLASSIFIER));
    Map<String, String> said = metadata.provenance();
    assertEquals(17L, summary.opsets().get("ai.onnx").longValue());
    String card = Files.readString(folder.resolve("README.md"));
    Card rows = new Card(Documents.table(card, "# " + folder.getFileName()));
    assertEquals(ROWS, new TreeSet<>(rows.rows().keySet()));

    rows.says(
        "network", "(\\d[\\d, ]* and \\d+) channels", ShippedModelsTest.and(network.widths()));
    rows.says("network", "(\\d+) features", "" + network.features());
    rows.says("network", "([\\d,]+) parameters", "%,d".formatted(summary.parameters()));
    rows.says("data", "([\\d,]+) to train on", ShippedModelsTest.grouped(said.get("images")));
    rows.says("data", "([\\d,]+) held out", ShippedModelsTest.grouped(said.get("held_out")));
    rows.says("settings", "--data ([\\w-]+)", said.get("dataset"));
    rows.says("settings", "--seed (\\d+)", said.get("seed"));
    rows.says("settings", "--epochs (\\d+)", said.get("epochs"));
    rows.says("epochs", "^(\\d+) ", said.get("epochs"));
    rows.says("epochs", "([\\d,]+) steps", ShippedModelsTest.grouped(said.get("steps")));
    rows.says("epochs", "of (\\d+) images", said.get("batch_size"));
    rows.says("seed", "^(\\d+)", said.get("seed"));
    rows.says("weights", "decay ([\\d.]+)", said.get("ema_decay"));
    rows.says("weights", "epoch (\\d+)", said.get("epoch"));
    if (said.containsKey("test_accuracy")) {
      rows.says("accuracy", "^([\\d.]+) ", share(said, "test_accuracy"));
      rows.says(
          "accuracy",
          "([\\d,]+) images of the test",
          ShippedModelsTest.grouped(said.get("test_images")));
    }
    rows.says("accuracy", "([\\d.]+) of the images held out", share(said, "held_out_accuracy"));
    assertTrue(card.contains(": " + String.join(", ", metadata.classNames()) + "."), "classes");
  }

  private static String share(Map<String, String> said, String field) {
    return share(Double.parseDouble(said.get(field)));
  }

  private static String share(double value) {
    return String.format(Locale.ROOT, "%.4f", value);
  }

  /** Ten thousand images: some seconds of two idle cores. */
  @Tag("slow")
  @Test
  void thatOfClothesIsAsGoodAsItsCardSays() throws IOException {
    Path folder = Documents.ROOT.resolve("models/fashion-mnist-classifier");
    assumeTrue(
        Files.isDirectory(FashionMnist.DEBIAN_FOLDER),
        "skipped: no Fashion-MNIST (Debian's package dataset-fashion-mnist)");
    DatasetOptions options = DatasetOptions.DEFAULTS.withSplit(Split.TEST);
    ImageDataset data = Datasets.open(FashionMnist.NAME, options, sentence -> {});
    ClassAccuracy found;
    try (FeatureNetwork network =
        FeatureNetwork.open(
            folder.resolve(Models.FILE), FeatureOptions.defaults(), SessionSettings.defaults())) {
      found = ClassifierQuality.measure(network, data, new Cancellation()).accuracy();
    }
    assertEquals(10_000, found.images());
    assertTrue(found.accuracy() >= LEAST_ACCURACY, found.toString());
    String card = Files.readString(folder.resolve("README.md"));
    Card rows = new Card(Documents.table(card, "# " + folder.getFileName()));
    rows.says("accuracy", "^([\\d.]+) ", share(found.accuracy()));
    Map<String, List<String>> classes = Documents.table(card, "## By class");
    for (int label = 0; label < found.classes(); label++) {
      int asked = label;
      String name = data.classNames().get(label);
      List<String> cells = classes.get(name);
      assertEquals(String.format(Locale.ROOT, "%.3f", found.accuracy(label)), cells.get(0), name);
      assertEquals(
          IntStream.range(0, found.classes())
              .mapToObj(seen -> String.valueOf(found.confusion(asked, seen)))
              .toList(),
          cells.subList(1, cells.size()),
          name);
    }
  }
}
