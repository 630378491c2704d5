package io.ddpm4j.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code ddpm sample}, with models that exporter writes and runtime reads. */
class SampleCommandTest {
  @TempDir static Path models;
  private static Path grey;
  private static Path named;

  @TempDir Path dir;

  @BeforeAll
  static void write() throws IOException {
    grey = TestModels.unet(models.resolve("grey.onnx"), 1, List.of());
    named = TestModels.unet(models.resolve("named.onnx"), 3, TestModels.CLASSES);
  }

  @Test
  void writesGridStripAndSeparateImages() throws IOException {
    Path out = dir.resolve("made/grid.png");
    Path strip = dir.resolve("strip.png");
    Path separate = dir.resolve("each");
    CommandRun.of(
            "sample",
            grey,
            "-n",
            5,
            "--seed",
            7,
            "-o",
            out,
            "--strip",
            strip,
            "--separate",
            separate,
            "--columns",
            5,
            "--scale",
            2,
            "--batch-size",
            2,
            "--strip-frames",
            4,
            "--strip-rows",
            3)
        .succeeds()
        .prints(out, "5 images", "8x8", strip, "4 frames", separate, "5 PNG files", "seed 7,")
        .prints("20 steps", "ddpm sampler", "cpu");
    BufferedImage grid = ImageIO.read(out.toFile());
    assertEquals(5 * (16 + 2) + 2, grid.getWidth());
    assertEquals(16 + 4, grid.getHeight());
    BufferedImage frames = ImageIO.read(strip.toFile());
    assertEquals(4 * 18 + 2, frames.getWidth());
    assertEquals(3 * 18 + 2, frames.getHeight());
    try (Stream<Path> files = Files.list(separate)) {
      assertEquals(5, files.count());
    }
    // The last frame of the strip is the image of the grid.
    assertEquals(grid.getRGB(5, 5), frames.getRGB(3 * 18 + 5, 5));
  }

  @Test
  void sameSeedSamePictureAndAnotherSeedAnother() throws IOException {
    Path a = sample("--seed", 3);
    Path b = sample("--seed", 3);
    Path c = sample("--seed", 4);
    assertArrayEquals(Files.readAllBytes(a), Files.readAllBytes(b));
    assertFalse(java.util.Arrays.equals(Files.readAllBytes(a), Files.readAllBytes(c)));
  }

  @Test
  void randomSeedIsPrintedAndStoredAndMakesThePictureAgain() throws IOException {
    Path out = dir.resolve("random.png");
    CommandRun run =
        CommandRun.of("sample", grey, "-n", 1, "--steps", 3, "-o", out).succeeds().prints("seed ");
    String seed = run.out().replaceAll("(?s).*seed (\\d+),.*", "$1");
    String png = Files.readString(out, StandardCharsets.ISO_8859_1);
    assertTrue(png.contains("Seed\0" + seed), "seed " + seed + " in the PNG's text");
    assertArrayEquals(Files.readAllBytes(out), Files.readAllBytes(sample("--seed", seed)));
  }

  @Test
  void classesByNameOrIndexAreTakenInTurnAndByDefaultAll() throws IOException {
    assertEquals("Bag, Boot, Bag", classes("-n", 3, "--class", "bag,0"));
    assertEquals("T-shirt, Bag", classes("-n", 2, "--class", "T-shirt", "--class", "Bag"));
    assertEquals("Boot, T-shirt, Bag, Boot", classes("-n", 4));
  }

  @Test
  void laterImagesOfASeedAreMadeAlone() throws IOException {
    Path all = dir.resolve("all");
    Path last = dir.resolve("last");
    CommandRun.of("sample", grey, "-n", 3, "--seed", 1, "--separate", all).succeeds();
    CommandRun.of("sample", grey, "-n", 1, "--first-image", 2, "--seed", 1, "--separate", last)
        .succeeds();
    BufferedImage expected = ImageIO.read(all.resolve("image-00002.png").toFile());
    BufferedImage found;
    try (Stream<Path> files = Files.list(last)) {
      found = ImageIO.read(files.findFirst().orElseThrow().toFile());
    }
    for (int i = 0; i < 64; i++) {
      int difference =
          expected.getRaster().getSample(i % 8, i / 8, 0)
              - found.getRaster().getSample(i % 8, i / 8, 0);
      assertTrue(Math.abs(difference) <= 1, "pixel " + i + " differs by " + difference);
    }
  }

  @Test
  void aFolderWithAModelIsAModel() throws IOException {
    Files.copy(grey, dir.resolve("model.onnx"));
    CommandRun.of("sample", dir, "-n", 1, "--steps", 2, "-o", dir.resolve("x.png")).succeeds();
  }

  @Test
  void withoutAModelTheShippedOneIsTakenAndOthersGoByName() throws IOException {
    String home = System.getProperty("ddpm4j.home");
    System.setProperty("ddpm4j.home", dir.toString());
    Path out = dir.resolve("x.png");
    try {
      CommandRun.of("sample", "-o", out)
          .failsSaying(dir.resolve("models/fashion-mnist/model.onnx"), "not there");
      for (String name : List.of(Models.DEFAULT, "other")) {
        Path folder = Files.createDirectories(dir.resolve("models").resolve(name));
        Files.copy(grey, folder.resolve("model.onnx"));
      }
      CommandRun.of("sample", "-n", 1, "--steps", 2, "-o", out)
          .succeeds()
          .prints("models/fashion-mnist/model.onnx: 1 image,");
      CommandRun.of("sample", "other", "-n", 1, "--steps", 2, "-o", out).succeeds();
      CommandRun.of("inspect", "other").succeeds();
      Path judge = Files.createDirectories(dir.resolve("models").resolve("judge"));
      TestModels.classifier(judge.resolve("model.onnx")); // there, but none to sample from
      CommandRun.of("sample", "judge", "-o", out).failsSaying("judge", "found a classifier");
      CommandRun.of("sample", "third", "-o", out)
          .failsSaying("third", "no such file", "the shipped models are: fashion-mnist, other");
    } finally {
      if (home == null) {
        System.clearProperty("ddpm4j.home");
      } else {
        System.setProperty("ddpm4j.home", home);
      }
    }
  }

  @Test
  void aForeignModelTakesItsScheduleFromAFile() throws IOException {
    Path foreign = TestModels.foreign(dir.resolve("foreign.onnx"));
    Path scheduler = dir.resolve("scheduler_config.json");
    Files.writeString(scheduler, "{\"num_train_timesteps\": 10}");
    Path out = dir.resolve("x.png");
    CommandRun.of("sample", foreign, "-o", out)
        .failsSaying(foreign, "--scheduler FILE", "--schedule NAME");
    assertFalse(Files.exists(out));
    CommandRun.of("sample", foreign, "--scheduler", scheduler, "-n", 1, "-o", out)
        .succeeds()
        .prints("10 steps");
    Files.writeString(scheduler, "{\"num_train_timesteps\": \"many\"}");
    CommandRun.of("sample", foreign, "--scheduler", scheduler, "-o", out)
        .failsSaying(scheduler, "num_train_timesteps", "expected a number", "many");
    Files.writeString(scheduler, "no JSON");
    CommandRun.of("sample", foreign, "--scheduler", scheduler, "-o", out).failsSaying(scheduler);
    CommandRun.of("sample", foreign, "--scheduler", dir.resolve("none.json"), "-o", out)
        .failsSaying("none.json", "no such file");
  }

  /** The scheduler's class decides the method where the user names none. */
  @Test
  void aFolderOfDiffusersNeedsNoOptions() throws IOException {
    Path folder = dir.resolve("diffusers");
    Files.createDirectories(folder.resolve("unet"));
    Files.createDirectories(folder.resolve("scheduler"));
    TestModels.foreign(folder.resolve("unet/model.onnx"));
    Files.writeString(
        folder.resolve("scheduler/scheduler_config.json"),
        "{\"_class_name\": \"DDIMScheduler\", \"num_train_timesteps\": 10, \"newer\": 1}");
    Path out = dir.resolve("x.png");
    CommandRun run = CommandRun.of("sample", folder, "-n", 1, "-o", out);
    assertEquals(0, run.exitCode(), run.err());
    run.prints("ddim sampler, 10 steps");
    assertEquals(
        "ddpm: warning: the scheduler configuration holds a field that DDIMScheduler does not"
            + " know: newer",
        run.err().strip());
    CommandRun.of("sample", folder, "-n", 1, "-o", out, "--sampler", "ddpm")
        .prints("ddpm sampler, 10 steps");
    Files.delete(folder.resolve("unet/model.onnx"));
    Files.createFile(folder.resolve("unet/diffusion_pytorch_model.safetensors"));
    CommandRun.of("sample", folder, "-o", out)
        .failsSaying("this folder holds no model.onnx but weights without a graph (unet");
  }

  @Test
  void schedulesAreGivenNumberByNumberToo() throws IOException {
    Path foreign = TestModels.foreign(dir.resolve("foreign.onnx"));
    Path schedule = dir.resolve("betas.json");
    Path out = dir.resolve("x.png");
    Files.writeString(schedule, "{\"betas\": [0.1, 0.2, 0.3, 0.4]}");
    CommandRun.of("sample", foreign, "--scheduler", schedule, "-n", 1, "-o", out)
        .succeeds()
        .prints("ddpm sampler, 4 steps");
    Files.writeString(schedule, "{\"alphas_cumprod\": [0.9, 0.5, 0.1]}");
    CommandRun.of("sample", foreign, "--scheduler", schedule, "-n", 1, "-o", out)
        .succeeds()
        .prints("3 steps");
    Files.writeString(schedule, "{\"alphas_cumprod\": [0.9, 0.95]}");
    CommandRun.of("sample", foreign, "--scheduler", schedule, "-o", out)
        .failsSaying(schedule, "alphas_cumprod[1]: expected a number above 0 and below");
  }

  /** The option counts, but a network is not often meant for another schedule than its own. */
  @Test
  void anotherScheduleThanTheModelsOwnIsSaid() throws IOException {
    Path schedule = dir.resolve("schedule.json");
    Path out = dir.resolve("x.png");
    String same = "\"num_train_timesteps\": 20, \"beta_end\": 0.3";
    for (String fields : List.of(same, "\"_class_name\": \"DDIMScheduler\", " + same)) {
      Files.writeString(schedule, "{" + fields + "}");
      CommandRun.of("sample", grey, "--scheduler", schedule, "-n", 1, "-o", out).succeeds();
    }
    for (String other : List.of(", \"prediction_type\": \"sample\"", ", \"beta_start\": 0.01")) {
      Files.writeString(schedule, "{" + same + other + "}");
      CommandRun run = CommandRun.of("sample", grey, "--scheduler", schedule, "-n", 1, "-o", out);
      assertEquals(0, run.exitCode(), run.err());
      assertEquals(
          "ddpm: warning: "
              + grey
              + ": the model's own schedule differs from that of --scheduler, which is used\n",
          run.err().replace(System.lineSeparator(), "\n"));
    }
    CommandRun options =
        CommandRun.of(
            "sample", grey, "--schedule", "squaredcos_cap_v2", "--steps", 2, "-n", 1, "-o", out);
    assertEquals(0, options.exitCode(), options.err());
    assertTrue(options.err().contains("differs from that of --schedule, which is used"));
  }

  @Test
  void whatAForeignModelLeavesInDoubtIsGiven() throws IOException {
    Path out = dir.resolve("x.png");
    Path ambiguous = TestModels.unclear(dir.resolve("unclear.onnx"));
    Object[] sample = {"sample", ambiguous, "--train-timesteps", 4, "-n", 1, "-o", out};
    CommandRun.of(sample)
        .failsSaying(
            ambiguous,
            "found the inputs [x float[?,?,?,?], a int64[?], b int64[?]]; name them with"
                + " --input-sample NAME, --input-timestep NAME, --input-class NAME or"
                + " --output-sample NAME");
    Object[] named = with(sample, "--input-timestep", "a");
    CommandRun.of(named).failsSaying("give --image-channels N");
    Object[] channels = with(named, "--image-channels", 1);
    CommandRun.of(channels).failsSaying("give --image-size N");
    CommandRun.of(with(channels, "--image-size", "4x6", "--class", 1)).succeeds().prints("4 steps");
    BufferedImage grid = ImageIO.read(out.toFile());
    assertEquals(6 * (grid.getHeight() - 4), 4 * (grid.getWidth() - 4)); // but the padding
    CommandRun.of(with(named, "--input-class", "c"))
        .failsSaying("class labels: expected one of [x float", "the name \"c\"");
    CommandRun.of(with(channels, "--image-size", "4x")).isWrongUsage("or HEIGHTxWIDTH, found '4x'");
    for (String range : List.of("1,0", "0", "a,b", "0,1,2", "0,inf")) {
      CommandRun.of(with(channels, "--value-range", range))
          .isWrongUsage("expected LOW,HIGH with the lower number first, found '" + range + "'");
    }
  }

  @Test
  void theValueRangeIsThatOfTheModelsImages() throws IOException {
    Path model = TestModels.foreign(dir.resolve("foreign.onnx"));
    Path out = dir.resolve("x.png");
    Object[] sample = {"sample", model, "--train-timesteps", 4, "-n", 1, "--seed", 3, "-o", out};
    CommandRun.of(sample).succeeds();
    int signed = ImageIO.read(out.toFile()).getRaster().getSample(8, 8, 0);
    CommandRun.of(with(sample, "--value-range=-3,1")).succeeds();
    int wide = ImageIO.read(out.toFile()).getRaster().getSample(8, 8, 0);
    double value = signed / 255.0 * 2 - 1;
    assertEquals((value + 3) / 4 * 255, wide, 1);
  }

  private static Object[] with(Object[] args, Object... more) {
    return Stream.concat(Stream.of(args), Stream.of(more)).toArray();
  }

  @Test
  void orFromOptions() throws IOException {
    Path foreign = TestModels.foreign(dir.resolve("foreign.onnx"));
    Path out = dir.resolve("x.png");
    Object[] options = {
      "--schedule",
      "scaled_linear",
      "--train-timesteps",
      10,
      "--beta-start",
      0.001,
      "--beta-end",
      0.3,
      "--prediction",
      "v_prediction"
    };
    Object[] sample = {"sample", foreign, "-n", 1, "-o", out};
    CommandRun.of(Stream.of(sample, options).flatMap(Stream::of).toArray())
        .succeeds()
        .prints("10 steps");
    String png = Files.readString(out, StandardCharsets.ISO_8859_1);
    for (String field :
        List.of(
            "\"num_train_timesteps\":10",
            "\"beta_schedule\":\"scaled_linear\"",
            "\"beta_start\":0.001",
            "\"beta_end\":0.3",
            "\"prediction_type\":\"v_prediction\"")) {
      assertTrue(png.contains(field), field);
    }
    CommandRun.of("sample", foreign, "--scheduler", "x.json", "--beta-end", 0.1)
        .isWrongUsage("--scheduler: expected a file or options, found both it and --beta-end");
  }

  @Test
  void unusableModels() throws IOException {
    Path out = dir.resolve("x.png");
    CommandRun.of("sample", dir.resolve("none.onnx"), "-o", out)
        .failsSaying(dir.resolve("none.onnx"), "no such file");
    Path empty = Files.createFile(dir.resolve("empty.onnx"));
    CommandRun.of("sample", empty, "-o", out).failsSaying(empty, "found an empty file");
    byte[] whole = Files.readAllBytes(grey);
    Path cut = dir.resolve("cut.onnx");
    Files.write(cut, java.util.Arrays.copyOf(whole, whole.length / 2));
    CommandRun.of("sample", cut, "-o", out).failsSaying(cut, "no ONNX or was cut short");
    Path text = Files.writeString(dir.resolve("text.onnx"), "this is no model\n".repeat(9));
    CommandRun.of("sample", text, "-o", out).failsSaying(text, "expected an ONNX model");
    Path other = TestModels.noPredictor(dir.resolve("double.onnx"));
    CommandRun.of("sample", other, "-o", out).failsSaying(other, "no noise predictor", "expected");
    Path folder = Files.createDirectory(dir.resolve("folder"));
    CommandRun.of("sample", folder, "-o", out).failsSaying(folder, "no model.onnx");
    Files.createFile(folder.resolve("metrics.csv"));
    CommandRun.of("sample", folder, "-o", out).failsSaying(folder, "ddpm export");
    assertFalse(Files.exists(out));
  }

  @Test
  void unwritableOutputsAreRefusedBeforeSampling() throws IOException {
    Path file = Files.createFile(dir.resolve("file"));
    Path under = file.resolve("x.png");
    CommandRun.of("sample", grey, "-o", under).failsSaying("-o", under, file + " is no folder");
    Path folder = Files.createDirectory(dir.resolve("folder.png"));
    CommandRun.of("sample", grey, "-o", folder).failsSaying("-o", folder, "found a folder");
    for (String name : List.of("x.jpg", "x", "-")) {
      CommandRun.of("sample", grey, "-o", name)
          .isWrongUsage("-o: expected a file name that ends in .png, found '" + name + "'");
    }
    CommandRun.of("sample", grey, "--strip", "strip.gif").isWrongUsage("--strip", ".png");
    CommandRun.of("sample", grey, "--separate", file).failsSaying("--separate", file);
    CommandRun.of("sample", grey, "-o", dir.resolve("x.png"), "--strip", under)
        .failsSaying("--strip", under);
    assertFalse(Files.exists(dir.resolve("x.png")));
  }

  @Test
  void unfittingOptions() throws IOException {
    Path out = dir.resolve("x.png");
    refused(named, "--class", "Shoe", "--class: expected one of Boot, T-shirt, Bag, found 'Shoe'");
    refused(named, "--class", "3", "--class: expected a label from 0 to 2, found 3");
    refused(grey, "--class", "Bag", "--class: expected none", "unconditional, found Bag");
    refused(grey, "--class", "0", "--class: expected none", "unconditional, found 0");
    refused(grey, "--device", "tpu", "'--device'", "expected cpu, cuda or cuda:INDEX", "'tpu'");
    refused(grey, "--steps", 21, "steps", "1 to 20", "21");
    refused(
        grey, "--sampler", "x", "'--sampler'", "expected consistency, ddim, ", "ddpm", "found 'x'");
    refused(grey, "--variance", "x", "'--variance'", "expected fixed_small, fixed_large, found");
    refused(grey, "--variance", "learned", "'--variance'", "found 'learned'");
    refused(grey, "--schedule", "x", "'--schedule'", "expected linear, ", "found 'x'");
    refused(grey, "--image-size", 9, "expected 8", "9");
    refused(grey, "--scale", 100_000, "--scale: expected a picture that fits into memory");
    refused(grey, "--columns", 100_000_000, "--columns: expected a picture that fits into memory");
    refused(grey, "-n", Integer.MAX_VALUE, "-n: expected a picture that fits into memory");
    Path strip = dir.resolve("strip.png");
    CommandRun.of("sample", grey, "--strip", strip, "--strip-frames", 1_000_000_000, "-o", out)
        .isWrongUsage("--strip-frames: expected a picture that fits into memory");
    CommandRun.of("sample", grey, "-o", out, "--device", "cuda").failsSaying("cuda:0", "CUDA");
    assertFalse(Files.exists(out));
  }

  /** Exit code 2 before anything is announced or written. */
  private void refused(Path model, String option, Object value, Object... words) {
    Path out = dir.resolve("x.png");
    CommandRun run = CommandRun.of("sample", model, "-o", out, option, value).isWrongUsage(words);
    assertEquals("", run.out());
    assertFalse(Files.exists(out));
  }

  @Test
  void wrongUsage() {
    CommandRun.of("sample", grey, "-n", 0).isWrongUsage("--images", "at least 1", "'0'");
    CommandRun.of("sample", grey, "--seed", "x").isWrongUsage("--seed", "'x'");
    CommandRun.of("sample", grey, grey).isWrongUsage(grey);
    CommandRun.of("sample", grey, "--sede", 1).isWrongUsage("--sede", "--seed");
    CommandRun.of("sample", "--steps").isWrongUsage("--steps");
    CommandRun.of("sample", "--strip-frames", 1).isWrongUsage("at least 2");
  }

  private Path sample(Object... options) throws IOException {
    Path out = Files.createTempFile(dir, "sample", ".png");
    Object[] fixed = {"sample", grey, "-n", 1, "--steps", 3, "--threads", 1, "-o", out};
    CommandRun.of(Stream.of(fixed, options).flatMap(Stream::of).toArray()).succeeds();
    return out;
  }

  /** The classes that the PNG file names. */
  private String classes(Object... options) throws IOException {
    Path out = Files.createTempFile(dir, "sample", ".png");
    Object[] fixed = {"sample", named, "--steps", 2, "--threads", 1, "-o", out};
    CommandRun.of(Stream.of(fixed, options).flatMap(Stream::of).toArray()).succeeds();
    String png = Files.readString(out, StandardCharsets.ISO_8859_1);
    int start = png.indexOf("Classes\0") + "Classes\0".length();
    return png.substring(start).replaceAll("(?s)^([A-Za-z, -]*[A-Za-z]).*", "$1");
  }
}
