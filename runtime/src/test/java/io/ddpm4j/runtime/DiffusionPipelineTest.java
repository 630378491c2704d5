package io.ddpm4j.runtime;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.runtime.image.ImageBatch;
import io.ddpm4j.runtime.image.ValueRange;
import io.ddpm4j.runtime.likelihood.BatchNetwork;
import io.ddpm4j.runtime.model.Device;
import io.ddpm4j.runtime.model.EpsilonModel;
import io.ddpm4j.runtime.model.ModelFormatException;
import io.ddpm4j.runtime.model.ModelMetadata;
import io.ddpm4j.runtime.model.OnnxEpsilonModel;
import io.ddpm4j.runtime.model.SessionSettings;
import io.ddpm4j.runtime.random.NoiseSource;
import io.ddpm4j.runtime.sampling.Cancellation;
import io.ddpm4j.runtime.sampling.DdpmSampler;
import io.ddpm4j.runtime.sampling.Sampler;
import io.ddpm4j.runtime.sampling.SamplerFactory;
import io.ddpm4j.runtime.sampling.Samplers;
import io.ddpm4j.runtime.sampling.StepListener;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(30)
class DiffusionPipelineTest {
  @TempDir Path folder;

  private static DiffusionPipeline.Builder open(String model) {
    return DiffusionPipeline.open(TestModels.path(model)).threads(1);
  }

  @Test
  void oneFileIsEnough() throws IOException {
    try (DiffusionPipeline pipeline = open("unconditional").build()) {
      assertEquals(20, pipeline.steps());
      assertEquals(new ModelMetadata.ImageShape(1, 4, 4), pipeline.imageShape());
      ImageBatch images = pipeline.generate(3, 42);
      assertEquals(List.of(3, 1, 4, 4), List.of(images.images(), 1, images.height(), 4));
      assertEquals("42", images.text().get("Seed"));
      assertEquals("models/unconditional.onnx", images.text().get("Model"));
      assertEquals("ddpm", images.text().get("Sampler"));
      images.writeGrid(folder.resolve("grid.png"));
      assertEquals(2 * 98 + 2, ImageIO.read(folder.resolve("grid.png").toFile()).getWidth());
      assertArrayEquals(images.values(), pipeline.generate(3, 42).values());
      assertFalse(Arrays.equals(images.values(), pipeline.generate(3, 43).values()));
    }
  }

  @Test
  void whatCannotBeIsRefusedAtOnce() throws IOException {
    DiffusionPipeline.Builder builder = open("conditional");
    assertThrows(NullPointerException.class, () -> builder.device(null));
    assertThrows(NullPointerException.class, () -> builder.sampler((SamplerFactory) null));
    assertThrows(NullPointerException.class, () -> builder.sampler((Sampler) null));
    assertThrows(NullPointerException.class, () -> builder.roleNames(null));
    try (DiffusionPipeline pipeline = builder.build();
        OnnxEpsilonModel model =
            OnnxEpsilonModel.open(TestModels.path("conditional"), SessionSettings.defaults());
        BatchNetwork network = pipeline.network(2)) {
      refuses("images: expected at least 1, found 0", () -> pipeline.network(0));
      refuses("images: expected at least 1, found -1", () -> pipeline.network(-1));
      refuses(
          "images: expected at least 1, found 0",
          () -> BatchNetwork.bind(model, pipeline.imageShape(), 0));
      refuses("class labels: expected at least one, found none", () -> network.classLabels());
    }
    EpsilonModel zero = (x, images, timestep, output) -> {};
    refuses("images: expected at least 1, found 0", () -> BatchNetwork.of(zero, 0, 1, false));
    refuses("elements: expected at least 1, found 0", () -> BatchNetwork.of(zero, 1, 0, false));
    refuses(
        "timesteps: expected at least one, found none",
        () -> new PredictionComparison.Inputs(1, List.of(), 0));
    PredictionComparison.Inputs inputs = new PredictionComparison.Inputs(1, List.of(0.0), 0);
    refuses(
        "images: expected at least 1, found 0",
        () -> new PredictionComparison.Request(0, inputs, 0, 0));
    refuses(
        "rtol: expected at least 0, found NaN",
        () -> new PredictionComparison.Request(1, inputs, 0, Double.NaN));
  }

  private static void refuses(String sentence, Executable call) {
    assertEquals(sentence, assertThrows(IllegalArgumentException.class, call).getMessage());
  }

  @Test
  void aFolderAndBytesDoAsWell() throws IOException {
    byte[] bytes = Files.readAllBytes(TestModels.path("unconditional"));
    Files.write(folder.resolve("model.onnx"), bytes);
    try (DiffusionPipeline fromFolder = DiffusionPipeline.open(folder).build();
        DiffusionPipeline fromBytes = DiffusionPipeline.open(bytes, "memory").build()) {
      assertArrayEquals(fromFolder.generate(2, 1).values(), fromBytes.generate(2, 1).values());
    }
  }

  /** Names are text: no path has to be made of them. */
  @Test
  void filesAndBytesAreToldApartByNameAndHash() throws IOException {
    byte[] bytes = Files.readAllBytes(TestModels.path("unconditional"));
    Path file =
        Files.write(Files.createDirectory(folder.resolve("shoes")).resolve("a.onnx"), bytes);
    String hash;
    try (DiffusionPipeline pipeline = DiffusionPipeline.open(bytes, "a\0b: \n*?").build()) {
      ImageBatch images = pipeline.generate(1, 1);
      hash = images.text().get("Model-SHA256");
      assertTrue(hash.matches("[0-9a-f]{16}"), hash);
      assertEquals("a\0b: \n*?", images.text().get("Model"));
    }
    ImageBatch images;
    try (DiffusionPipeline pipeline = DiffusionPipeline.open(file).build()) {
      images = pipeline.generate(1, 1);
    }
    assertEquals("shoes/a.onnx", images.text().get("Model"));
    assertEquals(hash, images.text().get("Model-SHA256"));
    try (DiffusionPipeline pipeline = DiffusionPipeline.open(file).build()) {
      images = pipeline.generate(1, 1);
      Files.write(file, Files.readAllBytes(TestModels.path("conditional")));
      assertEquals(null, images.text().get("Model-SHA256"), "the file is another one now");
    }
  }

  @Test
  void batchesAreHandedOverAsTheyAreFinished() throws IOException {
    try (DiffusionPipeline pipeline = open("conditional").batchSize(2).build()) {
      GenerationRequest request = GenerationRequest.of(5, 9).withFirstImage(7);
      ImageBatch whole = pipeline.generate(request).images();
      assertEquals(7, whole.firstImage());
      List<ImageBatch> parts = new ArrayList<>();
      pipeline.generate(request, parts::add);
      assertEquals(List.of(2, 2, 1), parts.stream().map(ImageBatch::images).toList());
      assertEquals(List.of(7L, 9L, 11L), parts.stream().map(ImageBatch::firstImage).toList());
      for (int i = 0; i < 5; i++) {
        assertArrayEquals(whole.values(i), parts.get(i / 2).values(i % 2));
      }
      Map<String, String> second = parts.get(1).text();
      assertEquals(
          List.of("9", "2", "boot, coat"),
          List.of(second.get("First image"), second.get("Images"), second.get("Classes")));

      List<Long> taken = new ArrayList<>();
      RuntimeException full = new IllegalStateException("disk full");
      Exception e =
          assertThrows(
              IllegalStateException.class,
              () ->
                  pipeline.generate(
                      request,
                      batch -> {
                        taken.add(batch.firstImage());
                        throw full;
                      }));
      assertEquals(full, e);
      assertEquals(List.of(7L), taken);
    }
    try (DiffusionPipeline pipeline = open("fixed_batch").build()) {
      List<Integer> sizes = new ArrayList<>();
      pipeline.generate(GenerationRequest.of(4, 1), batch -> sizes.add(batch.images()));
      assertEquals(List.of(3, 1), sizes);
    }
  }

  @Test
  void moreImagesThanFitAreRefusedBeforeAnyWork() throws IOException {
    ModelMetadata.ImageShape shape = new ModelMetadata.ImageShape(1, 28, 28);
    Generation.requireRoom(171_196, shape, 1L << 30);
    Exception e =
        assertThrows(
            IllegalArgumentException.class,
            () -> Generation.requireRoom(3_000_000, shape, 1L << 30));
    assertEquals(
        "images: expected at most 171196 of 1x28x28 in one request with 1024 MB of memory for"
            + " Java, found 3000000; ask for them in several requests or take them batch by batch",
        e.getMessage());
    assertThrows(
        IllegalArgumentException.class,
        () -> Generation.requireRoom(3_000_000, shape, Long.MAX_VALUE));
    try (DiffusionPipeline pipeline = open("unconditional").build()) {
      GenerationRequest tooMany =
          GenerationRequest.of(Integer.MAX_VALUE, 1)
              .withListener(
                  step -> {
                    throw new AssertionError("no step");
                  });
      assertThrows(IllegalArgumentException.class, () -> pipeline.generate(tooMany));
    }
  }

  @Test
  void anOutputThatIsNotFiniteIsNoPicture() throws IOException {
    try (DiffusionPipeline pipeline = open("undefined").batchSize(2).build()) {
      Exception e =
          assertThrows(
              IllegalStateException.class,
              () -> pipeline.generate(GenerationRequest.of(3, 1).withFirstImage(7)));
      assertEquals(
          pipeline.model().name()
              + ": expected finite numbers, found NaN in image 7 at step 20 (timestep 0)",
          e.getMessage());
    }
  }

  @Test
  void noBatchSizeOrPartitionChangesAnImage() throws IOException {
    float[] expected;
    try (DiffusionPipeline pipeline = open("conditional").batchSize(11).build()) {
      expected = pipeline.generate(11, 5).values();
    }
    for (int batch = 1; batch <= 11; batch += 2) {
      try (DiffusionPipeline pipeline = open("conditional").batchSize(batch).threads(2).build()) {
        GenerationResult result = pipeline.generate(GenerationRequest.of(11, 5));
        assertArrayEquals(expected, result.images().values(), 1e-5f, "batch " + batch);
        assertEquals((11 + batch - 1) / batch, result.batches());
      }
    }
    try (DiffusionPipeline pipeline = open("conditional").build()) {
      ImageBatch tail = pipeline.generate(GenerationRequest.of(4, 5).withFirstImage(7)).images();
      for (int i = 0; i < 4; i++) {
        assertArrayEquals(
            Arrays.copyOfRange(expected, (7 + i) * 16, (8 + i) * 16), tail.values(i), 1e-5f);
      }
    }
  }

  @Test
  void aModelOfFixedBatchMakesAnyNumberOfImages() throws IOException {
    float[] expected;
    try (DiffusionPipeline pipeline = open("unconditional").build()) {
      expected = pipeline.generate(7, 5).values();
    }
    try (DiffusionPipeline pipeline = open("fixed_batch").build()) {
      assertEquals(3, pipeline.batchSize());
      assertArrayEquals(expected, pipeline.generate(7, 5).values(), 1e-5f);
      assertArrayEquals(pipeline.generate(1, 5).values(), pipeline.generate(3, 5).values(0), 1e-5f);
    }
    assertThrows(IllegalArgumentException.class, () -> open("fixed_batch").batchSize(4).build());
  }

  @Test
  void classesAreGivenByNameByLabelOrInTurn() throws IOException {
    try (DiffusionPipeline pipeline = open("conditional").batchSize(2).build()) {
      GenerationRequest five = GenerationRequest.of(5, 9);
      ImageBatch inTurn = pipeline.generate(five).images();
      assertEquals("boot, coat, hat, boot, coat", inTurn.text().get("Classes"));
      ImageBatch byLabel = pipeline.generate(five.withClassLabels(0, 1, 2)).images();
      assertArrayEquals(inTurn.values(), byLabel.values());
      ImageBatch hats = pipeline.generate(five.withClassNames("Hat")).images();
      assertEquals("hat, hat, hat, hat, hat", hats.text().get("Classes"));
      assertArrayEquals(inTurn.values(2), hats.values(2), 1e-6f);
      assertFalse(Arrays.equals(inTurn.values(0), hats.values(0)));

      GenerationRequest two = five.withClassNames("hat", "boot");
      assertEquals(
          "hat, boot, hat, boot, hat", pipeline.generate(two).images().text().get("Classes"));
      ImageBatch later = pipeline.generate(two.withFirstImage(3)).images();
      assertEquals("boot, hat, boot, hat, boot", later.text().get("Classes"));
      assertArrayEquals(pipeline.generate(two).images().values(3), later.values(0), 1e-6f);

      Exception e =
          assertThrows(
              IllegalArgumentException.class,
              () -> pipeline.generate(five.withClassNames("glove")));
      assertEquals("class: expected one of boot, coat, hat, found \"glove\"", e.getMessage());
      e =
          assertThrows(
              IllegalArgumentException.class, () -> pipeline.generate(five.withClassLabels(3)));
      assertEquals("class: expected a label from 0 to 2, found 3", e.getMessage());
    }
    try (DiffusionPipeline pipeline = open("unconditional").build()) {
      assertThrows(
          IllegalArgumentException.class,
          () -> pipeline.generate(GenerationRequest.of(1, 1).withClassLabels(0)));
    }
  }

  @Test
  void aForeignModelNeedsASchedule() throws IOException {
    ModelFormatException e =
        assertThrows(ModelFormatException.class, () -> open("open_size").build());
    assertTrue(
        e.getMessage()
            .endsWith(
                ": expected a noise schedule, in the file as ddpm4j.scheduler or given as"
                    + " schedulerConfig, found neither"),
        e.getMessage());
    assertEquals(Optional.of("schedulerConfig"), e.missingOption());
    e =
        assertThrows(
            ModelFormatException.class,
            () -> open("open_size").schedulerConfig(SchedulerConfig.ddpm()).build());
    assertTrue(e.getMessage().contains("expected the image's height"), e.getMessage());
    assertEquals(Optional.of("imageSize"), e.missingOption());
    try (DiffusionPipeline pipeline =
        open("open_size")
            .schedulerConfig(SchedulerConfig.ddpm())
            .imageSize(6, 8)
            .sampler(Samplers.named("ddpm"))
            .steps(4)
            .build()) {
      assertEquals(8, pipeline.generate(1, 1).width());
      assertEquals(4, pipeline.steps());
    }
  }

  @Test
  void optionsThatDoNotFitAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> open("unconditional").steps(0));
    assertThrows(IllegalArgumentException.class, () -> open("unconditional").batchSize(0));
    assertThrows(IllegalArgumentException.class, () -> open("unconditional").steps(21).build());
    assertThrows(
        IllegalArgumentException.class, () -> open("unconditional").imageSize(8, 8).build());
    assertThrows(
        IllegalArgumentException.class, () -> GenerationRequest.of(1, 1).withFirstImage(-1));
    assertThrows(
        IllegalArgumentException.class,
        () -> GenerationRequest.of(1, 1).withFirstImage(Long.MAX_VALUE));
    assertThrows(IllegalArgumentException.class, () -> GenerationRequest.of(0, 1));
    Exception e = assertThrows(ModelFormatException.class, () -> open("bad_image").build());
    assertTrue(e.getMessage().contains("ddpm4j.image: channels: expected 1"), e.getMessage());
    SchedulerConfig learned = SchedulerConfig.ddpm().with("variance_type", "learned");
    e =
        assertThrows(
            ModelFormatException.class,
            () -> open("unconditional").schedulerConfig(learned).build());
    assertTrue(e.getMessage().contains("variance_type: expected an output of 2 channels"));
  }

  @Test
  void sizesThatCannotBeAreRefused() {
    DiffusionPipeline.Builder builder = open("open_size").schedulerConfig(SchedulerConfig.ddpm());
    for (int[] size : new int[][] {{-5, 0}, {4, 0}, {0, 4}}) {
      assertEquals(
          "image size: expected at least 1x1, found " + size[0] + "x" + size[1],
          assertThrows(IllegalArgumentException.class, () -> builder.imageSize(size[0], size[1]))
              .getMessage());
    }
    assertEquals(
        "image channels: expected at least 1, found -3",
        assertThrows(IllegalArgumentException.class, () -> builder.imageChannels(-3)).getMessage());
    assertEquals(
        "image size: expected at most 1 GB for the numbers of an image, found 1x100000x100000",
        assertThrows(
                IllegalArgumentException.class, () -> builder.imageSize(100_000, 100_000).build())
            .getMessage());
  }

  @ParameterizedTest
  @ValueSource(strings = {"fixed_small", "learned_range"})
  void aLearnedVarianceIsUsedOrPassedOver(String variance) throws IOException {
    SchedulerConfig config = SchedulerConfig.ddpm().with("variance_type", variance);
    try (DiffusionPipeline pipeline =
        open("learned").schedulerConfig(config).steps(10).batchSize(2).build()) {
      assertEquals(3, pipeline.generate(3, 1).images());
    }
  }

  @Test
  void flowMatchingIsForNetworksThatLearnedIt() {
    for (String name : List.of("flow_match_euler", "flow_match_heun")) {
      Exception e =
          assertThrows(
              IllegalArgumentException.class,
              () -> open("unconditional").sampler(Samplers.named(name)).build());
      assertEquals(
          "sampler: expected a method for a network that predicts epsilon, found one for flow"
              + " matching",
          e.getMessage());
    }
  }

  @Test
  void aPictureSaysAllThatMakesItAgain() throws IOException {
    SamplerFactory noisy =
        Samplers.changed(model -> Samplers.configuration("ddim", model).with("eta", 0.5));
    try (DiffusionPipeline pipeline = open("unconditional").sampler(noisy).steps(5).build()) {
      ImageBatch made = pipeline.generate(2, 3);
      SchedulerConfig said = SchedulerConfig.parse(made.text().get("Scheduler"));
      assertEquals("DDIMScheduler", said.className());
      assertEquals(0.5, said.number("eta", 0));
      try (DiffusionPipeline again = open("unconditional").schedulerConfig(said).steps(5).build()) {
        assertArrayEquals(made.values(), again.generate(2, 3).values());
      }
    }
    SamplerFactory other =
        Samplers.changed(model -> Samplers.configuration("ddim", model).with("beta_end", 0.1));
    try (DiffusionPipeline pipeline = open("unconditional").sampler(other).build()) {
      assertEquals(0.1, pipeline.schedule().beta(19), 1e-12);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"edm_euler", "edm_dpmpp_2m", "consistency", "ipndm", "score_sde_ve"})
  void aNoiseLevelIsNotToldToANetworkOfWholeTimesteps(String name) {
    Exception e =
        assertThrows(
            IllegalArgumentException.class,
            () -> open("unconditional").sampler(Samplers.named(name)).steps(5).build());
    assertTrue(
        e.getMessage().contains("found " + name + ", which tells noise levels"), e.getMessage());
  }

  @Test
  void aSamplerCanBeGivenAsItIs() throws IOException {
    DdpmSampler sampler = DdpmSampler.of(SchedulerConfig.ddpm()).withSteps(3);
    try (DiffusionPipeline pipeline = open("unconditional").sampler(sampler).build()) {
      assertEquals(3, pipeline.steps());
      assertEquals(sampler, pipeline.sampler());
    }
  }

  @Test
  void manyThreadsShareOnePipeline() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try (DiffusionPipeline pipeline = open("conditional").batchSize(2).build()) {
      float[] expected = pipeline.generate(5, 3).values();
      List<Future<float[]>> futures = new ArrayList<>();
      for (int i = 0; i < 24; i++) {
        futures.add(threads.submit(() -> pipeline.generate(5, 3).values()));
      }
      for (Future<float[]> future : futures) {
        assertArrayEquals(expected, future.get());
      }
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void aRequestCanBeCancelled() throws IOException {
    Cancellation token = new Cancellation();
    int[] steps = new int[1];
    try (DiffusionPipeline pipeline = open("unconditional").build()) {
      GenerationRequest request =
          GenerationRequest.of(2, 1)
              .withCancellation(token)
              .withListener(
                  step -> {
                    steps[0]++;
                    if (step.index() == 4) {
                      token.cancel();
                    }
                  });
      assertThrows(CancellationException.class, () -> pipeline.generate(request));
      assertEquals(5, steps[0]);
      assertEquals(2, pipeline.generate(2, 1).images()); // the pipeline lives on
    }
  }

  @Test
  void closingTwiceIsOneAndAClosedPipelineSaysSo() throws IOException {
    DiffusionPipeline pipeline = open("unconditional").build();
    pipeline.close();
    pipeline.close();
    Exception e = assertThrows(IllegalStateException.class, () -> pipeline.generate(1, 1));
    assertTrue(e.getMessage().endsWith("this pipeline is closed"), e.getMessage());
  }

  @Test
  void closingDuringARunEndsTheRun() throws Exception {
    CountDownLatch started = new CountDownLatch(1);
    CountDownLatch closed = new CountDownLatch(1);
    ExecutorService thread = Executors.newSingleThreadExecutor();
    try {
      DiffusionPipeline pipeline = open("unconditional").build();
      GenerationRequest request =
          GenerationRequest.of(2, 1)
              .withListener(
                  step -> {
                    started.countDown();
                    awaitOrFail(closed);
                  });
      Future<GenerationResult> running = thread.submit(() -> pipeline.generate(request));
      awaitOrFail(started);
      pipeline.close(); // returns while the run is inside a step
      closed.countDown();
      ExecutionException e = assertThrows(ExecutionException.class, running::get);
      assertTrue(e.getCause() instanceof CancellationException, e.toString());
      assertTrue(e.getCause().getMessage().endsWith("this pipeline was closed"));
    } finally {
      thread.shutdownNow();
    }
  }

  @Test
  void anotherMethodRunsOverTheSameNetwork() throws IOException {
    SamplerFactory method = Samplers.named("dpmpp_2m");
    DiffusionPipeline base = open("unconditional").batchSize(2).steps(3).build();
    try (DiffusionPipeline own =
            open("unconditional").batchSize(2).sampler(method).steps(5).build();
        DiffusionPipeline lent = base.withSampler(method, OptionalInt.of(5))) {
      assertEquals("dpmpp_2m", lent.sampler().name());
      assertEquals(List.of(5, 2), List.of(lent.steps(), lent.batchSize()));
      assertArrayEquals(own.generate(3, 42).values(), lent.generate(3, 42).values());
      assertEquals(
          own.parameters(GenerationRequest.of(1, 1)), lent.parameters(GenerationRequest.of(1, 1)));
    }
    assertEquals(3, base.steps());
    base.generate(1, 1); // the network is still open
    DiffusionPipeline all = base.withSampler(method, OptionalInt.empty());
    assertEquals(20, all.steps());
    base.close();
    Exception e = assertThrows(IllegalStateException.class, () -> all.generate(1, 1));
    assertTrue(e.getMessage().endsWith("this pipeline is closed"), e.getMessage());
    assertThrows(IllegalStateException.class, () -> base.withSampler(method, OptionalInt.empty()));
  }

  @Test
  void closingThePipelineOfTheNetworkEndsRunsOfOthersOverIt() throws IOException {
    DiffusionPipeline base = open("unconditional").build();
    DiffusionPipeline lent = base.withSampler(Samplers.named("ddim"), OptionalInt.of(4));
    GenerationRequest request = GenerationRequest.of(1, 1).withListener(step -> base.close());
    Exception e = assertThrows(CancellationException.class, () -> lent.generate(request));
    assertTrue(e.getMessage().endsWith("this pipeline was closed"), e.getMessage());
  }

  private static void awaitOrFail(CountDownLatch latch) {
    try {
      assertTrue(latch.await(10, TimeUnit.SECONDS));
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aStripShowsTheWayFromNoiseToImage() throws IOException {
    try (DiffusionPipeline pipeline = open("unconditional").batchSize(2).build()) {
      DenoisingStrip strip = DenoisingStrip.of(3, 5);
      ImageBatch images =
          pipeline
              .generate(GenerationRequest.of(4, 1).withFirstImage(16).withListener(strip))
              .images();
      ImageBatch frames = strip.frames(images);
      assertEquals(5, strip.frames());
      assertEquals(15, frames.images());
      float[] noise = new float[3 * 16];
      NoiseSource.ofSeed(1).fill(noise, 16, 3, 16, 0);
      for (int row = 0; row < 3; row++) {
        assertArrayEquals(
            Arrays.copyOfRange(noise, row * 16, row * 16 + 16), frames.values(row * 5));
        assertArrayEquals(images.values(row), frames.values(row * 5 + 4));
      }
      strip.write(folder.resolve("strip.png"), images);
      assertTrue(ImageIO.read(folder.resolve("strip.png").toFile()).getWidth() >= 5 * 96);
      assertThrows(IllegalStateException.class, () -> DenoisingStrip.of(1, 2).frames(images));
      assertThrows(IllegalStateException.class, () -> DenoisingStrip.of(1, 2).frames());
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aStripRepeatsNoFrameAndHasNoRowTooMany(boolean predicted) throws IOException {
    try (DiffusionPipeline pipeline = open("fixed_batch").steps(4).build()) {
      DenoisingStrip strip =
          predicted ? DenoisingStrip.ofPredictedX0(9, 40) : DenoisingStrip.of(9, 40);
      List<Integer> counts = new ArrayList<>();
      StepListener counting = step -> counts.add(step.images());
      GenerationRequest four = GenerationRequest.of(4, 1).withListener(strip.andThen(counting));
      ImageBatch images = pipeline.generate(four).images();
      assertEquals(List.of(3, 3, 3, 3, 1, 1, 1, 1), counts, "the rest only fills a batch");
      assertEquals(5, strip.frames());
      ImageBatch frames = strip.frames(images);
      assertEquals(4 * 5, frames.images());
      for (int row = 0; row < 4; row++) {
        assertArrayEquals(images.values(row), frames.values(row * 5 + 4), 1e-6f);
        for (int frame = 1; frame < 5; frame++) {
          assertFalse(
              Arrays.equals(frames.values(row * 5 + frame - 1), frames.values(row * 5 + frame)));
        }
      }
    }
  }

  @Test
  void aForwardStripGoesFromImageToNoise() throws IOException {
    float[] x0 = new float[28 * 28];
    Arrays.fill(x0, 0.75f);
    ImageBatch image = ImageBatch.of(x0, new ValueRange(0, 1), 1, 1, 28, 28);
    ImageBatch frames = ForwardStrip.of(image, NoiseSchedule.linear(), 6, 3);
    assertArrayEquals(
        new int[] {-1, 199, 399, 599, 799, 999}, ForwardStrip.timesteps(NoiseSchedule.linear(), 6));
    assertEquals(0.5f, frames.values(0)[17], 1e-6f); // 0.75 of [0, 1] in [-1, 1]
    double sum = 0;
    double squares = 0;
    for (float v : frames.values(5)) {
      sum += v;
      squares += v * v;
    }
    assertEquals(0, sum / x0.length, 0.15);
    assertEquals(1, squares / x0.length, 0.2);
    ForwardStrip.write(folder.resolve("noise.png"), frames);
    assertTrue(Files.size(folder.resolve("noise.png")) > 1000);
  }

  @Test
  void theBatchFitsTheMemory() {
    ModelMetadata.ImageShape small = new ModelMetadata.ImageShape(1, 32, 32);
    ModelMetadata.ImageShape large = new ModelMetadata.ImageShape(3, 512, 512);
    assertEquals(16, BatchSizes.choose(2L << 30, 16, 32 << 20));
    assertEquals(4, BatchSizes.choose(128 << 20, 16, 32 << 20));
    assertEquals(1, BatchSizes.choose(1 << 20, 16, 32 << 20));
    assertEquals(32 * 32 * 128 * 48 * 4, BatchSizes.bytesPerImage(unet("{}"), small));
    assertEquals(32 * 32 * 128 * 48 * 4, BatchSizes.bytesPerImage(ModelMetadata.foreign(), small));
    assertEquals(64, BatchSizes.choose(unet(network(32, false, "8")), small, Device.cuda(0)));
    assertEquals(1, BatchSizes.choose(ModelMetadata.foreign(), large, Device.cuda(0)));
  }

  /** Scores of (H·W)² a head: at 64x64 they outweigh all feature maps. */
  @Test
  void attentionIsPartOfTheMemory() {
    ModelMetadata.ImageShape shape = new ModelMetadata.ImageShape(3, 64, 64);
    long maps = 64L * 64 * 32 * 48 * 4;
    long outer = 4096L * 4096 * 3 * 4;
    long middle = 1024L * 1024 * 3 * 4;
    assertEquals(maps + 4 * outer, BatchSizes.bytesPerImage(unet(network(32, true, "8")), shape));
    assertEquals(maps + outer, BatchSizes.bytesPerImage(unet(network(32, true, "null")), shape));
    assertEquals(maps + 8 * middle, BatchSizes.bytesPerImage(unet(network(32, false, "8")), shape));
  }

  private static String network(int width, boolean outerAttention, String headDim) {
    return """
        {"block_out_channels": [%d, %d], "down_block_types": ["%s", "DownBlock2D"],
         "attention_head_dim": %s}
        """
        .formatted(width, 2 * width, outerAttention ? "AttnDownBlock2D" : "DownBlock2D", headDim);
  }

  private static ModelMetadata unet(String json) {
    return new ModelMetadata(
        Optional.empty(),
        Optional.empty(),
        ValueRange.SIGNED,
        List.of(),
        OptionalInt.empty(),
        Optional.of(json),
        Map.of());
  }
}
