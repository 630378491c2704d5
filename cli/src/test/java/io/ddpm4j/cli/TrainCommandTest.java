package io.ddpm4j.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.exporter.proto.OnnxReader;
import io.ddpm4j.runtime.image.NumpyArray;
import io.ddpm4j.runtime.model.ModelMetadata;
import io.ddpm4j.testing.SharedData;
import io.ddpm4j.trainer.data.ShapesDataset;
import io.ddpm4j.trainer.loop.DataConfig;
import io.ddpm4j.trainer.loop.DiffusionConfig;
import io.ddpm4j.trainer.loop.NetworkConfig;
import io.ddpm4j.trainer.loop.ObjectiveConfig;
import io.ddpm4j.trainer.loop.OptimizerConfig;
import io.ddpm4j.trainer.loop.Preset;
import io.ddpm4j.trainer.loop.ReportingConfig;
import io.ddpm4j.trainer.loop.RunConfig;
import io.ddpm4j.trainer.loop.RunFolder;
import io.ddpm4j.trainer.loop.TrainConfig;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code ddpm train} and {@code ddpm export}, with networks that take milliseconds a step. */
class TrainCommandTest {
  static final Object[] SMALL = {
    "--data",
    "shapes",
    "--image-size",
    8,
    "--widths",
    "8,8",
    "--groups",
    4,
    "--batch-size",
    4,
    "--sample-images",
    4,
    "--sample-steps",
    2
  };

  @TempDir Path dir;

  private CommandRun train(Path out, Object... options) {
    Object[] fixed = {"train", "--out", out};
    return CommandRun.of(Stream.of(fixed, SMALL, options).flatMap(Stream::of).toArray());
  }

  @Test
  void trainsExportsSamplesAndResumes() throws IOException {
    Path run = dir.resolve("run");
    CommandRun first = train(run, "--steps", 3);
    assertEquals(0, first.exitCode(), first.err());
    first.prints(run, "6 classes", "parameters", "steps 1 to 3", "step 3, loss ", "ddpm export");
    RunFolder files = new RunFolder(run);
    assertTrue(Files.exists(files.lossCurve()));
    assertTrue(Files.exists(files.samples(3)));
    assertEquals(4, Files.readAllLines(files.metrics()).size());

    Path model = dir.resolve("shapes.onnx");
    CommandRun.of("export", run, "-o", model).succeeds().prints(model, "after step 3");
    CommandRun.of("inspect", model).succeeds().prints("dataset shapes", "steps 3", "star");
    Path out = dir.resolve("out.png");
    CommandRun.of("sample", model, "-n", 2, "--steps", 2, "--class", "star,heart", "-o", out)
        .succeeds();

    CommandRun.of("sample", run, "-o", out).failsSaying(run, "ddpm export");
    CommandRun.of("export", run).succeeds().prints(run.resolve("model.onnx"));
    CommandRun.of("sample", run, "-n", 1, "--steps", 2, "-o", out).succeeds();

    CommandRun resumed = CommandRun.of("train", "--resume", "--out", run, "--steps", 5);
    assertEquals(0, resumed.exitCode(), resumed.err());
    resumed.prints("steps 4 to 5");
    assertEquals(6, Files.readAllLines(files.metrics()).size());

    Path atOnce = dir.resolve("at-once");
    assertEquals(0, train(atOnce, "--steps", 5).exitCode());
    assertArrayEquals(state(atOnce), state(run), "resumed as if it had never stopped");
  }

  @Test
  void whatIsMeasuredIsShownAndWritten() throws IOException {
    Path run = dir.resolve("run");
    RunFolder files = new RunFolder(run);
    CommandRun trained = train(run, "--steps", 3, "--validation-every", 2);
    assertEquals(0, trained.exitCode(), trained.err());
    String loss = "[0-9]\\.[0-9]{4}";
    String said =
        "validation loss "
            + loss
            + " \\(by quarter of the timesteps: "
            + loss
            + "( "
            + loss
            + "){3}\\)";
    List<String> lines = trained.err().lines().filter(line -> line.contains("validation")).toList();
    assertEquals(2, lines.size(), trained.err());
    assertTrue(lines.get(0).matches("step 2: " + said), lines.get(0));
    assertTrue(lines.get(1).matches("step 3: " + said), lines.get(1));
    trained.prints("report: " + files.report());
    assertTrue(Files.readString(files.report()).contains("<dt>validation loss</dt>"));
    try (Stream<Path> events = Files.list(files.tensorboard())) {
      assertEquals(1, events.count());
    }
    Path quiet = dir.resolve("quiet");
    CommandRun none = train(quiet, "--steps", 1, "--validation-every", 0, "--no-tensorboard");
    assertEquals(0, none.exitCode(), none.err());
    assertFalse(none.err().contains("validation"), none.err());
    assertFalse(Files.exists(new RunFolder(quiet).tensorboard()));
    train(quiet, "--validation-share", 1)
        .isWrongUsage("--validation-share: expected a number from 0 to below 1, found 1.0");
  }

  @Test
  void aFinishedRunSaysSoAndTrainsNothing() throws IOException {
    Path run = dir.resolve("run");
    assertEquals(0, train(run, "--steps", 3, "--sample-every", 0).exitCode());
    byte[] before = state(run);
    for (Object[] steps : new Object[][] {{}, {"--steps", 3}}) {
      Object[] resume = {"train", "--resume", "--out", run};
      CommandRun again = CommandRun.of(Stream.of(resume, steps).flatMap(Stream::of).toArray());
      assertEquals(
          run + ": the run has 3 steps already; --steps N goes on\n", again.succeeds().out());
    }
    CommandRun.of("train", "--resume", "--out", run, "--steps", 2)
        .isWrongUsage("--steps: expected at least 3", run, "found 2");
    assertArrayEquals(before, state(run));
  }

  private static byte[] state(Path run) throws IOException {
    Path latest = new RunFolder(run).checkpoints().latest().orElseThrow();
    return Files.readAllBytes(latest.resolve("state.safetensors"));
  }

  @Test
  void everyOptionReachesTheConfiguration() throws IOException {
    Path pictures = pictures(3);
    Path run = dir.resolve("run");
    CommandRun trained =
        CommandRun.of(
            "train",
            "--data",
            pictures,
            "-o",
            run,
            "--preset",
            "small",
            "--steps",
            1,
            "--seed",
            -4,
            "--threads",
            1,
            "--checkpoint-every",
            7,
            "--keep-checkpoints",
            3,
            "--sample-every",
            0,
            "--sample-images",
            5,
            "--sample-steps",
            6,
            "--image-size",
            16,
            "--channels",
            1,
            "--background",
            "#0a0B0c",
            "--labels-from-folders",
            "--horizontal-flips",
            "--widths",
            "8,16,16",
            "--attention",
            "1,3",
            "--layers",
            2,
            "--groups",
            2,
            "--head-channels",
            4,
            "--unconditional",
            "--batch-size",
            2,
            "--learning-rate",
            "2e-5",
            "--warmup-steps",
            9,
            "--beta1",
            0.8,
            "--beta2",
            0.98,
            "--epsilon",
            "1e-6",
            "--max-gradient-norm",
            0.5,
            "--ema-decay",
            "0.9,0.5,0.99",
            "--accumulate",
            3,
            "--lr-schedule",
            "cosine",
            "--min-learning-rate",
            "1e-6",
            "--weight-decay",
            0.01,
            "--dropout",
            0.2,
            "--train-timesteps",
            50,
            "--schedule",
            "scaled_linear",
            "--beta-start",
            0.001,
            "--beta-end",
            0.1,
            "--prediction",
            "v_prediction",
            "--loss",
            "hybrid",
            "--variance",
            "learned_range",
            "--min-snr",
            4,
            "--timestep-sampling",
            "loss-second-moment",
            "--offset-noise",
            0.1,
            "--validation-every",
            3,
            "--validation-images",
            17,
            "--validation-share",
            0.34,
            "--no-tensorboard");
    assertEquals(0, trained.exitCode(), trained.err());
    TrainConfig config = TrainConfig.fromJson(Files.readString(new RunFolder(run).config()));
    assertEquals(
        new TrainConfig(
                new DataConfig(pictures.toString(), null, null, 16, 1, 0x0a0b0c, true, true),
                new NetworkConfig(
                    List.of(8, 16, 16), List.of(true, false, true), 2, 2, 4, false, 0, 0.2, null),
                new DiffusionConfig(50, "scaled_linear", 0.001, 0.1, "v_prediction")
                    .withObjective(
                        new ObjectiveConfig(
                            "hybrid", "learned_range", 4, "loss-second-moment", 0.1)),
                new OptimizerConfig(
                    2,
                    2e-5,
                    9,
                    0.8,
                    0.98,
                    1e-6,
                    0.5,
                    0.9,
                    3,
                    "cosine",
                    1e-6,
                    0.01,
                    List.of(0.5, 0.99)),
                new RunConfig(1, -4, 7, 3, 0, 5, 6, 1))
            .withReporting(new ReportingConfig(3, 17, 0.34, false)),
        config);
  }

  @Test
  void aRunFromAFile() throws IOException {
    Path first = dir.resolve("first");
    assertEquals(0, train(first, "--steps", 3, "--sample-every", 0).exitCode());
    Path file = first.resolve("run.json");
    Path again = dir.resolve("again");
    trains(CommandRun.of("train", "--config", file, "--out", again));
    assertArrayEquals(state(first), state(again), "the same weights, bit for bit");
    Path other = dir.resolve("other");
    trains(
        CommandRun.of(
            "train", "--config", file, "--out", other, "--seed", 9, "--steps", 1, "--layers", 2));
    TrainConfig config = new RunFolder(other).readConfig();
    assertEquals(9, config.run().seed());
    assertEquals(1, config.run().steps());
    assertEquals(2, config.network().layersPerBlock());
    assertEquals(List.of(8, 8), config.network().channels(), "as in the file");
    assertEquals(8, config.data().imageSize());
  }

  @Test
  void aFileOfAFewFields() throws IOException {
    Path file =
        Files.writeString(
            dir.resolve("few.json"),
            """
            {
              "data": {"imageSize": 8},
              "network": {"channels": [8, 8], "groups": 4},
              "optimizer": {"batchSize": 4},
              "run": {"steps": 1, "sampleEvery": 0}
            }
            """);
    Path run = dir.resolve("run");
    CommandRun.of("train", "--config", file)
        .isWrongUsage(
            "--data: expected what to train on, or data.source in " + file + ", found neither");
    trains(
        CommandRun.of(
            "train", "--config", file, "--data", "shapes", "--preset", "small", "-o", run));
    TrainConfig config = new RunFolder(run).readConfig();
    assertEquals(Preset.SMALL.optimizer().learningRate(), config.optimizer().learningRate());
    assertEquals(List.of(false, true), config.network().attention());
    Files.writeString(file, "{\"run\": {\"sead\": 1}}");
    CommandRun.of("train", "--data", "shapes", "--config", file)
        .failsSaying(file + ": run.sead: expected one of the fields [steps, seed,");
    Files.writeString(file, "{\"data\": {\"source\": 5}}");
    CommandRun.of("train", "--config", file)
        .failsSaying(file + ": data.source: expected a text, found 5");
    Files.writeString(file, "{\"network\": {\"channels\": [8, 16], \"groups\": 3}}");
    CommandRun.of("train", "--data", "shapes", "--config", file)
        .failsSaying(
            file + ": network.channels: expected multiples of network.groups (3), found 8");
    CommandRun.of("train", "--data", "shapes", "--config", file, "--groups", 5)
        .isWrongUsage("--widths: expected multiples of --groups (5), found 8");
    CommandRun.of("train", "--data", "shapes", "--config", dir.resolve("none"))
        .failsSaying("none: expected the run.json of a run, found no such file");
    CommandRun.of("train", "--resume", "--out", run, "--config", file)
        .isWrongUsage("--config does not apply with --resume");
  }

  @Test
  void aFileThatNamesAModel() throws IOException {
    Path model = TestModels.unet(dir.resolve("model.onnx"), 3, new ShapesDataset().classNames());
    Path first = dir.resolve("first");
    Object[] options = {
      "train",
      "--data",
      "shapes",
      "--image-size",
      8,
      "--steps",
      2,
      "--batch-size",
      2,
      "--sample-every",
      0
    };
    trains(with(options, "--init", model, "--out", first));
    Path file = first.resolve("run.json");
    Path again = dir.resolve("again");
    trains(CommandRun.of("train", "--config", file, "--out", again));
    assertArrayEquals(state(first), state(again));
    Path few =
        Files.writeString(dir.resolve("few.json"), "{\"init\": {\"model\": \"" + model + "\"}}");
    Path third = dir.resolve("third");
    trains(with(options, "--config", few, "--out", third));
    assertArrayEquals(state(first), state(third));
    Path other = dir.resolve("other.onnx");
    TestModels.unet(other, 3, List.of("a", "b", "c", "d", "e", "f"));
    Path fourth = dir.resolve("fourth");
    trains(CommandRun.of("train", "--config", file, "--init", other, "--out", fourth));
    assertEquals(other.toString(), new RunFolder(fourth).readConfig().init().model());
    Files.delete(model);
    CommandRun.of("train", "--config", file, "--out", dir.resolve("fifth"))
        .failsSaying(model + ": there is no such file or folder");
  }

  private static void trains(CommandRun run) {
    assertEquals(0, run.exitCode(), run.err());
  }

  @Test
  void anyOfTheAveragesIsExported() throws IOException {
    Path run = dir.resolve("run");
    CommandRun trained = train(run, "--steps", 2, "--ema-decay", "0.9,0.5", "--sample-every", 0);
    assertEquals(0, trained.exitCode(), trained.err());
    Path file = dir.resolve("model.onnx");
    CommandRun.of("export", run, "--ema", 0.5, "-o", file).succeeds();
    assertEquals("0.5", emaDecay(file));
    CommandRun.of("export", run, "-o", file).succeeds();
    assertEquals("0.9", emaDecay(file));
    CommandRun.of("export", run, "--ema", 0.99, "-o", file)
        .isWrongUsage("--ema: expected one of the run's EMA decays, 0.9, 0.5, found 0.99");
  }

  private static String emaDecay(Path model) throws IOException {
    Map<String, String> metadata = OnnxReader.read(model).metadata();
    return ModelMetadata.parse(model.toString(), metadata).provenance().get("ema_decay");
  }

  @Test
  void optionsOfTheOptimizerThatAreWrong() {
    Path run = dir.resolve("run");
    train(run, "--lr-schedule", "step")
        .isWrongUsage("--lr-schedule", "expected constant, linear, cosine, found 'step'");
    train(run, "--min-learning-rate", "1e-5")
        .isWrongUsage("--min-learning-rate: expected 0, since the learning rate is constant");
    train(run, "--lr-schedule", "linear", "--min-learning-rate", 1)
        .isWrongUsage("--min-learning-rate: expected a number from 0 to the learning rate, 0.002");
    train(run, "--weight-decay", -1).isWrongUsage("--weight-decay: expected a number of 0 or more");
    train(run, "--accumulate", 0).isWrongUsage("--accumulate", "at least 1, found '0'");
    train(run, "--dropout", 1).isWrongUsage("--dropout: expected a number from 0 to below 1");
    train(run, "--ema-decay", "0.9,0.9").isWrongUsage("--ema-decay: expected different numbers");
    assertFalse(Files.exists(run));
  }

  @Test
  void aRunBeginsWithWhatDiffusersSaved() throws IOException {
    Path golden = SharedData.path("golden/unets/basic_l1");
    Path run = dir.resolve("run");
    Object[] onwards = {
      "train",
      "--data",
      "shapes",
      "--image-size",
      16,
      "--unconditional",
      "--steps",
      1,
      "--batch-size",
      2,
      "--sample-every",
      0,
      "--init"
    };
    trains(with(onwards, golden, "--out", run));
    TrainConfig config = new RunFolder(run).readConfig();
    assertEquals(List.of(32, 32), config.network().channels());
    assertEquals(32, config.network().groups());
    trains(CommandRun.of("train", "--config", run.resolve("run.json"), "-o", dir.resolve("again")));
    assertArrayEquals(state(run), state(dir.resolve("again")));
    Path alone =
        Files.copy(
            golden.resolve("diffusion_pytorch_model.safetensors"),
            dir.resolve("alone.safetensors"));
    Path third = dir.resolve("third");
    trains(with(onwards, alone, "--widths", "32,32", "--groups", 32, "--out", third));
    assertArrayEquals(state(run), state(third), "the same weights, by options");
    with(onwards, alone, "--widths", "32,32", "--groups", 16, "--layers", 2, "-o", dir.resolve("x"))
        .failsSaying(alone + ": parameter down_blocks.0.resnets.1.", "found none");
    with(onwards, golden, "--widths", "32,64")
        .isWrongUsage("--widths: expected 32,32, as in " + golden + ", found 32,64");
    with(onwards, golden.resolveSibling("ncsnpp_like"))
        .failsSaying("ncsnpp_like/config.json: U-Net config: ", "expected", "found");
  }

  @Test
  void labelsAreDropped() throws IOException {
    Path run = dir.resolve("run");
    CommandRun trained = train(run, "--steps", 1, "--label-dropout", 0.25);
    assertEquals(0, trained.exitCode(), trained.err());
    TrainConfig config = new RunFolder(run).readConfig();
    assertEquals(0.25, config.network().labelDropout());
    CommandRun.of("export", run).succeeds();
    Path model = run.resolve("model.onnx");
    CommandRun.of("inspect", model).succeeds().prints("null class    label 6, for guidance");
    Path out = dir.resolve("out.png");
    CommandRun.of("sample", model, "-n", 1, "--steps", 1, "--class", 6, "-o", out)
        .isWrongUsage("--class: expected a label from 0 to 5, found 6");
    train(dir.resolve("other"), "--steps", 1, "--label-dropout", 0.1, "--unconditional")
        .isWrongUsage("--label-dropout: expected 0, since the network is not told the classes");
    train(dir.resolve("other"), "--steps", 1, "--label-dropout", 1)
        .isWrongUsage("--label-dropout: expected a number from 0 to below 1, found 1.0");
    CommandRun.of(
            "train", "--data", pictures(2), "--out", dir.resolve("other"), "--label-dropout", 0.1)
        .failsSaying("--label-dropout: expected 0, since the images of", "have no classes");
  }

  @Test
  void aRunBeginsWithAModel() throws IOException {
    Path first = dir.resolve("first");
    assertEquals(
        0, train(first, "--steps", 1, "--schedule", "sigmoid", "--sample-every", 0).exitCode());
    CommandRun.of("export", first).succeeds();
    Path model = first.resolve("model.onnx");
    Path next = dir.resolve("next");
    Object[] onwards = {
      "train",
      "--data",
      "shapes",
      "--image-size",
      8,
      "--init",
      model,
      "--steps",
      1,
      "--batch-size",
      4,
      "--sample-every",
      0,
      "--out",
      next
    };
    CommandRun trained = with(onwards, "--label-dropout", 0.1, "--beta-start", 0.001);
    assertEquals(0, trained.exitCode(), trained.err());
    TrainConfig config = new RunFolder(next).readConfig();
    TrainConfig expected = new RunFolder(first).readConfig();
    assertEquals(expected.network().withLabelDropout(0.1), config.network());
    assertEquals("sigmoid", config.diffusion().betaSchedule());
    assertEquals(0.001, config.diffusion().betaStart());
    assertEquals(model.toString(), config.init().model());
    CommandRun.of("export", next).succeeds();
    CommandRun.of("inspect", next.resolve("model.onnx"))
        .succeeds()
        .prints("init first/model.onnx,", "init_sha256 " + config.init().sha256());

    String as = ", as in " + model + ", found ";
    with(onwards, "--widths", "8,16").isWrongUsage("--widths: expected 8,8" + as + "8,16");
    with(onwards, "--attention", 1).isWrongUsage("--attention: expected 2" + as + "1");
    with(onwards, "--layers", 2).isWrongUsage("--layers: expected 1" + as + "2");
    with(onwards, "--groups", 2).isWrongUsage("--groups: expected 4" + as + "2");
    with(onwards, "--head-channels", 4).isWrongUsage("--head-channels: expected 8" + as + "4");
    with(onwards, "--unconditional").isWrongUsage("--unconditional does not apply", model);
    with(onwards, "--preset", "tiny")
        .isWrongUsage("--preset: expected none, whose network is that of " + model, "found tiny");
    Object[] larger = onwards.clone();
    larger[List.of(onwards).indexOf("--image-size") + 1] = 16;
    larger[onwards.length - 1] = dir.resolve("larger");
    CommandRun.of(larger).failsSaying("sample_size: expected the run's 16, found 8");
    Path foreign = TestModels.foreign(dir.resolve("foreign.onnx"));
    CommandRun.of("train", "--data", "shapes", "--init", foreign)
        .failsSaying(foreign, "expected a model that ddpm4j wrote");
    CommandRun.of("train", "--resume", "--out", next, "--init", model)
        .isWrongUsage("--init does not apply with --resume");
  }

  @Test
  void aModelWithANullClassGoesOnWithItsLabelDropout() throws IOException {
    Path first = dir.resolve("first");
    assertEquals(
        0, train(first, "--steps", 1, "--sample-every", 0, "--label-dropout", 0.25).exitCode());
    CommandRun.of("export", first).succeeds();
    Path model = first.resolve("model.onnx");
    Object[] onwards = {
      "train", "--data", "shapes", "--image-size", 8, "--init", model, "--batch-size", 4
    };
    Path next = dir.resolve("next");
    trains(with(onwards, "--out", next, "--steps", 1, "--sample-every", 0));
    assertEquals(0.25, new RunFolder(next).readConfig().network().labelDropout());
    Path other = dir.resolve("other");
    with(onwards, "--out", other, "--label-dropout", 0)
        .failsSaying(
            model + ": parameter class_embedding.weight: expected rows for 6 classes and no null",
            "; keep the null class with --label-dropout 0.25");
    CommandRun.of("train", "--data", pictures(2), "--init", model, "--out", other)
        .failsSaying("expected classes, which the network of " + model + " is told, found none");
    assertFalse(Files.exists(other));
  }

  private static CommandRun with(Object[] command, Object... options) {
    return CommandRun.of(Stream.of(command, options).flatMap(Stream::of).toArray());
  }

  private DiffusionConfig diffusion(Path run, Object... options) throws IOException {
    Object[] all =
        Stream.concat(Stream.of("--steps", 1, "--sample-every", 0), Stream.of(options)).toArray();
    CommandRun trained = train(run, all);
    assertEquals(0, trained.exitCode(), trained.err());
    return TrainConfig.fromJson(Files.readString(new RunFolder(run).config())).diffusion();
  }

  @Test
  void betasComeFromFiles() throws IOException {
    List<Double> betas = List.of(0.05, 0.25, 0.5);
    Path list = dir.resolve("list.json");
    Files.writeString(list, "[0.05, 0.25, 0.5]\n");
    Path object = dir.resolve("object.json");
    Files.writeString(object, "{\"alphas_cumprod\": [0.95, 0.7125, 0.35625]}");
    Path array = dir.resolve("array.npy");
    NumpyArray.of(new float[] {0.0625f, 0.25f, 0.5f}, 3).write(array);
    DiffusionConfig found = diffusion(dir.resolve("a"), "--betas", list);
    assertEquals(betas, found.trainedBetas());
    assertEquals(3, found.trainTimesteps());
    assertEquals(
        List.of(0.0625, 0.25, 0.5), diffusion(dir.resolve("b"), "--betas", array).trainedBetas());
    List<Double> derived =
        diffusion(dir.resolve("c"), "--betas", object, "--train-timesteps", 3).trainedBetas();
    for (int t = 0; t < 3; t++) {
      assertEquals(betas.get(t), derived.get(t), 1e-12);
    }

    Path out = dir.resolve("refused");
    train(out, "--betas", list, "--schedule", "sigmoid")
        .isWrongUsage("--betas: expected a file or the options of a named schedule, found both");
    train(out, "--betas", list, "--train-timesteps", 4)
        .isWrongUsage("--train-timesteps: expected 3, as many as there are betas, found 4");
    train(out, "--betas", dir.resolve("none.json")).failsSaying("none.json");
    Files.writeString(list, "[0.05, 1.5]");
    train(out, "--betas", list).failsSaying(list, "betas: expected every beta between 0 and 1");
    Files.writeString(list, "{\"beta_start\": 0.1}");
    train(out, "--betas", list).failsSaying(list, "expected trained_betas, betas or");
    NumpyArray.of(new float[] {0.1f, 0.2f}, 1, 2).write(array);
    train(out, "--betas", array)
        .failsSaying(array, "expected an array of rank 1, found shape [1, 2]");
  }

  @Test
  void lossAndVarianceGoTogether() throws IOException {
    ObjectiveConfig hybrid = diffusion(dir.resolve("a"), "--loss", "hybrid").objective();
    assertEquals(new ObjectiveConfig("hybrid", null, 0, null, 0), hybrid);
    ObjectiveConfig learned =
        diffusion(dir.resolve("b"), "--variance", "learned_range", "--min-snr").objective();
    assertEquals(new ObjectiveConfig("hybrid", "learned_range", 5, null, 0), learned);
    Path out = dir.resolve("refused");
    train(out, "--loss", "hybrid", "--variance", "fixed_large")
        .isWrongUsage("--variance: expected learned_range, which is what the loss hybrid trains");
    train(out, "--loss", "simple", "--variance", "learned_range")
        .isWrongUsage("--loss: expected hybrid or vlb, since");
    train(out, "--loss", "vlb", "--min-snr", 5).isWrongUsage("--min-snr: expected none, since");
    train(out, "--loss", "l1").isWrongUsage("'--loss'", "expected simple, vlb, hybrid");
    train(out, "--variance", "learned")
        .isWrongUsage("'--variance'", "expected fixed_small, fixed_large, learned_range");
    train(out, "--timestep-sampling", "often")
        .isWrongUsage("'--timestep-sampling'", "expected uniform, loss-second-moment");
    train(out, "--offset-noise", -1).isWrongUsage("--offset-noise: expected a number of 0 or more");
    train(out, "--model-guidance", 0.5)
        .isWrongUsage("--model-guidance: expected a number of at least 1, found 0.5");
    train(out, "--model-guidance", 2)
        .isWrongUsage("--model-guidance: expected with --label-dropout");
    train(out, "--model-guidance", 2, "--label-dropout", 0.1, "--dropout", 0.1)
        .isWrongUsage("--model-guidance: expected with --dropout 0, since two predictions");
    train(out, "--model-guidance", 2, "--label-dropout", 0.1, "--loss", "vlb")
        .isWrongUsage("--model-guidance: expected none for the loss vlb");

    // A model with a learned variance is trained on with it.
    Path model = dir.resolve("model.onnx");
    CommandRun.of("export", dir.resolve("a"), "-o", model).succeeds();
    DiffusionConfig onwards = diffusion(dir.resolve("onwards"), "--init", model);
    assertEquals(new ObjectiveConfig("hybrid", "learned_range", 0, null, 0), onwards.objective());
    Path grid = dir.resolve("grid.png");
    CommandRun.of("sample", model, "-n", 2, "--steps", 3, "-o", grid).succeeds();
    CommandRun.of("inspect", model).succeeds().prints("learned_range");
    Object[] anew = {"--init", model, "--loss", "simple", "--variance", "fixed_small"};
    train(out, anew).failsSaying("out_channels: expected the run's 3, found 6");
  }

  @Test
  void aModelWithAFixedVarianceCanLearnOne() throws IOException {
    Path model = dir.resolve("fixed.onnx");
    assertEquals(ObjectiveConfig.SIMPLE, diffusion(dir.resolve("fixed")).objective());
    CommandRun.of("export", dir.resolve("fixed"), "-o", model).succeeds();
    Path run = dir.resolve("hybrid");
    ObjectiveConfig hybrid = diffusion(run, "--init", model, "--loss", "hybrid").objective();
    assertEquals(new ObjectiveConfig("hybrid", null, 0, null, 0), hybrid);
    Path learned = dir.resolve("learned.onnx");
    CommandRun.of("export", run, "-o", learned).succeeds();
    CommandRun.of("inspect", learned).succeeds().prints("learned_range");
    Path grid = dir.resolve("grid.png");
    CommandRun.of("sample", learned, "-n", 2, "--steps", 3, "-o", grid).succeeds();
  }

  @Test
  void whatIsNotSaidIsThePreset() throws IOException {
    for (Preset preset : Preset.values()) {
      TrainConfig config = preset.config("shapes", 2000, 0);
      assertEquals(config.run(), new TrainRunOptions().over(config.run(), null));
      assertEquals(config.data(), new TrainDataOptions().over(config.data()));
      assertEquals(config.network(), new TrainNetworkOptions().over(config.network()));
      assertEquals(config.optimizer(), new TrainOptimizerOptions().over(config.optimizer()));
      assertEquals(config.diffusion(), new TrainDiffusionOptions().over(config.diffusion()));
      assertEquals(config.diffusion(), new TrainObjectiveOptions().over(config.diffusion()));
    }
  }

  @Test
  void helpShowsThePresetsNumbers() {
    String help = CommandRun.of("train", "--help").succeeds().out().replaceAll("\\s+", " ");
    String widths =
        Stream.of(Preset.values())
            .map(p -> (p + " " + p.network().channels()).toLowerCase(Locale.ROOT))
            .collect(Collectors.joining("; "))
            .replaceAll("[\\[\\]]", "")
            .replace(", ", ",");
    for (String expected :
        List.of(
            "full resolution down (default: " + widths + ")",
            "guard against division by zero (default: 1e-8)",
            "First beta of the linear schedules (default: "
                + BigDecimal.valueOf(Preset.diffusion().betaStart())
                    .stripTrailingZeros()
                    .toPlainString()
                + ")",
            "Last beta of the linear schedules (default: " + Preset.diffusion().betaEnd() + ")",
            "Timesteps of the schedule, T (default: " + Preset.diffusion().trainTimesteps() + ")",
            "laplace or exp (default: " + Preset.diffusion().betaSchedule() + ")",
            "or v_prediction (default: " + Preset.diffusion().predictionType() + ")",
            "(default: 500)")) {
      assertTrue(help.contains(expected), expected + " in: " + help);
    }
    assertFalse(help.contains("${"), help);
  }

  @Test
  void unreadableImagesAreNamedSkippedAndCounted() throws IOException {
    Path pictures = pictures(4);
    for (int i = 0; i < 12; i++) {
      Files.writeString(pictures.resolve("bad-%02d.png".formatted(i)), "no picture");
    }
    CommandRun run =
        CommandRun.of(
            "train",
            "--data",
            pictures,
            "--image-size",
            8,
            "--widths",
            "8,8",
            "--groups",
            4,
            "--batch-size",
            2,
            "--sample-every",
            0,
            "--steps",
            1,
            "--out",
            dir.resolve("run"));
    assertEquals(0, run.exitCode(), run.err());
    List<String> warnings =
        run.err().lines().filter(line -> line.startsWith("ddpm: warning: ")).toList();
    assertEquals(11, warnings.size(), run.err());
    assertTrue(warnings.get(0).contains("bad-00.png"), run.err());
    assertTrue(warnings.get(10).contains("12 in all"), run.err());
    run.prints("4 ");
  }

  @Test
  void unusableData() throws IOException {
    Path out = dir.resolve("run");
    CommandRun.of("train", "--data", "nothing", "--out", out)
        .failsSaying("unknown data set 'nothing'", "emoji, fashion-mnist, shapes");
    Path cut = idx("cut-images-idx3-ubyte", 0x803, 10, 8, 8, 100);
    CommandRun.of("train", "--data", cut, "--out", out).failsSaying(cut, "expected", "found");
    Path magic = idx("magic-images-idx3-ubyte", 0x999, 10, 8, 8, 640);
    CommandRun.of("train", "--data", magic, "--out", out).failsSaying(magic, "expected", "found");
    Path folder = Files.createDirectory(dir.resolve("folder"));
    CommandRun.of("train", "--data", folder, "--out", out).failsSaying(folder);
    CommandRun.of("train", "--data", "fashion-mnist", "--data-dir", folder, "--out", out)
        .failsSaying(folder);
    CommandRun.of("train", "--data", "emoji", "--data-dir", folder, "--out", out)
        .failsSaying("the emoji are not there", folder, "npm install");
    CommandRun.of("train", "--data", "emoji", "--channels", 1, "--out", out)
        .isWrongUsage("--channels does not apply to data set emoji");
    CommandRun.of("train", "--data", "shapes", "--labels", cut, "--out", out)
        .isWrongUsage("--labels does not apply to data set shapes");
    CommandRun.of("train", "--data", "shapes", "--data-dir", "x", "--out", out)
        .isWrongUsage("--data-dir does not apply to data set shapes");
    CommandRun.of("train", "--data", dir.getRoot(), "--labels", cut) // into runs/run
        .isWrongUsage("--labels does not apply to data set " + dir.getRoot());
    assertFalse(Files.exists(out));
  }

  @Test
  void unfittingOptions() throws IOException {
    Path out = dir.resolve("run");
    train(out, "--widths", "8,10")
        .isWrongUsage("--widths: expected multiples of --groups (4), found 10");
    train(out, "--widths", "8,12", "--head-channels", 8)
        .isWrongUsage("--widths: expected multiples of --head-channels (8), found 12");
    train(out, "--image-size", 9)
        .isWrongUsage("--image-size: expected a multiple of 2, for the 2 levels", "found 9");
    train(out, "--attention", 3).isWrongUsage("--attention: expected levels from 1 to 2, found 3");
    train(out, "--schedule", "steep")
        .isWrongUsage("'--schedule'", "expected linear, scaled_linear,", "found 'steep'");
    train(out, "--prediction", "noise")
        .isWrongUsage("'--prediction'", "expected epsilon, sample, v_prediction", "'noise'");
    train(out, "--beta-end", 2).isWrongUsage("'--beta-end'", "above 0 and below 1, found '2'");
    train(out, "--learning-rate", -1)
        .isWrongUsage("'--learning-rate'", "expected a number above 0, found '-1'");
    train(out, "--learning-rate", "1e300")
        .isWrongUsage("--learning-rate: expected a positive number that a float holds", "1.0E300");
    train(out, "--learning-rate", "1e-60")
        .isWrongUsage("--learning-rate: expected a positive number that a float holds", "1.0E-60");
    train(out, "--beta1", 1).isWrongUsage("--beta1: expected a number from 0 to below 1");
    train(out, "--max-gradient-norm", -1).isWrongUsage("--max-gradient-norm", "0 for no clipping");
    train(out, "--beta-start", 0.9, "--beta-end", 0.9)
        .isWrongUsage("--beta-start, --beta-end: betas: expected a product of alphas above 0");
    train(out, "--batch-size", 12_000_000)
        .failsSaying("--batch-size: expected at most 11184810 images in a step", "192 numbers");
    train(out, "--batch-size", 2, "--accumulate", 6_000_000)
        .failsSaying("--batch-size: expected at most 11184810", "--accumulate", "found 12000000");
    assertFalse(Files.exists(out));
    Path file = Files.createFile(dir.resolve("file"));
    train(file.resolve("run")).failsSaying("--out", file + " is no folder");
  }

  @Test
  void divergenceIsSaid() {
    CommandRun run =
        train(
            dir.resolve("run"),
            "--steps",
            200,
            "--sample-every",
            0,
            "--learning-rate",
            "1e30",
            "--warmup-steps",
            0,
            "--max-gradient-norm",
            "1e30");
    assertEquals(1, run.exitCode(), run.err());
    String last = run.err().lines().reduce("", (a, b) -> b);
    assertTrue(last.contains("is not finite") && last.contains("learning rate"), run.err());
    assertTrue(last.endsWith("; begin again with: --learning-rate 0.00050"), last);
  }

  @Test
  void whatIsSaidAfterDivergenceWorks() throws IOException {
    Path run = dir.resolve("run");
    Object[] options = {"--steps", 2, "--sample-every", 0, "--warmup-steps", 0};
    assertEquals(0, train(run, options).exitCode());
    CommandRun diverged =
        CommandRun.of("train", "--resume", "--out", run, "--steps", 9, "--learning-rate", "1e30");
    assertEquals(1, diverged.exitCode(), diverged.err());
    String last = diverged.err().lines().reduce("", (a, b) -> b);
    String command =
        last.substring(last.indexOf("go on with: ddpm ") + "go on with: ddpm ".length());
    CommandRun mended = CommandRun.of((Object[]) command.split(" "));
    assertEquals(0, mended.exitCode(), last + mended.err());
    assertEquals(5e-4, new RunFolder(run).readConfig().optimizer().learningRate());
  }

  @Test
  void runsThatCannotGoOn() throws IOException {
    Path run = dir.resolve("run");
    CommandRun.of("train", "--resume", "--out", run).failsSaying(run);
    CommandRun.of("export", run, "-o", dir.resolve("x.onnx")).failsSaying(run);
    assertEquals(0, train(run, "--steps", 1).exitCode());
    Path file = new RunFolder(run).lossCurve();
    CommandRun.of("export", file, "-o", dir.resolve("x.onnx")).failsSaying(file, "ONNX");
    train(run, "--steps", 1).failsSaying(run, "resume");
    CommandRun.of("export", run, "-o", dir).failsSaying("-o", dir, "found a folder");
    Path state = new RunFolder(run).checkpoints().latest().orElseThrow();
    Files.write(state.resolve("state.safetensors"), new byte[100]);
    CommandRun.of("train", "--resume", "--out", run, "--steps", 2).failsSaying(state, "damaged");
    CommandRun.of("export", run, "-o", dir.resolve("x.onnx")).failsSaying(state, "damaged");
    assertFalse(Files.exists(dir.resolve("x.onnx")));
  }

  @Test
  void whatTrainingCanDoWithoutIsAWarning() throws IOException {
    Path run = dir.resolve("run");
    assertEquals(0, train(run, "--steps", 1, "--max-gradient-norm", 0).exitCode());
    Path curve = new RunFolder(run).lossCurve();
    Files.delete(curve);
    Files.createDirectory(curve);
    CommandRun resumed = CommandRun.of("train", "--resume", "--out", run, "--steps", 2);
    assertEquals(0, resumed.exitCode(), resumed.err());
    assertTrue(
        resumed.err().contains("ddpm: warning: the loss curve was not drawn: "), resumed.err());
  }

  @Test
  void wrongUsage() {
    CommandRun.of("train").isWrongUsage("--data");
    CommandRun.of("train", "--resume").isWrongUsage("--out");
    CommandRun.of("train", "--resume", "--out", "x", "--seed", 1)
        .isWrongUsage("--seed does not apply with --resume");
    CommandRun.of("train", "--data", "shapes", "--preset", "huge")
        .isWrongUsage("'--preset'", "expected tiny, small, base, found 'huge'");
    CommandRun.of("train", "--data", "shapes", "--background", "red")
        .isWrongUsage("--background", "ffffff", "'red'");
    CommandRun.of("train", "--data", "shapes", "--steps", 0).isWrongUsage("--steps");
    CommandRun.of("train", "--data", "shapes", "--seed", 1.5)
        .isWrongUsage("'--seed'", "expected a whole number", "found '1.5'");
    CommandRun.of("train", "--data", "shapes", "--learning-rate", "NaN")
        .isWrongUsage("'--learning-rate'", "expected a number, found 'NaN'");
    CommandRun.of("export").isWrongUsage("SOURCE");
    CommandRun.of("export", "run", "-o", "-").isWrongUsage("-o: expected a file name, found '-'");
  }

  private Path pictures(int count) throws IOException {
    Path folder = Files.createDirectory(dir.resolve("pictures"));
    for (int i = 0; i < count; i++) {
      Path sub = Files.createDirectories(folder.resolve(i % 2 == 0 ? "even" : "odd"));
      BufferedImage image = new BufferedImage(16, 16, BufferedImage.TYPE_INT_RGB);
      image.setRGB(i, i, 0xff0000);
      ImageIO.write(image, "png", sub.resolve(i + ".png").toFile());
    }
    return folder;
  }

  private Path idx(String name, int magic, int count, int rows, int columns, int bytes)
      throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(16 + bytes);
    buffer.putInt(magic).putInt(count).putInt(rows).putInt(columns);
    return Files.write(dir.resolve(name), buffer.array());
  }
}
