package io.ddpm4j.runtime;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.runtime.image.ImageBatch;
import io.ddpm4j.runtime.image.ValueRange;
import io.ddpm4j.runtime.random.NoiseGenerator;
import io.ddpm4j.runtime.random.NoiseSource;
import io.ddpm4j.runtime.random.TorchNoise;
import io.ddpm4j.runtime.sampling.Samplers;
import io.ddpm4j.runtime.sampling.StepListener;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The same noise, bit by bit, however a generation is cut into pieces. */
@Timeout(60)
class ReproducibilityTest {
  private static final int IMAGES = 11;
  private static final long SEED = 77;

  private static DiffusionPipeline open(String model, int batch, int threads) throws IOException {
    return DiffusionPipeline.open(TestModels.path(model))
        .sampler(Samplers.ddpm())
        .batchSize(batch)
        .threads(threads)
        .build();
  }

  /** Notes the draws of a generation, (draw, image, element). */
  private static final class Recorder implements NoiseSource {
    private final NoiseSource source;
    private final float[][][] draws = new float[20][IMAGES][];

    Recorder(NoiseSource source) {
      this.source = source;
    }

    @Override
    public void fill(float[] target, long firstImage, int images, int elements, int draw) {
      source.fill(target, firstImage, images, elements, draw);
      for (int i = 0; i < images; i++) {
        draws[draw][(int) firstImage + i] =
            Arrays.copyOfRange(target, i * elements, (i + 1) * elements);
      }
    }
  }

  private static void assertWithinOneLevel(ImageBatch expected, ImageBatch found) {
    for (int image = 0; image < expected.images(); image++) {
      byte[] levels = expected.bytes(image);
      byte[] others = found.bytes(image);
      for (int i = 0; i < levels.length; i++) {
        assertTrue(
            Math.abs((levels[i] & 0xFF) - (others[i] & 0xFF)) <= 1,
            "image " + image + ", pixel " + i);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "2, 2", "3, 1", "4, 2", "10, 1", "16, 2"})
  void noBatchSizeOrThreadCountChangesAnImage(int batch, int threads) throws IOException {
    NoiseSource seeded = NoiseSource.ofSeed(SEED);
    Recorder expected = new Recorder(seeded);
    Recorder found = new Recorder(seeded);
    GenerationRequest request = GenerationRequest.of(IMAGES, SEED);
    ImageBatch whole;
    try (DiffusionPipeline pipeline = open("conditional", IMAGES, 1)) {
      whole = pipeline.generate(request.withNoise(expected)).images();
      assertArrayEquals(whole.values(), pipeline.generate(request).images().values());
    }
    try (DiffusionPipeline pipeline = open("conditional", batch, threads)) {
      assertWithinOneLevel(whole, pipeline.generate(request.withNoise(found)).images());
    }
    for (int draw = 0; draw < 20; draw++) {
      for (int image = 0; image < IMAGES; image++) {
        assertArrayEquals(expected.draws[draw][image], found.draws[draw][image]);
      }
    }
  }

  /** Image by image in any order, on several threads at once. */
  @Test
  void noOrderOrPartitionChangesAnImage() throws IOException {
    List<Integer> order = new ArrayList<>(List.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10));
    Collections.shuffle(order, new Random(SEED));
    try (DiffusionPipeline pipeline = open("conditional", 4, 1)) {
      ImageBatch whole = pipeline.generate(IMAGES, SEED);
      List<CompletableFuture<GenerationResult>> parts = new ArrayList<>();
      for (int image : order) {
        GenerationRequest one = GenerationRequest.of(1, SEED).withFirstImage(image);
        parts.add(pipeline.generateAsync(one, task -> new Thread(task).start()));
      }
      for (int i = 0; i < IMAGES; i++) {
        ImageBatch part = parts.get(i).join().images();
        assertEquals(order.get(i).longValue(), part.firstImage());
        assertWithinOneLevel(whole.slice(order.get(i), 1), part);
        assertArrayEquals(whole.values(order.get(i)), part.values(), 1e-5f);
      }
    }
  }

  /** What torch.randn gives for all images together, whatever the batches are. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 7, 11})
  void torchNoiseIsThatOfTheWholeGeneration(int batch) throws IOException {
    GenerationRequest request =
        GenerationRequest.of(IMAGES, SEED).withNoiseGenerator(NoiseGenerator.TORCH);
    float[] torch = new float[IMAGES * 16];
    TorchNoise.of(SEED, IMAGES).fill(torch, 0, IMAGES, 16, 0);
    float[] started = new float[IMAGES * 16];
    StepListener starts =
        new StepListener() {
          @Override
          public void onStart(Start start) {
            start.x().get(0, started, (int) start.firstImage() * 16, start.images() * 16);
          }

          @Override
          public void onStep(Step step) {}
        };
    ImageBatch whole;
    try (DiffusionPipeline pipeline = open("conditional", IMAGES, 1)) {
      whole = pipeline.generate(request.withNoise(TorchNoise.of(SEED, IMAGES))).images();
    }
    try (DiffusionPipeline pipeline = open("conditional", batch, 1)) {
      ImageBatch images = pipeline.generate(request.withListener(starts)).images();
      assertArrayEquals(torch, started);
      assertArrayEquals(whole.values(), images.values(), 1e-5f);
      assertEquals("torch", images.text().get("Noise"));
      List<ImageBatch> read = pipeline.stream(request).toList();
      for (int k = 0; k < IMAGES; k++) {
        assertArrayEquals(images.values(k), read.get(k).values(), 1e-5f);
      }
    }
  }

  /** Also where a model fixes its batch and the last one is filled up. */
  @Test
  void torchNoiseIsDrawnForWantedImagesAlone() throws IOException {
    GenerationRequest request =
        GenerationRequest.of(7, SEED).withNoiseGenerator(NoiseGenerator.TORCH);
    try (DiffusionPipeline fixed = open("fixed_batch", 3, 1);
        DiffusionPipeline free = open("unconditional", 7, 1)) {
      assertArrayEquals(
          free.generate(request).images().values(),
          fixed.generate(request).images().values(),
          1e-5f);
    }
  }

  /**
   * The order of diffusers' pipelines: the noise on the image or of x_T, then that of the steps.
   */
  @Test
  void editingDrawsAsDiffusersDoes() throws IOException {
    ImageBatch picture = ImageBatch.of(new float[16], ValueRange.SIGNED, 1, 1, 4, 4);
    for (double strength : new double[] {0.25, 1}) {
      List<Integer> draws = new ArrayList<>();
      NoiseSource source =
          (target, firstImage, images, elements, draw) -> {
            draws.add(draw);
            NoiseSource.ofSeed(SEED).fill(target, firstImage, images, elements, draw);
          };
      try (DiffusionPipeline pipeline = open("unconditional", 1, 1)) {
        pipeline.generate(
            GenerationRequest.of(1, SEED)
                .withImage(picture, strength)
                .withKnownPixels(picture, picture)
                .withNoise(source));
      }
      // One draw to begin with, and one a step but the last, which has no noise.
      int steps = (int) (20 * strength);
      List<Integer> expected = new ArrayList<>();
      for (int i = 0; i < steps; i++) {
        expected.add(i);
      }
      assertEquals(expected, draws);
    }
  }

  @Test
  void torchNoiseBelongsToAWholeGeneration() throws IOException {
    try (DiffusionPipeline pipeline = open("unconditional", 2, 1)) {
      GenerationRequest later =
          GenerationRequest.of(2, SEED).withNoiseGenerator(NoiseGenerator.TORCH).withFirstImage(2);
      assertEquals(
          "first image: expected 0 with PyTorch's noise, which belongs to all images together,"
              + " found 2",
          assertThrows(IllegalArgumentException.class, () -> pipeline.generate(later))
              .getMessage());
    }
  }
}
