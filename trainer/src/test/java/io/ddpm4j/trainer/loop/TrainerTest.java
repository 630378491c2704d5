package io.ddpm4j.trainer.loop;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.exporter.convert.Safetensors;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.proto.OnnxReader;
import io.ddpm4j.runtime.DiffusionPipeline;
import io.ddpm4j.runtime.GenerationRequest;
import io.ddpm4j.runtime.image.ImageBatch;
import io.ddpm4j.runtime.model.ModelMetadata;
import io.ddpm4j.runtime.sampling.Cancellation;
import io.ddpm4j.trainer.checkpoint.Checkpoint;
import io.ddpm4j.trainer.checkpoint.CheckpointException;
import io.ddpm4j.trainer.data.DataPosition;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.stream.LongStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs of a network of a few thousand parameters on small shapes. */
class TrainerTest {
  static final TrainListener SILENT = new TrainListener() {};

  @TempDir Path folder;

  static TrainConfig config(long steps, long checkpointEvery, double rate, boolean classes) {
    return new TrainConfig(
        new DataConfig("shapes", null, null, 8, null, null, false, true),
        new NetworkConfig(List.of(8), List.of(false), 1, 2, 4, classes, 0),
        new DiffusionConfig(50, "linear", 1e-3, 0.1, "epsilon"),
        new OptimizerConfig(4, rate, 10, 0.9, 0.999, 1e-8, 1, 0.99),
        new RunConfig(steps, 7, checkpointEvery, 2, 0, 4, 3, 1));
  }

  private static TrainConfig config(long steps) {
    return config(steps, 0, 1e-3, true);
  }

  private TrainResult train(String name, TrainConfig config) throws IOException {
    return Trainer.create(folder.resolve(name), config, w -> {}).run(SILENT, new Cancellation());
  }

  private TrainResult resume(String name, Long steps) throws IOException {
    return Trainer.resume(folder.resolve(name), Optional.ofNullable(steps), w -> {})
        .run(SILENT, new Cancellation());
  }

  private TrainResult resume(String name, Long steps, double rate) throws IOException {
    return Trainer.resume(
            folder.resolve(name), Optional.of(steps), OptionalDouble.of(rate), w -> {})
        .run(SILENT, new Cancellation());
  }

  private Checkpoint last(String name) throws IOException {
    RunFolder run = new RunFolder(folder.resolve(name));
    return run.checkpoints().read(run.checkpoints().latest().orElseThrow());
  }

  /** The metrics without the last column, which is a speed. */
  private List<String> metrics(String name) throws IOException {
    return Files.readAllLines(folder.resolve(name).resolve("metrics.csv")).stream()
        .map(line -> line.substring(0, line.lastIndexOf(',')))
        .toList();
  }

  private void assertSameRun(String expected, String found) throws IOException {
    Checkpoint a = last(expected);
    Checkpoint b = last(found);
    assertEquals(a.step(), b.step());
    assertEquals(a.tensors(), b.tensors(), "weights, moments and average, bit for bit");
    assertEquals(a.position(), b.position());
    assertEquals(a.images(), b.images());
    assertEquals(a.smoothedLoss(), b.smoothedLoss());
    assertEquals(metrics(expected), metrics(found));
  }

  // --- resuming --------------------------------------------------------------------------------

  @Test
  void aRunInTwoPartsEqualsOneInOneGo() throws IOException {
    train("whole", config(200));
    train("parts", config(100));
    TrainResult result = resume("parts", 200L);
    assertTrue(result.finished());
    assertSameRun("whole", "parts");
    assertEquals(201, metrics("parts").size(), "a header and a row a step");
    assertEquals(DataPosition.START.plus(800, 6000), last("parts").position());
    assertEquals(200, new RunFolder(folder.resolve("parts")).readConfig().run().steps());
    List<Path> all = new RunFolder(folder.resolve("parts")).checkpoints().all();
    assertEquals(List.of("step-00000100", "step-00000200"), names(all));
  }

  @Test
  void aCancelledRunGoesOnAsIfNothingHadHappened() throws IOException {
    train("whole", config(60));
    Cancellation cancellation = new Cancellation();
    TrainListener stop =
        new TrainListener() {
          @Override
          public void onStep(TrainStep step) {
            if (step.step() == 23) {
              cancellation.cancel();
            }
          }
        };
    TrainResult result =
        Trainer.create(folder.resolve("parts"), config(60), w -> {}).run(stop, cancellation);
    assertFalse(result.finished());
    assertEquals(23, result.step());
    assertEquals("step-00000023", result.checkpoint().getFileName().toString());
    resume("parts", null);
    assertSameRun("whole", "parts");
  }

  @Test
  void anInterruptCountsAsCancellation() throws IOException {
    TrainListener stop =
        new TrainListener() {
          @Override
          public void onStep(TrainStep step) {
            if (step.step() == 20) { // a checkpoint of its own is due at that step, too
              Thread.currentThread().interrupt();
            }
          }
        };
    TrainResult result =
        Trainer.create(folder.resolve("run"), config(60, 20, 1e-3, true), w -> {})
            .run(stop, new Cancellation());
    assertTrue(Thread.interrupted(), "the interrupt stays set");
    assertFalse(result.finished());
    assertEquals(result.step(), last("run").step());
    assertEquals(result.step() + 1, metrics("run").size());
  }

  @Test
  void droppedLabelsAreTheSameAfterAResume() throws IOException {
    train("whole", dropping(30, 0.5));
    train("parts", dropping(13, 0.5));
    resume("parts", 30L);
    assertSameRun("whole", "parts");
    train("less", dropping(30, 0.25));
    assertNotEquals(last("whole").tensors(), last("less").tensors());
  }

  private static TrainConfig dropping(long steps, double share) {
    TrainConfig config = config(steps);
    return new TrainConfig(
        config.data(),
        config.network().withLabelDropout(share),
        config.diffusion(),
        config.optimizer(),
        config.run());
  }

  @Test
  void aRunOfAnEarlierVersionGoesOn() throws IOException {
    train("whole", config(9));
    train("parts", config(4));
    Path early = folder.resolve("parts/config.json");
    Files.move(folder.resolve("parts/run.json"), early);
    edit("parts/config.json", ",\n    \"labelDropout\": 0.0", "");
    edit("parts/config.json", ",\n    \"dropout\": 0.0", "");
    edit("parts/config.json", ",\n    \"accumulate\": 1", "");
    edit("parts/config.json", ",\n    \"lrSchedule\": \"constant\"", "");
    edit("parts/config.json", ",\n    \"minLearningRate\": 0.0", "");
    edit("parts/config.json", ",\n    \"weightDecay\": 0.0", "");
    edit("parts/config.json", ",\n    \"furtherEmaDecays\": []", "");
    resume("parts", 9L);
    assertEquals(9, TrainConfig.fromJson(Files.readString(early)).run().steps());
    assertFalse(Files.exists(folder.resolve("parts/run.json")), "there is one configuration");
    assertSameRun("whole", "parts");
  }

  @Test
  void rowsOfLostStepsAreWrittenAnew() throws IOException {
    train("whole", config(40));
    train("run", config(30));
    Path csv = folder.resolve("run").resolve("metrics.csv");
    Files.writeString(csv, Files.readString(csv) + "31,0.5,0.5,1,0.001,9.0\n32,0.5,0"); // killed
    resume("run", 40L);
    assertEquals(metrics("whole"), metrics("run"));
  }

  @Test
  void oldCheckpointsAreDeleted() throws IOException {
    train("run", config(45, 10, 1e-3, true));
    RunFolder run = new RunFolder(folder.resolve("run"));
    assertEquals(List.of("step-00000040", "step-00000045"), names(run.checkpoints().all()));
    try (var files = Files.list(folder.resolve("run").resolve("checkpoints"))) {
      assertEquals(2, files.count(), "nothing half-written stays");
    }
  }

  @Test
  void aFinishedRunHasNothingToDo() throws IOException {
    train("run", config(20));
    TrainResult again = resume("run", null);
    assertTrue(again.finished());
    assertEquals(20, again.step());
  }

  @Test
  void anotherSeedGivesAnotherRun() throws IOException {
    train("a", config(5));
    RunConfig r = config(5).run();
    train("b", config(5).withRun(new RunConfig(5, 8, 0, 2, 0, 4, 3, 1)));
    assertNotEquals(last("a").tensors(), last("b").tensors());
    assertEquals(7, r.seed());
  }

  // --- divergence ------------------------------------------------------------------------------

  @Test
  void weightsThatDivergedAreNeverKept() throws IOException {
    for (double rate : new double[] {1e30, 3e38}) { // finite weights, and infinite ones
      Path run = folder.resolve("run");
      DivergedException e =
          assertThrows(DivergedException.class, () -> train("run", config(50, 0, rate, true)));
      assertTrue(e.getMessage().contains("not finite"), e.getMessage());
      assertTrue(
          e.getMessage()
              .contains(
                  ", after going back 3 times already: training stopped, and there is no older"
                      + " checkpoint"),
          e.getMessage());
      assertFalse(e.isResumable());
      assertEquals(Optional.empty(), new RunFolder(run).checkpoints().latest());
    }
    assertTrue(train("run", config(5)).finished(), "the folder is free for another try");
  }

  @Test
  void aRunThatDivergedGoesOnFromItsLastGoodCheckpointWithALowerRate() throws IOException {
    TrainConfig config = config(4);
    train("run", config.withRun(new RunConfig(4, 7, 1, 1, 0, 4, 3, 1)));
    DivergedException e = assertThrows(DivergedException.class, () -> resume("run", 50L, 1e30));
    assertTrue(e.isResumable());
    assertTrue(e.getMessage().contains("the last good checkpoint is "), e.getMessage());
    assertTrue(e.getMessage().contains("step-00000004, "), e.getMessage());
    try (var files = Files.list(folder.resolve("run/checkpoints"))) {
      assertEquals(
          List.of("step-00000004", "step-00000005-diverged"), names(files.sorted().toList()));
    }
    assertThrows(DivergedException.class, () -> resume("run", null));
    assertEquals(4, last("run").step(), "the same again, and nothing worse");
    TrainResult mended = resume("run", 9L, 1e-3);
    assertTrue(mended.finished());
    train("whole", config(9).withRun(new RunConfig(9, 7, 1, 1, 0, 4, 3, 1)));
    assertSameRun("whole", "run");
  }

  @Test
  void aCheckpointThatCannotGoOnIsSetAside() throws IOException {
    RunConfig run = new RunConfig(6, 7, 0, 2, 0, 4, 3, 1);
    train("run", config(3).withRun(run.withSteps(3)));
    resume("run", 4L, 1e30); // stops before the loss shows it
    assertEquals(4, last("run").step());
    assertTrue(resume("run", 6L, 1e-3).finished(), "from the one before");
    try (var files = Files.list(folder.resolve("run/checkpoints"))) {
      assertEquals(
          List.of("step-00000003", "step-00000004-diverged", "step-00000006"),
          names(files.sorted().toList()));
    }
    assertEquals(1, last("run").recovery().count());
  }

  @Test
  void aLowerRateIsOfTheStepsToCome() throws IOException {
    train("run", config(12));
    assertTrue(resume("run", 14L, 1e-4).finished());
    assertEquals(
        1e-4, new RunFolder(folder.resolve("run")).readConfig().optimizer().learningRate());
    List<String> rows = metrics("run");
    assertTrue(rows.get(12).endsWith(",0.00100000"), rows.get(12));
    assertTrue(rows.get(13).endsWith(",0.000100000"), rows.get(13));
    fails(
        IllegalArgumentException.class,
        () -> resume("run", 15L, -1.0),
        "--learning-rate: expected a positive number that a float holds, found -1.0");
  }

  // --- folders that cannot be used -------------------------------------------------------------

  static void fails(
      Class<? extends Exception> type,
      org.junit.jupiter.api.function.Executable body,
      String... said) {
    Exception e = assertThrows(type, body);
    for (String part : said) {
      assertTrue(e.getMessage().contains(part), e.getMessage());
    }
    assertFalse(e.getMessage().contains("\n"), "one sentence: " + e.getMessage());
  }

  @Test
  void aFolderWithARunIsNotOverwritten() throws IOException {
    train("run", config(3));
    byte[] before = Files.readAllBytes(folder.resolve("run/run.json"));
    fails(IOException.class, () -> train("run", config(4)), "run: expected a folder without a run");
    assertArrayEquals(before, Files.readAllBytes(folder.resolve("run/run.json")));
  }

  @Test
  void aFolderThatCannotBeMade() throws IOException {
    Files.writeString(folder.resolve("file"), "");
    fails(
        IOException.class,
        () -> train("file", config(3)),
        "cannot make the folder",
        "file: there is a file of that name");
    fails(IOException.class, () -> train("file/run", config(3)), "cannot make the folder", "run: ");
  }

  @Test
  void aCheckpointThatCannotBeWritten() throws IOException {
    Path run = folder.resolve("run");
    Trainer trainer = Trainer.create(run, config(3), w -> {});
    Files.writeString(run.resolve("checkpoints"), "in the way");
    fails(
        CheckpointException.class,
        () -> trainer.run(SILENT, new Cancellation()),
        "cannot write the checkpoint",
        "step-00000003");
  }

  @Test
  void nothingToResume() throws IOException {
    fails(IOException.class, () -> resume("nowhere", null), "nowhere", "found no such folder");
    Files.createDirectory(folder.resolve("empty"));
    fails(IOException.class, () -> resume("empty", null), "empty", "run.json, found none");
    train("run", config(3));
    for (Path step : new RunFolder(folder.resolve("run")).checkpoints().all()) {
      delete(step);
    }
    fails(
        CheckpointException.class,
        () -> resume("run", null),
        "run: expected a checkpoint to resume from, found none");
    fails(
        CheckpointException.class,
        () -> RunExporter.export(folder.resolve("run"), folder.resolve("model.onnx")),
        "expected a checkpoint to export, found none");
  }

  static void delete(Path tree) throws IOException {
    try (var files = Files.walk(tree)) {
      for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  // --- damage ----------------------------------------------------------------------------------

  @Test
  void aDamagedCheckpointIsFound() throws IOException {
    train("run", config(6, 3, 1e-3, true));
    Path checkpoint = folder.resolve("run/checkpoints/step-00000006");
    Path state = checkpoint.resolve("state.safetensors");
    Path description = checkpoint.resolve("checkpoint.json");
    byte[] tensors = Files.readAllBytes(state);
    byte[] json = Files.readAllBytes(description);
    String config = Files.readString(folder.resolve("run/run.json"));
    String advice = "; delete that folder to go on from step-00000003";

    byte[] flipped = tensors.clone();
    flipped[tensors.length - 9] ^= 4;
    damage(state, flipped, "is damaged", "SHA-256", advice);
    damage(state, java.util.Arrays.copyOf(tensors, tensors.length / 2), "is damaged", advice);
    damage(state, new byte[0], "is damaged", advice);
    Files.delete(state);
    fails(CheckpointException.class, () -> resume("run", 9L), "is damaged", "found none", advice);
    Files.write(state, tensors);

    damage(description, java.util.Arrays.copyOf(json, json.length / 2), "is damaged", advice);
    damage(description, new byte[0], "is damaged", advice);
    damage(description, new byte[] {(byte) 0xff, 0}, "is damaged", advice);
    damage(description, "[]".getBytes(StandardCharsets.UTF_8), "is damaged", advice);
    damage(description, "{\"format\": 1}".getBytes(StandardCharsets.UTF_8), "is damaged", advice);
    String text = new String(json, StandardCharsets.UTF_8);
    String moved = text.replace("\"offset\": 24", "\"offset\": 20");
    assertNotEquals(text, moved);
    damage(description, moved.getBytes(StandardCharsets.UTF_8), "is damaged", advice);
    damage(
        description,
        text.replace("\"format\": 1", "\"format\": 99").getBytes(StandardCharsets.UTF_8),
        "format 1, found 99");
    Files.delete(description);
    fails(CheckpointException.class, () -> resume("run", 9L), "is damaged", "found none", advice);
    Files.write(description, json);

    assertEquals(config, Files.readString(folder.resolve("run/run.json")), "nothing changed");
    assertEquals(9, resume("run", 9L).step(), "whole again");
  }

  private void damage(Path file, byte[] bytes, String... said) throws IOException {
    byte[] before = Files.readAllBytes(file);
    Files.write(file, bytes);
    fails(CheckpointException.class, () -> resume("run", 9L), said);
    Files.write(file, before);
  }

  @Test
  void theOlderCheckpointIsThereToGoOnFrom() throws IOException {
    train("whole", config(9, 3, 1e-3, true));
    train("run", config(6, 3, 1e-3, true));
    delete(folder.resolve("run/checkpoints/step-00000006"));
    resume("run", 9L);
    assertSameRun("whole", "run");
  }

  @Test
  void aCheckpointOfAnotherNetwork() throws IOException {
    train("run", config(3));
    edit("run/run.json", "\"groups\": 2", "\"groups\": 4");
    fails(CheckpointException.class, () -> resume("run", null), "found another network's");
    fails(
        CheckpointException.class,
        () -> RunExporter.export(folder.resolve("run"), folder.resolve("model.onnx")),
        "step-00000003: expected a checkpoint of the network in run.json, found another");
    assertFalse(Files.exists(folder.resolve("model.onnx")));
  }

  @Test
  void aCheckpointOfAnotherSeed() throws IOException {
    train("run", config(3));
    edit("run/run.json", "\"seed\": 7", "\"seed\": 8");
    fails(
        CheckpointException.class,
        () -> resume("run", null),
        "expected a checkpoint of seed 8, found 7");
  }

  @Test
  void aConfigurationThatIsNone() throws IOException {
    train("run", config(3));
    Files.writeString(folder.resolve("run/run.json"), "{");
    fails(IOException.class, () -> resume("run", null), "run.json: expected the JSON");
    Files.writeString(folder.resolve("run/dataset.json"), "{\"name\": 3");
    fails(IOException.class, () -> RunExporter.export(folder.resolve("run"), folder.resolve("m")));
  }

  private void edit(String file, String from, String to) throws IOException {
    Path path = folder.resolve(file);
    String text = Files.readString(path);
    assertTrue(text.contains(from), text);
    Files.writeString(path, text.replace(from, to));
  }

  // --- what a run writes -----------------------------------------------------------------------

  @Test
  void picturesAreWritten() throws IOException {
    RunConfig run = new RunConfig(6, 7, 0, 2, 4, 9, 3, 1);
    List<Long> steps = new ArrayList<>();
    TrainListener listener =
        new TrainListener() {
          @Override
          public void onSamples(Path file, long step) {
            steps.add(step);
          }
        };
    Trainer.create(folder.resolve("run"), config(6).withRun(run), w -> {})
        .run(listener, new Cancellation());
    assertEquals(List.of(4L, 6L), steps);
    for (long step : steps) {
      BufferedImage grid =
          ImageIO.read(new RunFolder(folder.resolve("run")).samples(step).toFile());
      assertTrue(grid.getWidth() >= 3 * 8 && grid.getHeight() >= 3 * 8, "nine pictures of 8x8");
      assertEquals(grid.getWidth(), grid.getHeight());
    }
    BufferedImage curve = ImageIO.read(folder.resolve("run/loss.png").toFile());
    assertTrue(curve.getWidth() >= 600 && curve.getHeight() >= 300);
  }

  @Test
  void listenersSeeEveryStep() throws IOException {
    List<Long> seen = new ArrayList<>();
    List<Long> kept = new ArrayList<>();
    TrainListener listener =
        new TrainListener() {
          @Override
          public void onStart(RunSummary summary) {
            assertEquals(1, summary.firstStep());
            assertEquals(12, summary.steps());
            assertEquals(6000, summary.images());
            assertTrue(summary.parameters() > 1000);
          }

          @Override
          public void onStep(TrainStep step) {
            seen.add(step.step());
            assertTrue(step.loss() > 0 && step.gradientNorm() > 0);
            assertEquals(1e-3 * Math.min(1, step.step() / 10.0), step.learningRate(), 1e-12);
          }

          @Override
          public void onCheckpoint(Path path, long step) {
            kept.add(step);
            assertTrue(Files.isDirectory(path));
          }
        };
    Trainer.create(folder.resolve("run"), config(12, 5, 1e-3, false), w -> {})
        .run(listener, new Cancellation());
    assertEquals(LongStream.rangeClosed(1, 12).boxed().toList(), seen);
    assertEquals(List.of(5L, 10L, 12L), kept);
  }

  @Test
  void aRunBecomesAModelThatSamples() throws IOException {
    train("run", config(5));
    Path one = folder.resolve("one.onnx");
    Path two = folder.resolve("two.onnx");
    assertEquals(5, RunExporter.export(folder.resolve("run"), one));
    RunExporter.export(folder.resolve("run"), two);
    assertArrayEquals(Files.readAllBytes(one), Files.readAllBytes(two));
    try (DiffusionPipeline pipeline = DiffusionPipeline.open(one).steps(3).build()) {
      assertEquals(6, pipeline.metadata().classNames().size());
      assertTrue(pipeline.metadata().classNames().contains("heart"));
      assertEquals(50, pipeline.schedule().trainTimesteps());
      assertEquals(8, pipeline.imageShape().height());
      assertEquals(3, pipeline.imageShape().channels());
      pipeline.generate(5, 1).writeGrid(folder.resolve("grid.png"));
    }
    assertTrue(ImageIO.read(folder.resolve("grid.png").toFile()).getWidth() >= 16);
  }

  @Test
  void aModelThatNeedsNoGuidanceSaysOfWhichScale() throws IOException {
    TrainConfig plain = dropping(2, 0.3);
    ObjectiveConfig guided = new ObjectiveConfig(null, null, 0, null, 0, 1.5);
    Path file = folder.resolve("model.onnx");
    train("plain", plain);
    RunExporter.export(folder.resolve("plain"), file);
    assertFalse(
        OnnxReader.read(file).metadata().get("ddpm4j.provenance").contains("model_guidance"));
    train(
        "guided",
        new TrainConfig(
            plain.data(),
            plain.network(),
            plain.diffusion().withObjective(guided),
            plain.optimizer(),
            plain.run()));
    RunExporter.export(folder.resolve("guided"), file);
    ModelMetadata metadata = ModelMetadata.parse("model", OnnxReader.read(file).metadata());
    assertEquals("1.5", metadata.provenance().get("model_guidance"));
  }

  @Test
  void aModelWithANullClassSaysSo() throws IOException {
    train("run", dropping(5, 0.3));
    Path file = folder.resolve("model.onnx");
    RunExporter.export(folder.resolve("run"), file);
    try (DiffusionPipeline pipeline = DiffusionPipeline.open(file).steps(2).build()) {
      List<String> names = pipeline.metadata().classNames();
      assertEquals(6, names.size());
      assertEquals(OptionalInt.of(6), pipeline.metadata().nullClass());
      assertEquals("0.3", pipeline.metadata().provenance().get("label_dropout"));
      ImageBatch inTurn = pipeline.generate(7, 1);
      ImageBatch named =
          pipeline
              .generate(GenerationRequest.of(7, 1).withClassNames(names.toArray(String[]::new)))
              .images();
      assertArrayEquals(named.values(), inTurn.values(), "the seventh is of the first class");
      fails(
          IllegalArgumentException.class,
          () -> pipeline.generate(GenerationRequest.of(1, 1).withClassLabels(7)),
          "class: expected a label from 0 to 5, found 7");
    }
    TensorData rows = last("run").state("ema").get("class_embedding.weight");
    assertEquals(7, rows.shape().size(0));
  }

  @Test
  void anUnconditionalRunNamesNoClasses() throws IOException {
    train("run", config(3, 0, 1e-3, false));
    Path file = folder.resolve("model.onnx");
    RunExporter.export(folder.resolve("run"), file);
    try (DiffusionPipeline pipeline = DiffusionPipeline.open(file).steps(2).build()) {
      assertEquals(List.of(), pipeline.metadata().classNames());
      pipeline.generate(1, 1);
    }
    Safetensors state =
        Safetensors.read(folder.resolve("run/checkpoints/step-00000003/state.safetensors"));
    assertTrue(state.tensors().containsKey("ema.conv_in.weight"));
    assertFalse(state.tensors().containsKey("ema.class_embedding.weight"));
  }

  private static List<String> names(List<Path> paths) {
    return paths.stream().map(p -> p.getFileName().toString()).toList();
  }
}
