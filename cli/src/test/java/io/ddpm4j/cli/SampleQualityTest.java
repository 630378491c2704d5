package io.ddpm4j.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.ddpm4j.runtime.DiffusionPipeline;
import io.ddpm4j.runtime.image.ImageBatch;
import io.ddpm4j.runtime.sampling.Samplers;
import io.ddpm4j.trainer.data.ImageDataset;
import io.ddpm4j.trainer.data.ShapesDataset;
import io.ddpm4j.trainer.evaluate.distance.FrechetDistance;
import io.ddpm4j.trainer.evaluate.distance.GaussianStatistics;
import io.ddpm4j.trainer.evaluate.features.Features;
import io.ddpm4j.trainer.evaluate.features.Work;
import io.ddpm4j.trainer.loop.FolderLock;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SampleQualityTest {
  private static final List<String> CLASSES = new ShapesDataset().classNames();
  private static final int CHANNELS = 3;

  @TempDir Path dir;

  private Path model() throws IOException {
    Path file = dir.resolve("shapes-model.onnx");
    return Files.exists(file) ? file : TestModels.unet(file, CHANNELS, CLASSES);
  }

  private Path features() throws IOException {
    return TestModels.features(dir.resolve("features.onnx"), CHANNELS, CLASSES);
  }

  private CommandRun evaluate(Path out, Object... more) throws IOException {
    List<Object> args =
        new ArrayList<>(List.of("evaluate", model(), "--data", "shapes", "--sample-quality"));
    args.addAll(List.of("--threads", 1, "--out", out));
    addUnlessGiven("--features", features(), args, more);
    addUnlessGiven("--reference-images", 60, args, more);
    args.addAll(Arrays.asList(more));
    return CommandRun.of(args.toArray());
  }

  private static void addUnlessGiven(
      String option, Object value, List<Object> args, Object... more) {
    if (!Arrays.asList(more).contains(option)) {
      args.addAll(List.of(option, value));
    }
  }

  private static JsonObject json(Path out) throws IOException {
    return JsonParser.parseString(Files.readString(out.resolve("quality.json"))).getAsJsonObject();
  }

  @Test
  void theFiguresAreThoseOfTheSamplesThatTheModelMakes() throws IOException {
    Path out = dir.resolve("out");
    evaluate(out, "-n", 25, "--seed", 4, "--sampler", "ddim", "--steps", 3)
        .succeeds()
        .prints("25 samples", "seed 4", "ddim", "real images", "class accuracy by class")
        .prints("quality.csv", "neighbours.png");
    JsonObject json = json(out);
    JsonObject row = json.getAsJsonArray("rows").get(0).getAsJsonObject();
    assertEquals("ddim", row.get("sampler").getAsString());
    assertEquals(3, row.get("steps").getAsInt());
    assertEquals(25, row.get("images").getAsInt());
    assertEquals(25, json.getAsJsonObject("floor").get("images").getAsInt());
    assertTrue(json.getAsJsonObject("floor").get("frechet_distance").getAsDouble() > 0);
    ImageBatch samples;
    try (DiffusionPipeline pipeline =
        DiffusionPipeline.open(model()).sampler(Samplers.ddim()).steps(3).threads(1).build()) {
      samples = pipeline.generate(25, 4);
    }
    int right = 0;
    float[] means = new float[25 * CHANNELS];
    for (int i = 0; i < 25; i++) {
      byte[] pixels = samples.bytes(i);
      int best = 0;
      for (int c = 1; c < CLASSES.size(); c++) {
        best = (pixels[c] & 0xff) > (pixels[best] & 0xff) ? c : best;
      }
      right += best == i % CLASSES.size() ? 1 : 0;
      for (int e = 0; e < pixels.length; e++) {
        means[i * CHANNELS + e / 64] += (float) (((pixels[e] & 0xff) / 127.5 - 1) / 64);
      }
    }
    assertEquals(right / 25.0, row.get("class_accuracy").getAsDouble(), 1e-12);
    Features found;
    try (Stream<Path> files = Files.list(out.resolve("features"))) {
      Path reference =
          files
              .filter(file -> file.toString().endsWith("-features.npy"))
              .filter(file -> count(file) == 60)
              .findFirst()
              .orElseThrow();
      found = Features.load(reference);
    }
    double expected =
        FrechetDistance.between(
            GaussianStatistics.of(found, Work.quiet()),
            GaussianStatistics.of(Features.of(means, 25, CHANNELS), Work.quiet()),
            Work.quiet());
    assertEquals(expected, row.get("frechet_distance").getAsDouble(), 1e-4 * expected);
    assertTrue(ImageIO.read(out.resolve("neighbours.png").toFile()).getWidth() > 48);
  }

  private static int count(Path file) {
    try {
      return Features.load(file).count();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Test
  void moreSamplesAreAddedToThoseThatAreThere() throws IOException {
    Path parts = dir.resolve("parts");
    Path whole = dir.resolve("whole");
    Object[] method = {"--sampler", "ddpm", "--steps", 2, "--batch-size", 4, "--neighbours", 0};
    evaluate(parts, with(method, "-n", 20)).succeeds();
    evaluate(parts, with(method, "-n", 32)).succeeds();
    evaluate(whole, with(method, "-n", 32)).succeeds();
    String expected = figures(whole);
    assertEquals(expected, figures(parts));
    byte[] before = samples(parts);
    evaluate(parts, with(method, "-n", 32)).succeeds().prints("going on after 1 row");
    assertArrayEquals(before, samples(parts), "nothing was made");
    assertEquals(expected, figures(parts));
    evaluate(parts, with(method, "-n", 20)).failsSaying("at most 20 samples", "found 32", "--out");
    assertEquals(expected, figures(parts));
  }

  @Test
  void earlierRowsStayInTheTableAndAreNotMeasuredAgain() throws IOException {
    Path out = dir.resolve("out");
    Object[] usual = {"-n", 16, "--neighbours", 0};
    evaluate(out, with(usual, "--sampler", "ddim", "--steps", "3,2", "--against-steps")).succeeds();
    evaluate(out, with(usual, "--sampler", "ddpm", "--steps", 2)).succeeds();
    List<String> rows = Files.readAllLines(out.resolve("quality.csv"));
    assertEquals(List.of("ddpm,2", "ddim,2", "ddim,3"), methods(rows.subList(2, rows.size())));
    assertTrue(Files.exists(out.resolve("frechet-distance.png")));
    Map<String, byte[]> before = files(out);
    for (String folder : List.of("features", "samples")) {
      deleteFolder(out.resolve(folder));
    }
    evaluate(out, with(usual, "--sampler", "ddim", "--steps", 3))
        .succeeds()
        .prints("going on after 3 rows", "ddpm ");
    Map<String, byte[]> after = files(out);
    assertEquals(before.keySet(), after.keySet());
    before.forEach((name, bytes) -> assertArrayEquals(bytes, after.get(name), name));
    assertFalse(Files.exists(out.resolve("features")), "nothing was measured");
    // The best row is drawn, whichever start it is of.
    evaluate(out, "-n", 16, "--neighbours", 2, "--sampler", "ddim", "--steps", 3)
        .succeeds()
        .prints("neighbours.png");
  }

  @Tag("slow")
  @Test
  void moreSamplesBeginATableAndWhatElseDiffersIsRefused() throws IOException {
    Path out = dir.resolve("out");
    Object[] usual = {"--neighbours", 0, "--sampler", "ddim", "--steps", 2};
    evaluate(out, "-n", 16, "--sampler", "ddim", "--steps", "2,3", "--neighbours", 1).succeeds();
    String state = Files.readString(out.resolve("quality.state.json"));
    evaluate(out, with(usual, "-n", 16, "--seed", 1))
        .failsSaying("quality.state.json", "seed 1, found 0", "--out");
    evaluate(out, with(usual, "-n", 16, "--reference-images", 61))
        .failsSaying("reference images 61, found 60", "--out");
    evaluate(out, with(usual, "-n", 17, "--seed", 1)).failsSaying("seed 1, found 0");
    Path clipless = dir.resolve("scheduler.json");
    Files.writeString(
        clipless,
        """
        {"_class_name": "DDPMScheduler", "num_train_timesteps": 20, "beta_start": 0.0001,
         "beta_end": 0.3, "beta_schedule": "linear", "variance_type": "fixed_large",
         "clip_sample": false}
        """); // the model's own, but for clipping
    evaluate(out, with(usual, "-n", 16, "--scheduler", clipless))
        .failsSaying("scheduler DDPMScheduler ", ", found DDPMScheduler ", "--out");
    evaluate(out, with(usual, "-n", 16, "--class", CLASSES.get(1)))
        .failsSaying("class labels [1], found all in turn", "--out");
    evaluate(out, with(usual, "-n", 16, "--value-range", "0,255"))
        .failsSaying("value range 0,255, found -1,1");
    Path others = TestModels.features(dir.resolve("o.onnx"), CHANNELS, CLASSES.subList(0, 2));
    evaluate(out, with(usual, "-n", 16, "--features", others)).failsSaying("features", "--out");
    CommandRun.of(
            Stream.of(
                    Stream.of("evaluate", TestModels.unet(dir.resolve("m.onnx"), 3, List.of())),
                    Stream.of("--data", "shapes", "--sample-quality", "--out", out, "-n", 16),
                    Stream.of("--features", features(), "--reference-images", 60),
                    Stream.of(usual))
                .flatMap(args -> args)
                .toArray())
        .failsSaying("model", "--out");
    assertEquals(state, Files.readString(out.resolve("quality.state.json")));
    assertTrue(Files.exists(out.resolve("frechet-distance.png")));
    assertTrue(Files.exists(out.resolve("neighbours.png")));
    evaluate(out, with(usual, "-n", 17)).succeeds();
    assertEquals(3, Files.readAllLines(out.resolve("quality.csv")).size());
    for (String picture : List.of("frechet-distance", "class-accuracy", "neighbours")) {
      assertFalse(Files.exists(out.resolve(picture + ".png")), picture);
    }
    Files.writeString(out.resolve("quality.state.json"), "{\"images\": 17}");
    evaluate(out, with(usual, "-n", 17)).failsSaying("damaged", "quality.state.json");
  }

  /** Those of the folder itself, by name. */
  private static Map<String, byte[]> files(Path folder) throws IOException {
    Map<String, byte[]> files = new TreeMap<>();
    try (Stream<Path> all = Files.list(folder)) {
      for (Path file : all.filter(Files::isRegularFile).toList()) {
        files.put(file.getFileName().toString(), Files.readAllBytes(file));
      }
    }
    return files;
  }

  private static void deleteFolder(Path folder) throws IOException {
    try (Stream<Path> all = Files.list(folder)) {
      for (Path file : all.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(folder);
  }

  private static Object[] with(Object[] some, Object... more) {
    return Stream.concat(Stream.of(some), Stream.of(more)).toArray();
  }

  /** All but the time, which is another every time. */
  private static String figures(Path out) throws IOException {
    JsonObject row = json(out).getAsJsonArray("rows").get(0).getAsJsonObject();
    assertTrue(row.remove("seconds_per_image").getAsDouble() > 0);
    return row.toString();
  }

  private static byte[] samples(Path out) throws IOException {
    try (Stream<Path> files = Files.list(out.resolve("samples"))) {
      return Files.readAllBytes(files.findFirst().orElseThrow());
    }
  }

  @Test
  void againstStepsMakesTheTableAndThePictures() throws IOException {
    Path out = dir.resolve("out");
    evaluate(out, "-n", 18, "--against-steps", "--neighbours", 0)
        .succeeds()
        .prints("frechet-distance.png", "class-accuracy.png");
    List<String> csv = Files.readAllLines(out.resolve("quality.csv"));
    assertEquals(
        List.of(
            // The model has 20 timesteps, between which the solvers have 19 steps.
            List.of("ddpm,5", "ddpm,10", "ddpm,20", "ddim,5", "ddim,10", "ddim,20"),
            List.of("dpmpp_2m,5", "dpmpp_2m,10", "dpmpp_2m,19", "unipc,5", "unipc,10", "unipc,19")),
        List.of(methods(csv.subList(2, 8)), methods(csv.subList(8, csv.size()))));
    assertEquals(900, ImageIO.read(out.resolve("frechet-distance.png").toFile()).getWidth());
    assertTrue(Files.readString(out.resolve("quality.md")).contains("| real images | - | - |"));
  }

  private static List<String> methods(List<String> rows) {
    return rows.stream().map(row -> row.replaceFirst("(,\\d+),.*", "$1")).toList();
  }

  @Test
  void dataWithOtherProportionsOfClassesAreWarnedOf() throws IOException {
    CommandRun run = evaluateUnequal(20);
    assertTrue(run.err().contains("17 % of the images would have to be of other"), run.err());
    // Half of the 20 in each class, as the samples have as many of one as of the other.
    assertTrue(run.err().contains("the floor is of 20 real images"), run.err());
    run = evaluateUnequal(1);
    assertTrue(run.err().contains("the floor is of images of any class, since"), run.err());
    assertFalse(run.err().contains("real images, which is all there are"), run.err());
  }

  /** Of 60 images so many are of the first of two classes. */
  private CommandRun evaluateUnequal(int few) throws IOException {
    List<String> names = List.of("few", "many");
    Path folder = dir.resolve("unequal" + few);
    for (int k = 0; k < 60; k++) {
      BufferedImage image = new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB);
      image.setRGB(k % 8, 3, 0xFF8000 + k);
      Path of = Files.createDirectories(folder.resolve(names.get(k < few ? 0 : 1)));
      ImageIO.write(image, "png", of.resolve(k + ".png").toFile());
    }
    List<Object> args = new ArrayList<>(List.of("evaluate"));
    args.add(TestModels.unet(dir.resolve("two.onnx"), CHANNELS, names));
    args.addAll(List.of("--data", folder, "--labels-from-folders", "--sample-quality"));
    args.addAll(List.of("--features", TestModels.features(dir.resolve("f.onnx"), CHANNELS, names)));
    args.addAll(List.of("-n", 24, "--sampler", "ddim", "--steps", 1, "--neighbours", 0));
    args.addAll(List.of("--out", dir.resolve("out" + few)));
    CommandRun run = CommandRun.of(args.toArray());
    assertEquals(0, run.exitCode(), run.err());
    return run;
  }

  @Test
  void aFloorOfFewerImagesThanTheSamplesIsWarnedOf() throws IOException {
    Path folder = Files.createDirectory(dir.resolve("pictures"));
    for (int k = 0; k < 34; k++) {
      BufferedImage image = new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB);
      image.setRGB(0, 0, 0x010101 * (7 * k));
      image.setRGB(k % 8, 3, 0xFF8000 + k);
      ImageIO.write(image, "png", folder.resolve(k + ".png").toFile());
    }
    Path out = dir.resolve("out");
    List<Object> args = new ArrayList<>(List.of("evaluate"));
    args.add(TestModels.unet(dir.resolve("plain.onnx"), CHANNELS, List.of()));
    args.addAll(List.of("--data", folder, "--sample-quality", "--out", out, "-n", 20));
    args.addAll(List.of("--features", features(), "--sampler", "ddim", "--steps", 1));
    args.addAll(List.of("--neighbours", 0, "--threads", 1, "--batch-size", 5));
    CommandRun run = CommandRun.of(args.toArray());
    assertEquals(0, run.exitCode(), run.err());
    assertTrue(run.err().contains("warning: the floor is of 17 real images"), run.err());
    JsonObject json = json(out);
    assertEquals(20, json.get("images").getAsInt());
    assertEquals(17, json.get("floor_images").getAsInt());
    assertEquals("-1,1", json.get("value_range").getAsString());
    assertTrue(json.get("schedule").getAsString().startsWith("20 timesteps"));
    JsonObject row = json.getAsJsonArray("rows").get(0).getAsJsonObject();
    assertEquals("cpu", row.get("device").getAsString());
    assertEquals("1", row.get("threads").getAsString());
    assertEquals("5", row.get("batch_size").getAsString());
  }

  /** A classifier's classes are held against the model's by name. */
  @Test
  void classesInAnotherOrderAreTheSameAndOthersAreWarnedOf() throws IOException {
    Object[] method = {"-n", 16, "--sampler", "ddim", "--steps", 1, "--neighbours", 0};
    Path usual = dir.resolve("usual");
    evaluate(usual, method).succeeds();
    List<String> turned = new ArrayList<>(CLASSES);
    Collections.rotate(turned, 1);
    Path other = TestModels.features(dir.resolve("turned.onnx"), CHANNELS, turned);
    evaluate(dir.resolve("turned"), with(method, "--features", other)).succeeds();
    JsonObject expected = json(usual).getAsJsonArray("rows").get(0).getAsJsonObject();
    JsonObject found = json(dir.resolve("turned")).getAsJsonArray("rows").get(0).getAsJsonObject();
    int classes = CLASSES.size();
    for (int a = 0; a < classes; a++) {
      for (int pixel = 0; pixel < classes; pixel++) {
        assertEquals(
            count(expected, a, pixel), count(found, turned.indexOf(CLASSES.get(a)), pixel));
      }
    }
    assertTrue(found.has("class_accuracy_error"));
    Path strange = TestModels.features(dir.resolve("x.onnx"), CHANNELS, List.of("cat", "dog"));
    CommandRun run = evaluate(dir.resolve("strange"), with(method, "--features", strange));
    assertEquals(0, run.exitCode(), run.err());
    assertTrue(run.err().contains("expected " + String.join(", ", CLASSES)), run.err());
    assertTrue(run.err().contains("found cat, dog"), run.err());
  }

  private static long count(JsonObject row, int asked, int seen) {
    return row.getAsJsonArray("confusion").get(asked).getAsJsonArray().get(seen).getAsLong();
  }

  @Test
  void samplesShowTheClassesThatAreAskedFor() throws IOException {
    Path out = dir.resolve("out");
    Object[] usual = {"-n", 16, "--neighbours", 0, "--sampler", "ddim", "--steps", 2};
    evaluate(out, with(usual, "--class", CLASSES.get(2) + ",1")).succeeds();
    JsonObject row = json(out).getAsJsonArray("rows").get(0).getAsJsonObject();
    for (int asked = 0; asked < CLASSES.size(); asked++) {
      long images = 0;
      for (int seen = 0; seen < CLASSES.size(); seen++) {
        images += count(row, asked, seen);
      }
      assertEquals(asked == 1 || asked == 2 ? 8 : 0, images, "class " + asked);
    }
    assertEquals("[2, 1]", json(out).get("class_labels").getAsString());
    String only = ", of " + CLASSES.get(2) + ", " + CLASSES.get(1) + " only";
    assertEquals("60 images, shapes (train)" + only, json(out).get("reference").getAsString());
    ImageDataset test = new ShapesDataset(ShapesDataset.DEFAULT_SIZE / 6, 8, 1);
    long own =
        IntStream.range(0, test.size())
            .filter(i -> test.label(i) == 1 || test.label(i) == 2)
            .count();
    JsonObject floor = json(out).getAsJsonObject("floor");
    assertEquals(own, floor.get("class_accuracy_images").getAsLong());
    for (int c = 0; c < CLASSES.size(); c++) {
      assertEquals(c == 1 || c == 2, floor.getAsJsonObject("class_accuracies").has(CLASSES.get(c)));
    }
    Path nameless = dir.resolve("nameless.onnx");
    Map<String, String> metadata = TestModels.metadata(CHANNELS, CLASSES);
    metadata.remove("ddpm4j.classes");
    TestModels.write(nameless, CHANNELS, CLASSES, metadata);
    Stream<Object> about =
        Stream.of("evaluate", nameless, "--data", "shapes", "--sample-quality", "--features");
    Object[] common =
        Stream.concat(
                about,
                Stream.of(features(), "--reference-images", 60, "--out", dir.resolve("nameless")))
            .toArray();
    CommandRun.of(with(common, usual)).isWrongUsage("--class", "names no classes");
    CommandRun run = CommandRun.of(with(with(common, usual), "--class", "0,2"));
    assertEquals(0, run.exitCode(), run.err());
    assertTrue(run.err().contains("samples are compared with images of all kinds"), run.err());
  }

  @Test
  void realImagesOfOtherClassesAreSaidWhereClassesAreAskedFor() throws IOException {
    Path model = TestModels.unet(dir.resolve("others.onnx"), CHANNELS, List.of("a", "b", "c"));
    Object[] method = {"-n", 16, "--neighbours", 0, "--sampler", "ddim", "--steps", 1};
    Object[] common = {
      "evaluate", model, "--data", "shapes", "--sample-quality", "--features", features(), "--out"
    };
    Object[] all = with(common, dir.resolve("all"), "--reference-images", 60);
    assertFalse(CommandRun.of(with(all, method)).err().contains("images of all kinds"));
    Object[] one = with(common, dir.resolve("one"), "--reference-images", 60, "--class", "b");
    CommandRun run = CommandRun.of(with(one, method));
    assertEquals(0, run.exitCode(), run.err());
    assertTrue(run.err().contains("shapes: which of its images are of the samples'"));
  }

  @Test
  void secondsOfOtherConditionsAreNotThisRows() throws IOException {
    Path out = dir.resolve("out");
    Object[] method = {"-n", 16, "--neighbours", 0, "--sampler", "ddim", "--steps", 2};
    evaluate(out, with(method, "--batch-size", 8)).succeeds();
    Files.delete(out.resolve("quality.state.json")); // as after Ctrl-C before it was measured
    evaluate(out, with(method, "--batch-size", 4)).succeeds();
    JsonObject row = json(out).getAsJsonArray("rows").get(0).getAsJsonObject();
    assertFalse(row.has("seconds_per_image") || row.has("batch_size"), row.toString());
    assertTrue(Files.readString(out.resolve("quality.md")).contains("| `ddim` | 2 | - |"));
    evaluate(out, with(method, "--batch-size", 4)).succeeds().prints("going on after 1 row");
  }

  /** Rows without a floor, or with that of another program, get one. */
  @Test
  void aFloorThatIsMissingIsMeasured() throws IOException {
    Path out = dir.resolve("out");
    Object[] method = {"-n", 16, "--neighbours", 0, "--sampler", "ddim", "--steps", 2};
    evaluate(out, method).succeeds();
    String expected = json(out).toString();
    Path file = out.resolve("quality.state.json");
    JsonObject state = StateJson.read(file);
    state.remove("floor");
    StateJson.write(file, state);
    evaluate(out, method).succeeds().prints("going on after 1 row");
    assertEquals(expected, json(out).toString());
    assertTrue(StateJson.read(file).has("floor"));
  }

  @Test
  void twoDoNotWriteIntoOneFolder() throws IOException {
    Path out = Files.createDirectories(dir.resolve("out"));
    FolderLock lock = FolderLock.acquire(out, "evaluation", warning -> {});
    try (lock) {
      evaluate(out, "-n", 16, "--sampler", "ddim", "--steps", 2)
          .failsSaying(out, "expected a folder in which no other evaluation is at work, found one");
    }
    assertFalse(Files.exists(out.resolve("samples")));
  }

  @Test
  void whatDoesNotFitTheModelIsSaidBeforeAnyWork() throws IOException {
    Path out = dir.resolve("out");
    evaluate(out, "-n", 16, "--steps", "2,2000").isWrongUsage("2000");
    evaluate(out, "-n", 16, "--sampler", "unipc", "--steps", 20, "--against-steps")
        .isWrongUsage("expected 1 to 19", "found 20");
    evaluate(out, "-n", 16, "--guidance", 2).isWrongUsage("guidance", "2");
    evaluate(out, "-n", 16, "--neighbours", 3000).isWrongUsage("--neighbours", "100", "3000");
    Map<String, String> flow = TestModels.metadata(CHANNELS, CLASSES);
    flow.put("ddpm4j.scheduler", "{\"_class_name\": \"FlowMatchEulerDiscreteScheduler\"}");
    Path flowing = TestModels.write(dir.resolve("flow.onnx"), CHANNELS, CLASSES, flow);
    Stream<Object> args =
        Stream.of("evaluate", flowing, "--data", "shapes", "--sample-quality", "--out", out, "-n");
    CommandRun.of(
            Stream.concat(args, Stream.of(16, "--features", features(), "--against-steps"))
                .toArray())
        .isWrongUsage(
            "--against-steps: expected a model with a schedule of betas, found FlowMatch");
    assertFalse(Files.exists(out));
  }

  @Test
  void wrongUsage() throws IOException {
    Path out = dir.resolve("out");
    CommandRun.of("evaluate", model(), "--data", "shapes", "--sample-quality", "--out", out)
        .isWrongUsage("--features", "found none for shapes");
    evaluate(out, "--sampler", "ddim,ddim").isWrongUsage("--sampler", "each once");
    evaluate(out, "--steps", "5,0").isWrongUsage("--steps", "'0'");
    evaluate(out, "--steps", "50").isWrongUsage("50");
    evaluate(out, "--ode").isWrongUsage("--ode", "--sample-quality");
    evaluate(out, "--split", "test").isWrongUsage("--split", "--sample-quality");
    evaluate(out, "--reference-images", 3).isWrongUsage("--reference-images", "at least", "3");
    evaluate(out, "-n", "all").isWrongUsage("-n", "found all");
    Path foreign = TestModels.foreign(dir.resolve("foreign.onnx")); // has no images of its own
    evaluate(out, "--features", foreign).failsSaying(foreign, "expected");
    Path silent = TestModels.features(dir.resolve("silent.onnx"), CHANNELS, 2, Map.of());
    evaluate(out, "--features", silent).failsSaying(silent, "black and white", "--feature-scale");
    evaluate(out, "--feature-size", 9).isWrongUsage("--feature-size: expected 8", "found 9");
    evaluate(out, "--feature-output", "none").failsSaying("features.onnx", "none");
    evaluate(out, "-n", 3).isWrongUsage("-n", "at least", "3");
    evaluate(out, "--feature-scale", "0;1").isWrongUsage("--feature-scale", "imagenet", "0;1");
    evaluate(out, "--guidance", "2").isWrongUsage("guidance", "2");
    CommandRun.of("evaluate", model(), "--data", "shapes", "--bits-per-dim", "--sampler", "ddim")
        .isWrongUsage("--sampler", "--bits-per-dim");
    evaluate(out, "--features", dir.resolve("no.onnx")).failsSaying("no.onnx");
    assertFalse(Files.exists(out.resolve("samples")));
  }
}
