package io.ddpm4j.trainer.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.runtime.DiffusionPipeline;
import io.ddpm4j.runtime.GenerationRequest;
import io.ddpm4j.runtime.image.ImageBatch;
import io.ddpm4j.runtime.sampling.Cancellation;
import io.ddpm4j.runtime.sampling.Samplers;
import io.ddpm4j.trainer.optim.LearningRate;
import io.ddpm4j.trainer.step.TrainSession;
import io.ddpm4j.trainer.step.TrainStepGraph;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A run goes on in onnxruntime-node and onnxruntime-web, under Node and in a browser, as it does
 * here; and the pages of docs/browser work. Runs where Node, the packages of docs/browser and, for
 * the browser, Chromium are installed.
 */
@Tag("slow")
class OtherRuntimesTest {
  private static final Path PAGES =
      Path.of(System.getProperty("ddpm4j.root", ".."), "docs", "browser").toAbsolutePath();
  private static final List<String> BROWSERS =
      List.of("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome");
  private static final int STEPS = 50;
  private static final long SEED = 20;

  @TempDir static Path dir;

  private static RunSnapshot run;
  private static Steps here;

  /** What was found in steps. */
  private record Steps(List<Double> losses, List<Double> norms, List<List<Double>> sampleLosses) {
    static Steps empty() {
      return new Steps(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    }
  }

  @BeforeAll
  static void trainHere() throws IOException {
    assumeTrue(isInPath("node"), "skipped: no node in PATH");
    assumeTrue(
        Files.isDirectory(PAGES.resolve("node_modules/onnxruntime-node")),
        "skipped: no packages in docs/browser (npm ci --ignore-scripts there installs them)");
    Trainer.create(dir.resolve("run"), TrainStepExporterTest.config(), w -> {})
        .run(new TrainListener() {}, new Cancellation());
    run = RunSnapshot.newest(dir.resolve("run"));
    TrainStepExporter.export(
        run, TrainStepExporter.Files.beside(dir.resolve("train.onnx")), OptionalInt.empty());
    RunExporter.export(run, dir.resolve("model.onnx"), OptionalDouble.empty());
    here = steps();
  }

  private static boolean isInPath(String program) {
    return Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
  }

  /** Goes on with the run here, and leaves what it was given in files. */
  private static Steps steps() throws IOException {
    JsonObject description =
        JsonParser.parseString(Files.readString(dir.resolve("train.json"))).getAsJsonObject();
    Map<String, OutputStream> files = new LinkedHashMap<>();
    for (JsonElement each : description.getAsJsonArray("inputs")) {
      String name = each.getAsJsonObject().get("name").getAsString();
      files.put(name, Files.newOutputStream(dir.resolve(name + ".bin")));
    }
    Steps found = Steps.empty();
    JsonArray rates = new JsonArray();
    LearningRate rate = run.config().optimizer().rate(2 * STEPS);
    try (TrainSession session =
        new TrainSession(run.config().step(run.unet()), TrainSession.Options.ofThreads(1))) {
      List<float[]> state = new ArrayList<>();
      for (String vector : session.stateNames()) {
        state.add(session.layout().join(run.state(vector)));
      }
      session.setState(state);
      List<Map.Entry<String, Shape>> masks =
          List.copyOf(TrainStepGraph.build(session.task()).masks().entrySet());
      var inputs = session.newInputs();
      Random random = new Random(SEED);
      for (long step = run.step() + 1; step <= run.step() + STEPS; step++) {
        Given given = new Given(session.task().batchSize(), run, random);
        inputs.images().put(given.images);
        inputs.noise().put(given.noise);
        inputs.timesteps().put(given.timesteps);
        inputs.labels().put(given.labels);
        List<byte[]> kept = new ArrayList<>();
        for (Map.Entry<String, Shape> mask : masks) {
          kept.add(bits((int) mask.getValue().elements(), random));
        }
        inputs.masks(
            (place, image, mask) ->
                mask.put(kept.get(place), image * mask.capacity(), mask.capacity()));
        files.get("images").write(given.images);
        files
            .get("noise")
            .write(bytes(4 * given.noise.length, b -> b.asFloatBuffer().put(given.noise)));
        files.get("timestep").write(longs(given.timesteps));
        files.get("class_labels").write(longs(given.labels));
        for (int place = 0; place < masks.size(); place++) {
          files.get(masks.get(place).getKey()).write(kept.get(place));
        }
        rates.add(rate.at(step));
        TrainSession.Result result = session.step(inputs, step, rate.at(step));
        found.losses.add((double) result.loss());
        found.norms.add((double) result.gradientNorm());
        List<Double> losses = new ArrayList<>();
        for (int i = 0; i < session.task().batchSize(); i++) {
          losses.add((double) session.sampleLoss().get(i));
        }
        found.sampleLosses.add(losses);
      }
    } finally {
      for (OutputStream file : files.values()) {
        file.close();
      }
    }
    Files.writeString(dir.resolve("rates.json"), rates.toString());
    return found;
  }

  /** The inputs of a step. */
  private static final class Given {
    final byte[] images;
    final float[] noise;
    final long[] timesteps;
    final long[] labels;

    Given(int batch, RunSnapshot run, Random random) {
      int size = run.unet().inChannels() * run.unet().sampleSize() * run.unet().sampleSize();
      images = new byte[batch * size];
      random.nextBytes(images);
      noise = new float[images.length];
      for (int i = 0; i < noise.length; i++) {
        noise[i] = (float) random.nextGaussian();
      }
      timesteps = random.longs(batch, 0, run.config().diffusion().trainTimesteps()).toArray();
      labels = random.longs(batch, 0, run.unet().numClassEmbeds()).toArray();
    }
  }

  private static byte[] bits(int count, Random random) {
    byte[] bits = new byte[count];
    for (int i = 0; i < count; i++) {
      bits[i] = (byte) (random.nextDouble() < 0.25 ? 0 : 1);
    }
    return bits;
  }

  private static byte[] longs(long[] values) {
    return bytes(8 * values.length, b -> b.asLongBuffer().put(values));
  }

  private static byte[] bytes(int size, Consumer<ByteBuffer> content) {
    ByteBuffer buffer = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    content.accept(buffer);
    return buffer.array();
  }

  @ParameterizedTest
  @ValueSource(strings = {"node", "web", "chromium"})
  void trainsAsHere(String runtime) throws IOException, InterruptedException {
    if (runtime.equals("chromium")) {
      assumeBrowser();
    }
    JsonObject found = script("run-steps.js", runtime, dir.toString());
    double largest = 0;
    for (int i = 0; i < STEPS; i++) {
      String where = runtime + ", step " + (i + 1);
      double loss = found.getAsJsonArray("losses").get(i).getAsDouble();
      double norm = found.getAsJsonArray("gradientNorms").get(i).getAsDouble();
      near(here.losses.get(i), loss, 1e-5, where + ": loss");
      near(here.norms.get(i), norm, 1e-4, where + ": gradient norm");
      JsonArray losses = found.getAsJsonArray("sampleLosses").get(i).getAsJsonArray();
      assertEquals(here.sampleLosses.get(i).size(), losses.size());
      for (int n = 0; n < losses.size(); n++) {
        double expected = here.sampleLosses.get(i).get(n);
        near(expected, losses.get(n).getAsDouble(), 1e-4, where + ": loss of image " + n);
      }
      largest = Math.max(largest, Math.abs(loss / here.losses.get(i) - 1));
    }
    System.err.printf("%s: losses of %d steps within %.1e of Java's%n", runtime, STEPS, largest);
  }

  private static void near(double expected, double found, double relative, String what) {
    assertEquals(expected, found, relative * Math.abs(expected), what);
  }

  private static void assumeBrowser() {
    String named = System.getenv().getOrDefault("CHROMIUM", "");
    assumeTrue(
        !named.isEmpty() || BROWSERS.stream().anyMatch(OtherRuntimesTest::isInPath),
        "skipped: none of " + BROWSERS + " in PATH");
  }

  @Test
  void thePagesSampleAndTrain() throws IOException, InterruptedException {
    assumeBrowser();
    JsonObject found = script("run-pages.js", dir.toString());
    JsonObject picture = found.getAsJsonObject("picture");
    try (DiffusionPipeline pipeline =
        DiffusionPipeline.open(dir.resolve("model.onnx"))
            .sampler(Samplers.ddim())
            .steps(10)
            .build()) {
      // The page's third choice, after the null class.
      GenerationRequest request =
          GenerationRequest.of(4, -5_000_000_000L).withClassLabels(1).withGuidanceScale(2.5);
      same(pipeline.generate(request).images(), picture);
    }
    samplesShippedModels(found.getAsJsonObject("shipped"));
    JsonArray losses = found.getAsJsonArray("losses");
    double first = losses.get(9).getAsJsonObject().get("loss").getAsDouble(); // means of steps
    double last = losses.get(losses.size() - 1).getAsJsonObject().get("loss").getAsDouble();
    assertTrue(last < 0.9 * first, "the loss falls: " + losses);

    RunSnapshot trained = run.withState(dir.resolve("state.safetensors"));
    assertTrue(trained.step() >= run.step() + 60, "step " + trained.step());
    Path model = dir.resolve("trained.onnx");
    RunExporter.export(trained, model, OptionalDouble.empty());
    try (DiffusionPipeline pipeline = DiffusionPipeline.open(model).steps(2).build()) {
      assertEquals(1, pipeline.generate(1, 0).images());
    }
  }

  /** The page offers what the project ships to sample from, and makes of it what Java does. */
  private static void samplesShippedModels(JsonObject found) throws IOException {
    Path models = PAGES.resolve("../../models");
    try (Stream<Path> folders = Files.list(models)) {
      List<String> expected =
          folders
              .filter(folder -> Files.exists(folder.resolve("samples.png"))) // no classifiers
              .map(folder -> folder.getFileName().toString())
              .sorted()
              .toList();
      List<String> offered =
          found.getAsJsonArray("names").asList().stream().map(JsonElement::getAsString).toList();
      assertEquals(expected, offered);
    }
    try (DiffusionPipeline pipeline =
        DiffusionPipeline.open(models.resolve("fashion-mnist"))
            .sampler(Samplers.ddim())
            .steps(6)
            .build()) {
      int sneaker = pipeline.metadata().classLabel("sneaker");
      GenerationRequest request =
          GenerationRequest.of(4, 7).withClassLabels(sneaker).withGuidanceScale(2.5);
      same(pipeline.generate(request).images(), found.getAsJsonObject("picture"));
    }
  }

  /** The page's picture, two by two images with a pixel between, is the red of the images. */
  private static void same(ImageBatch images, JsonObject picture) {
    int size = images.width();
    int width = picture.get("width").getAsInt();
    assertEquals(2 * size + 1, width);
    assertEquals(width, picture.get("height").getAsInt());
    JsonArray red = picture.getAsJsonArray("red");
    int different = 0;
    for (int n = 0; n < 4; n++) {
      byte[] pixels = images.bytes(n);
      for (int y = 0; y < size; y++) {
        for (int x = 0; x < size; x++) {
          int at = (n / 2 * (size + 1) + y) * width + n % 2 * (size + 1) + x;
          int expected = pixels[y * size + x] & 0xFF;
          int found = red.get(at).getAsInt();
          assertEquals(expected, found, 1, "image " + n + ", pixel " + x + "," + y);
          different += expected == found ? 0 : 1;
        }
      }
    }
    assertTrue(different <= 4 * size * size / 50, different + " pixels are rounded otherwise");
  }

  private static JsonObject script(String name, String... args)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("node", "test/" + name));
    command.addAll(List.of(args));
    Path errors = dir.resolve(name + ".err");
    Process node =
        new ProcessBuilder(command)
            .directory(PAGES.toFile())
            .redirectError(errors.toFile())
            .start();
    String said = new String(node.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, node.waitFor(), () -> read(errors));
    return JsonParser.parseString(said).getAsJsonObject();
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return e.getMessage();
    }
  }
}
