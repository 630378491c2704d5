package io.ddpm4j.trainer.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.runtime.image.PngWriter;
import io.ddpm4j.runtime.model.Device;
import io.ddpm4j.runtime.model.OnnxEpsilonModel;
import io.ddpm4j.runtime.model.SessionSettings;
import io.ddpm4j.runtime.sampling.Cancellation;
import io.ddpm4j.trainer.checkpoint.Checkpoint;
import io.ddpm4j.trainer.data.ImageDataset;
import io.ddpm4j.trainer.data.ShapesDataset;
import io.ddpm4j.trainer.evaluate.QuarterLosses;
import io.ddpm4j.trainer.evaluate.Validation;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a run measures and tells of itself, in runs of a small network. */
class ReportingTest {
  private static final ReportingConfig ON = new ReportingConfig(4, 16, 0.2, true);

  @TempDir Path folder;

  /** Keeps what it is told. */
  private static final class Told implements TrainListener {
    final Map<Long, QuarterLosses> validations = new TreeMap<>();
    final List<String> warnings = new ArrayList<>();

    @Override
    public void onValidation(QuarterLosses losses, long step) {
      validations.put(step, losses);
    }

    @Override
    public void onWarning(String sentence) {
      warnings.add(sentence);
    }
  }

  private final Told told = new Told();

  private static TrainConfig config(long steps, ReportingConfig reporting) {
    return TrainerTest.config(steps, 0, 1e-3, true).withReporting(reporting);
  }

  private Path train(String name, TrainConfig config) throws IOException {
    Path run = folder.resolve(name);
    Trainer.create(run, config, told.warnings::add).run(told, new Cancellation());
    return run;
  }

  private static Checkpoint last(Path run) throws IOException {
    RunFolder files = new RunFolder(run);
    return files.checkpoints().read(files.checkpoints().latest().orElseThrow());
  }

  /** A column of the metrics by its name. */
  private static List<String> column(Path run, String name) throws IOException {
    List<String> lines = Files.readAllLines(run.resolve("metrics.csv"));
    int at = List.of(lines.get(0).split(",")).indexOf(name);
    assertTrue(at >= 0, lines.get(0));
    return lines.stream().skip(1).map(line -> line.split(",", -1)[at]).toList();
  }

  private static List<Path> events(Path run) throws IOException {
    try (var files = Files.list(run.resolve("tensorboard"))) {
      return files.sorted().toList();
    }
  }

  @Test
  void whatIsMeasuredDoesNotChangeTheWeights() throws IOException {
    Path without = train("without", config(10, ReportingConfig.NONE));
    assertEquals(Map.of(), told.validations);
    Path with = train("with", config(10, ON));
    assertEquals(List.of(4L, 8L, 10L), List.copyOf(told.validations.keySet()));
    assertEquals(last(without).tensors(), last(with).tensors(), "bit for bit");
    assertEquals(column(without, "loss"), column(with, "loss"));
    assertFalse(Files.exists(without.resolve("tensorboard")));
    assertEquals(1, events(with).size());
    assertTrue(Files.exists(without.resolve("report.html")));
  }

  @Test
  void theNumbersAreThoseOfTheExportedModelOnTheTestSplit() throws IOException {
    TrainConfig config = config(8, ON);
    Path run = train("run", config);
    Path file = folder.resolve("model.onnx");
    RunExporter.export(run, file);
    ImageDataset test = new ShapesDataset(1000, 8, 1);
    Validation.Settings settings =
        new Validation.Settings(
            config.diffusion().scheduler().noiseSchedule(),
            config.diffusion().scheduler().predictionType(),
            16,
            config.run().seed());
    SessionSettings one = new SessionSettings(Device.cpu(), 1);
    try (OnnxEpsilonModel model = OnnxEpsilonModel.open(file, one)) {
      QuarterLosses expected = new Validation(test, settings).measure(model, new Cancellation());
      assertEquals(expected, told.validations.get(8L));
      assertNotEquals(expected, told.validations.get(4L));
      List<String> cells = column(run, "validation_q2");
      assertEquals(String.format(Locale.ROOT, "%.6g", expected.quarters().get(1)), cells.get(7));
      assertEquals(
          String.format(Locale.ROOT, "%.6g", expected.mean()),
          column(run, "validation_loss").get(7));
      assertEquals(List.of("", "", ""), cells.subList(0, 3), "not measured");
    }
  }

  @Test
  void aResumedRunMeasuresTheSame() throws IOException {
    Path whole = train("whole", config(12, ON));
    Map<Long, QuarterLosses> expected = new TreeMap<>(told.validations);
    told.validations.clear();
    Path parts = folder.resolve("parts");
    Cancellation cancellation = new Cancellation();
    TrainListener stop =
        new TrainListener() {
          @Override
          public void onStep(TrainStep step) {
            if (step.step() == 6) {
              cancellation.cancel();
            }
          }

          @Override
          public void onValidation(QuarterLosses losses, long step) {
            told.onValidation(losses, step);
          }
        };
    Trainer.create(parts, config(12, ON), w -> {}).run(stop, cancellation);
    Trainer.resume(parts, Optional.empty(), w -> {}).run(told, new Cancellation());
    assertEquals(expected, told.validations);
    for (String column : List.of("step", "epoch", "loss", "validation_loss", "validation_q4")) {
      assertEquals(column(whole, column), column(parts, column), column);
    }
    assertEquals(2, events(parts).size(), "a file for each part");
    assertEquals("0.0080", column(parts, "epoch").get(11), "48 of 6000 images");
  }

  /** A folder of pictures of which each has a grey of its own. */
  private Path greys(int count) throws IOException {
    Path data = Files.createDirectory(folder.resolve("greys"));
    for (int i = 0; i < count; i++) {
      BufferedImage image = new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB);
      for (int p = 0; p < 64; p++) {
        image.setRGB(p % 8, p / 8, 0x010101 * (i + 1));
      }
      PngWriter.write(data.resolve("%02d.png".formatted(i)), image, Map.of());
    }
    return data;
  }

  private static TrainConfig of(Path data, ReportingConfig reporting) {
    TrainConfig config = TrainerTest.config(12, 0, 1e-3, false);
    return new TrainConfig(
            new DataConfig(data.toString(), null, null, 8, 3, null, false, false),
            config.network(),
            config.diffusion(),
            config.optimizer(),
            config.run())
        .withReporting(reporting);
  }

  private static List<Integer> greysOf(ImageDataset data) {
    List<Integer> greys = new ArrayList<>();
    byte[] image = new byte[data.imageBytes()];
    for (int i = 0; i < data.size(); i++) {
      data.read(i, image, 0);
      greys.add(image[0] - 1);
    }
    return greys;
  }

  @Test
  void ofAFolderAShareIsHeldOut() throws IOException {
    Path data = greys(40);
    RunData parts = RunData.open(of(data, ON), told.warnings::add);
    List<Integer> training = greysOf(parts.training());
    List<Integer> heldOut = greysOf(parts.heldOut().orElseThrow());
    assertEquals(8, heldOut.size());
    assertEquals(32, training.size());
    assertTrue(training.stream().noneMatch(heldOut::contains));
    assertEquals(
        heldOut, greysOf(RunData.open(of(data, ON), w -> {}).heldOut().orElseThrow()), "again");
    Path run = train("run", of(data, ON));
    assertEquals(List.of(4L, 8L, 12L), List.copyOf(told.validations.keySet()));
    assertEquals(32, DatasetCard.read(run.resolve("dataset.json")).orElseThrow().images());
    assertEquals("1.5000", column(run, "epoch").get(11), "48 of 32 images");
    assertEquals(List.of(), told.warnings);
    Trainer.resume(run, Optional.of(14L), w -> {}).run(told, new Cancellation());
    assertTrue(told.validations.containsKey(14L));
  }

  @ParameterizedTest
  @CsvSource({"0, 0.2", "4, 0"})
  void withoutValidationAllImagesAreTrainedOn(long every, double share) throws IOException {
    Path data = greys(40);
    RunData parts = RunData.open(of(data, new ReportingConfig(every, 16, share, false)), w -> {});
    assertEquals(40, parts.training().size());
    assertTrue(parts.heldOut().isEmpty());
  }

  @Test
  void ofFewImagesNoneIsHeldOut() throws IOException {
    RunData parts = RunData.open(of(greys(4), new ReportingConfig(4, 16, 0.05, true)), w -> {});
    assertEquals(4, parts.training().size());
    assertTrue(parts.heldOut().isEmpty());
  }

  @Test
  void aTestSplitThatIsNotThereIsAWarning() throws IOException {
    Path data = Files.createDirectory(folder.resolve("fashion"));
    byte[] images = {0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 7};
    byte[] labels = {0, 0, 8, 1, 0, 0, 0, 1, 3};
    Files.write(data.resolve("train-images-idx3-ubyte"), images);
    Files.write(data.resolve("train-labels-idx1-ubyte"), labels);
    TrainConfig config = config(4, ON);
    TrainConfig fashion =
        new TrainConfig(
                new DataConfig(
                    "fashion-mnist", data.toString(), null, null, null, null, false, false),
                config.network(),
                config.diffusion(),
                config.optimizer(),
                config.run())
            .withReporting(ON);
    RunData parts = RunData.open(fashion, told.warnings::add);
    assertTrue(parts.heldOut().isEmpty());
    assertEquals(1, told.warnings.size());
    assertTrue(
        told.warnings.get(0).startsWith("no validation: Fashion-MNIST is not there: no t10k-"),
        told.warnings.get(0));
  }

  @ParameterizedTest
  @ValueSource(strings = {"tensorboard", "report.html"})
  void whatCannotBeWrittenIsAWarning(String name) throws IOException {
    Path run = folder.resolve("run");
    Trainer trainer = Trainer.create(run, config(4, ON), w -> {});
    if (name.equals("tensorboard")) {
      Files.writeString(run.resolve(name), "in the way");
    } else {
      Files.createDirectory(run.resolve(name));
    }
    assertTrue(trainer.run(told, new Cancellation()).finished());
    assertFalse(told.warnings.isEmpty());
    for (String warning : told.warnings) {
      assertTrue(warning.contains(name), warning);
    }
    assertEquals(1, told.validations.size());
  }

  @Test
  void aRunOfAnEarlierVersionTrainsOnAllImages() throws IOException {
    Path data = greys(40);
    Path run = train("run", of(data, ReportingConfig.NONE));
    String text = Files.readString(run.resolve("run.json"));
    Files.delete(run.resolve("run.json"));
    String old = text.replaceAll("(?s),\\s*\"reporting\": \\{.*?\\}", "");
    assertNotEquals(text, old);
    Files.writeString(run.resolve("config.json"), old); // its name in early versions
    Trainer resumed = Trainer.resume(run, Optional.of(14L), w -> {});
    assertEquals(ReportingConfig.NONE, resumed.config().reporting());
    assertTrue(resumed.run(told, new Cancellation()).finished());
  }

  @Test
  void samplesAreInTheReport() throws IOException {
    TrainConfig config = config(6, ON);
    Path run = train("run", config.withRun(new RunConfig(6, 7, 0, 2, 3, 4, 3, 1)));
    String page = Files.readString(run.resolve("report.html"));
    for (String text :
        List.of(
            "<figcaption>step 3<",
            "<figcaption>step 6<", // drawn after the last checkpoint
            "<dd>6 of 6</dd>",
            "<dt>validation loss</dt>",
            "<td>1000 generated images",
            "<th>Label dropout</th><td>0</td>",
            "<th>ONNX Runtime</th><td>" + OnnxEpsilonModel.runtimeVersion())) {
      assertTrue(page.contains(text), text);
    }
  }

  @Test
  void nonsenseIsRefused() {
    for (Object[] wrong :
        new Object[][] {
          {-1L, 16, 0.1, "--validation-every: expected 0 or more, found -1"},
          {1L, 0, 0.1, "--validation-images: expected at least 1, found 0"},
          {1L, 16, 1.0, "--validation-share: expected a number from 0 to below 1, found 1.0"},
        }) {
      IllegalArgumentException e =
          assertThrows(
              IllegalArgumentException.class,
              () -> new ReportingConfig((long) wrong[0], (int) wrong[1], (double) wrong[2], true));
      assertEquals(wrong[3], e.getMessage());
    }
  }
}
