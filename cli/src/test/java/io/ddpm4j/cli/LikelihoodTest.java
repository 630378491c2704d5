package io.ddpm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.ddpm4j.runtime.DiffusionPipeline;
import io.ddpm4j.runtime.image.ValueRange;
import io.ddpm4j.runtime.likelihood.BatchNetwork;
import io.ddpm4j.runtime.likelihood.BoundTerms;
import io.ddpm4j.runtime.likelihood.BoundVariance;
import io.ddpm4j.runtime.likelihood.Decoder;
import io.ddpm4j.runtime.likelihood.Dequantisation;
import io.ddpm4j.runtime.likelihood.ImageRun;
import io.ddpm4j.runtime.likelihood.MeanType;
import io.ddpm4j.runtime.likelihood.ProbabilityFlow;
import io.ddpm4j.runtime.likelihood.VariationalBound;
import io.ddpm4j.runtime.random.NoiseSource;
import io.ddpm4j.runtime.schedule.PredictionType;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import io.ddpm4j.runtime.schedule.SpacedSchedule;
import io.ddpm4j.trainer.data.HeldOut;
import io.ddpm4j.trainer.data.ImageDataset;
import io.ddpm4j.trainer.data.ShapesDataset;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What bits per dimension are of: the network's schedule, the images and their classes. */
class LikelihoodTest {
  private static final double LOW = -0.25; // black and white of the test's models
  private static final double HIGH = 0.75;
  private static final ValueRange RANGE = new ValueRange(LOW, HIGH);
  private static final int SEED = 6;

  /** The classes of the shapes in another order than the data's. */
  private static final List<String> CLASSES =
      List.of("cross", "heart", "star", "circle", "triangle", "square");

  private static final int NULL_CLASS = CLASSES.size();

  @TempDir Path dir;

  private static CommandRun evaluate(Path model, Object data, Path out, Object... more) {
    List<Object> args = new ArrayList<>(List.of("evaluate", model, "--data", data));
    args.addAll(List.of("--bits-per-dim", "--threads", 1, "--out", out));
    args.addAll(Arrays.asList(more));
    return CommandRun.of(args.toArray());
  }

  private static double total(Path out, String file) throws IOException {
    JsonObject result =
        JsonParser.parseString(Files.readString(out.resolve(file))).getAsJsonObject();
    return result.getAsJsonObject("total").get("mean").getAsDouble();
  }

  /** A network that was trained with dropped labels, of images in a range of its own. */
  private Path withNullClass() throws IOException {
    List<String> rows = Stream.concat(CLASSES.stream(), Stream.of("none")).toList();
    Map<String, String> metadata = TestModels.metadata(3, rows);
    metadata.put("ddpm4j.classes", "[\"" + String.join("\", \"", CLASSES) + "\"]");
    metadata.put("ddpm4j.null_class", Integer.toString(NULL_CLASS));
    metadata.put(
        "ddpm4j.image",
        "{\"channels\": 3, \"height\": 8, \"width\": 8, \"value_range\": [%s, %s]}"
            .formatted(LOW, HIGH));
    return TestModels.write(dir.resolve("shapes-model.onnx"), 3, rows, metadata);
  }

  /** An unconditional network with another scheduler configuration. */
  private Path scheduled(String scheduler) throws IOException {
    Map<String, String> metadata = TestModels.metadata(3, List.of());
    metadata.put("ddpm4j.scheduler", scheduler);
    return TestModels.write(dir.resolve("scheduled.onnx"), 3, List.of(), metadata);
  }

  private Path pictures() throws IOException {
    Path folder = Files.createDirectories(dir.resolve("pictures"));
    for (int k = 0; k < 3; k++) {
      BufferedImage image = new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB);
      image.setRGB(k, k, 0xFFFFFF);
      ImageIO.write(image, "png", folder.resolve(k + ".png").toFile());
    }
    return folder;
  }

  // --- figures ---------------------------------------------------------------------------------

  @Test
  void theBoundIsThatOfTheImagesWithTheirClasses() throws IOException {
    Path model = withNullClass();
    Path told = dir.resolve("told");
    evaluate(model, "shapes", told, "-n", 5, "--seed", SEED)
        .succeeds()
        .prints("5 images of shapes (test), told the images' classes, 20 timesteps");
    double expected = bound(model, CLASSES::indexOf);
    assertEquals(expected, total(told, "bits-per-dim.json"), 1e-6 * expected);
    Path none = dir.resolve("none");
    evaluate(model, "shapes", none, "-n", 5, "--seed", SEED, "--null-class")
        .succeeds()
        .prints("5 images of shapes (test), told no class, 20 timesteps");
    double unconditional = bound(model, name -> NULL_CLASS);
    assertEquals(unconditional, total(none, "bits-per-dim.json"), 1e-6 * unconditional);
    // Else the two above would say little: the network hears what it is told.
    for (double other :
        new double[] {
          unconditional,
          bound(model, name -> 0),
          bound(model, new ShapesDataset().classNames()::indexOf)
        }) {
      assertTrue(Math.abs(other - expected) > 1e-4 * expected, other + " " + expected);
    }
  }

  /** What is measured of some images with a network. */
  private interface Measure {
    double[] bits(DiffusionPipeline pipeline, BatchNetwork network, ImageRun run);
  }

  /** The mean bound of five images with these labels of the network. */
  private static double bound(Path model, ToIntFunction<String> label) throws IOException {
    return mean(
        model,
        label,
        (pipeline, network, run) -> {
          VariationalBound bound =
              new VariationalBound(
                  SpacedSchedule.all(pipeline.schedule()),
                  new VariationalBound.Settings(
                      MeanType.EPSILON, BoundVariance.FIXED_LARGE, 1, Decoder.discretised(RANGE)));
          BoundTerms terms = bound.evaluate(network, NoiseSource.ofSeed(SEED), run);
          return IntStream.range(0, run.images()).mapToDouble(terms::total).toArray();
        });
  }

  @Test
  void theFlowIsThatOfTheImagesWithTheirClasses() throws IOException {
    Path model = withNullClass();
    for (boolean dequantised : new boolean[] {true, false}) {
      Path out = dir.resolve("flow-" + dequantised);
      List<Object> more = new ArrayList<>(List.of("-n", 5, "--seed", SEED));
      more.addAll(List.of("--ode", "--ode-steps", 3));
      if (!dequantised) {
        more.add("--no-dequantisation");
      }
      evaluate(model, "shapes", out, more.toArray()).succeeds();
      double expected =
          mean(
              model,
              CLASSES::indexOf,
              (pipeline, network, run) -> {
                if (dequantised) {
                  Dequantisation.ofSeed(SEED, RANGE).add(run.x0(), 5, network.elements(), 0);
                }
                return new ProbabilityFlow(
                        pipeline.schedule(),
                        new ProbabilityFlow.Settings(
                            PredictionType.EPSILON, 3, true, ProbabilityFlow.DEFAULT_PROBE_STEP))
                    .bitsPerDimension(network, NoiseSource.ofSeed(SEED), run);
              });
      double level = (HIGH - LOW) / 255;
      assertEquals(expected - Math.log(level) / Math.log(2), total(out, "ode.json"), 1e-5);
    }
  }

  private static double mean(Path model, ToIntFunction<String> label, Measure measure)
      throws IOException {
    ImageDataset images = HeldOut.shuffled(new ShapesDataset(1000, 8, 1), SEED);
    int count = 5;
    try (DiffusionPipeline pipeline = DiffusionPipeline.open(model).threads(1).build();
        BatchNetwork network = pipeline.network(count)) {
      int elements = images.imageBytes();
      float[] x0 = new float[count * elements];
      int[] labels = new int[count];
      byte[] pixels = new byte[elements];
      for (int k = 0; k < count; k++) {
        images.read(k, pixels, 0);
        for (int i = 0; i < elements; i++) {
          x0[k * elements + i] = (float) (LOW + (HIGH - LOW) * (pixels[i] & 0xff) / 255);
        }
        labels[k] = label.applyAsInt(images.classNames().get(images.label(k)));
      }
      network.classLabels(labels);
      double[] bits = measure.bits(pipeline, network, ImageRun.of(x0, count, 0));
      return Arrays.stream(bits).average().orElseThrow();
    }
  }

  // --- classes ---------------------------------------------------------------------------------

  @Test
  void imagesWithoutClassesAreNotTakenForImagesOfNoClass() throws IOException {
    Path model = withNullClass();
    Path out = dir.resolve("out");
    Path pictures = pictures();
    for (List<Object> kind : List.<List<Object>>of(List.of(), List.of("--ode"))) {
      CommandRun run = evaluate(model, pictures, out, kind.toArray()).isWrongUsage();
      assertEquals(
          "ddpm: --data: expected images with classes, or --null-class, since %s is class-conditional, found %s without"
              .formatted(model, pictures),
          run.err().lines().findFirst().orElseThrow());
    }
    assertFalse(Files.exists(out));
    evaluate(model, pictures, out, "-n", 1, "--respacing", 2, "--null-class")
        .succeeds()
        .prints("1 images of " + pictures + ", told no class, 2 timesteps");
    evaluate(model, "shapes", out, "-n", 1, "--ode", "--ode-steps", 2)
        .succeeds()
        .prints("1 images of shapes (test), told the images' classes, probability flow");
    Path plain = TestModels.unet(dir.resolve("plain.onnx"), 3, List.of());
    evaluate(plain, "shapes", dir.resolve("plain"), "-n", 1, "--ode", "--ode-steps", 2)
        .succeeds()
        .prints("1 images of shapes (test), probability flow");
  }

  // --- schedules -------------------------------------------------------------------------------

  private static List<String> classesWithoutBetas() {
    return SchedulerConfig.classNames().stream()
        .filter(name -> !SchedulerConfig.of(name).hasBetas())
        .toList();
  }

  @Test
  void theSameDataByAnotherNameAreGoneOnWith() throws IOException {
    Path model = withNullClass();
    Path out = dir.resolve("out");
    Path pictures = pictures();
    Object[] one = {"-n", 1, "--respacing", 2, "--null-class"};
    evaluate(model, pictures, out, one).succeeds();
    Path same = dir.resolve("sub/..").resolve(dir.relativize(pictures));
    Files.createDirectories(dir.resolve("sub"));
    Object[] two = {"-n", 2, "--respacing", 2, "--null-class"};
    evaluate(model, same, out, two).succeeds().prints("going on after 1 images");
  }

  /** With DDPM's default betas the figure would be of another model. */
  @ParameterizedTest
  @MethodSource("classesWithoutBetas")
  void modelsWithoutBetasAreRefused(String scheduler) throws IOException {
    Path model = scheduled("{\"_class_name\": \"%s\"}".formatted(scheduler));
    Path out = dir.resolve("out");
    for (List<Object> kind : List.<List<Object>>of(List.of(), List.of("--ode"))) {
      CommandRun run = evaluate(model, "shapes", out, kind.toArray()).isWrongUsage();
      assertEquals(
          "ddpm: --bits-per-dim: expected a model with a schedule of betas, found %s; betas that it was trained with all the same can be given with --scheduler FILE or --schedule NAME"
              .formatted(scheduler),
          run.err().lines().findFirst().orElseThrow());
    }
    assertFalse(Files.exists(out));
  }

  @Test
  void givenBetasAreMeasuredWith() throws IOException {
    Path model = scheduled("{\"_class_name\": \"EDMEulerScheduler\"}");
    Path betas = Files.writeString(dir.resolve("betas.json"), "{\"betas\": [0.1, 0.2, 0.3]}");
    Path alphas =
        Files.writeString(dir.resolve("alphas.json"), "{\"alphas_cumprod\": [0.9, 0.5, 0.1]}");
    List<List<Object>> given =
        List.of(
            List.of("--scheduler", betas),
            List.of("--scheduler", alphas),
            List.of("--schedule", "cosine", "--train-timesteps", 3));
    for (int k = 0; k < given.size(); k++) {
      Path out = dir.resolve("out-" + k);
      List<Object> more = new ArrayList<>(given.get(k));
      more.addAll(List.of("-n", 1));
      CommandRun run = evaluate(model, "shapes", out, more.toArray());
      assertEquals(0, run.exitCode(), run.err());
      run.prints("3 timesteps");
      more.addAll(List.of("--ode", "--ode-steps", 2));
      run = evaluate(model, "shapes", out, more.toArray());
      assertEquals(0, run.exitCode(), run.err());
      run.prints("probability flow");
    }
    // Another class of sampler, but betas all the same.
    Path solver =
        scheduled("{\"_class_name\": \"UniPCMultistepScheduler\", \"num_train_timesteps\": 4}");
    evaluate(solver, "shapes", dir.resolve("solver"), "-n", 1).succeeds().prints("4 timesteps");
  }

  @Test
  void thresholdingIsSetAsideByWhatIsSaidOfClipping() throws IOException {
    String plain = "{\"num_train_timesteps\": 4, \"beta_end\": 0.9, \"clip_sample\": %s%s}";
    Path model = scheduled(plain.formatted(true, ", \"thresholding\": true"));
    Path out = dir.resolve("out");
    CommandRun run = evaluate(model, "shapes", out, "-n", 2).isWrongUsage();
    assertEquals(
        "ddpm: thresholding: expected false, since the bound clips x_0 to a fixed range or not at all, found true; --clip or --no-clip sets it aside",
        run.err().lines().findFirst().orElseThrow());
    assertFalse(Files.exists(out));
    evaluate(model, "shapes", out, "-n", 2, "--ode", "--ode-steps", 2).succeeds();
    for (boolean clip : new boolean[] {true, false}) {
      Path said = dir.resolve("said-" + clip);
      evaluate(
              scheduled(plain.formatted(true, ", \"thresholding\": true")),
              "shapes",
              said,
              "-n",
              2,
              clip ? "--clip" : "--no-clip")
          .succeeds();
      Path configured = dir.resolve("configured-" + clip);
      evaluate(scheduled(plain.formatted(clip, "")), "shapes", configured, "-n", 2).succeeds();
      assertEquals(total(configured, "bits-per-dim.json"), total(said, "bits-per-dim.json"));
    }
  }

  // --- images ----------------------------------------------------------------------------------

  @Test
  void imagesThatTheModelMayHaveBeenTrainedOnAreWarnedOf() throws IOException {
    Path pictures = pictures();
    String warning =
        "ddpm: warning: %s has no test images of its own: %s may have been trained on these, and may need more bits for others"
            .formatted(pictures, dir.resolve("model.onnx"));
    for (String provenance : new String[] {"{\"dataset\": \"pictures\"}", "{\"seed\": 5}"}) {
      Path model = trainedOn(provenance);
      assertEquals(List.of(warning), said(model, pictures, "--respacing", 2), provenance);
      assertEquals(List.of(warning), said(model, pictures, "--ode", "--ode-steps", 2), provenance);
    }
    assertEquals(
        List.of(), said(trainedOn("{\"dataset\": \"emoji\"}"), pictures, "--respacing", 2));
    assertEquals(
        List.of(), said(trainedOn("{\"dataset\": \"shapes\"}"), "shapes", "--respacing", 2));
  }

  private Path trainedOn(String provenance) throws IOException {
    Map<String, String> metadata = TestModels.metadata(3, List.of());
    metadata.put("ddpm4j.provenance", provenance);
    return TestModels.write(dir.resolve("model.onnx"), 3, List.of(), metadata);
  }

  private List<String> said(Path model, Object data, Object... more) throws IOException {
    List<Object> args = new ArrayList<>(List.of("-n", 1));
    args.addAll(Arrays.asList(more));
    CommandRun run = evaluate(model, data, Files.createTempDirectory(dir, "out"), args.toArray());
    assertEquals(0, run.exitCode(), run.err());
    return run.err().lines().toList();
  }
}
