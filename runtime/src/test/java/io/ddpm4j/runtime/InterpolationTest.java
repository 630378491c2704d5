package io.ddpm4j.runtime;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.ddpm4j.runtime.image.ImageBatch;
import io.ddpm4j.runtime.image.ValueRange;
import io.ddpm4j.runtime.random.ImageNoise;
import io.ddpm4j.runtime.random.InterpolatedNoise;
import io.ddpm4j.runtime.random.NoiseGenerator;
import io.ddpm4j.runtime.sampling.Samplers;
import java.io.IOException;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class InterpolationTest {
  private static final int FRAMES = 7;

  private static DiffusionPipeline.Builder open(String sampler) {
    return DiffusionPipeline.open(TestModels.path("unconditional"))
        .threads(1)
        .schedulerConfig(LinearModel.config())
        .sampler(Samplers.named(sampler));
  }

  private static float[] draw(InterpolatedNoise noise, int first, int count, int draw) {
    float[] target = new float[count * 1024];
    noise.fill(target, first, count, 1024, draw);
    return target;
  }

  @Test
  void noiseGoesAlongTheGreatCircle() {
    InterpolatedNoise noise = new InterpolatedNoise(new ImageNoise(1), new ImageNoise(2), FRAMES);
    float[] frames = draw(noise, 0, FRAMES, 0);
    float[][] rows = new float[FRAMES][];
    for (int k = 0; k < FRAMES; k++) {
      rows[k] = Arrays.copyOfRange(frames, k * 1024, (k + 1) * 1024);
    }
    float[] from = new float[1024];
    float[] to = new float[1024];
    new ImageNoise(1).fill(from, 0, 1, 1024, 0);
    new ImageNoise(2).fill(to, 0, 1, 1024, 0);
    assertArrayEquals(from, rows[0], 1e-6f);
    assertArrayEquals(to, rows[FRAMES - 1], 1e-6f);
    double least = Math.min(norm(from), norm(to));
    double most = Math.max(norm(from), norm(to));
    double whole = Math.acos(dot(from, to) / norm(from) / norm(to));
    for (int k = 0; k < FRAMES; k++) {
      double length = norm(rows[k]);
      assertEquals((least + most) / 2, length, (most - least) / 2 + 0.02 * most, "frame " + k);
      double angle = Math.acos(Math.min(1, dot(from, rows[k]) / norm(from) / length));
      assertEquals(whole * k / (FRAMES - 1), angle, 0.03, "frame " + k);
    }
  }

  @Test
  void everyPartAndBatchOfItIsTheSame() {
    InterpolatedNoise noise = new InterpolatedNoise(new ImageNoise(1), new ImageNoise(2), FRAMES);
    float[] all = draw(noise, 0, FRAMES, 0);
    for (int k = 0; k < FRAMES; k++) {
      assertArrayEquals(
          Arrays.copyOfRange(all, k * 1024, (k + 1) * 1024), draw(noise, k, 1, 0), "frame " + k);
    }
    float[] later = draw(noise, 2, 3, 5);
    float[] expected = new float[1024];
    new ImageNoise(1).fill(expected, 0, 1, 1024, 5);
    for (int k = 0; k < 3; k++) {
      assertArrayEquals(expected, Arrays.copyOfRange(later, k * 1024, (k + 1) * 1024));
    }
    InterpolatedNoise same = new InterpolatedNoise(new ImageNoise(4), new ImageNoise(4), 2);
    float[] both = draw(same, 0, 2, 0);
    assertArrayEquals(Arrays.copyOf(both, 1024), Arrays.copyOfRange(both, 1024, 2048));
  }

  /** Opposite vectors lie on many great circles, equal ones on all: neither may end in NaN. */
  @Test
  void oppositeNoiseIsMixedLinearly() {
    ImageNoise one = new ImageNoise(1);
    InterpolatedNoise opposite =
        new InterpolatedNoise(
            one,
            (target, first, images, elements, draw) -> {
              one.fill(target, first, images, elements, draw);
              for (int i = 0; i < images * elements; i++) {
                target[i] = -target[i];
              }
            },
            3);
    float[] frames = draw(opposite, 0, 3, 0);
    for (int i = 0; i < 1024; i++) {
      assertEquals(0, frames[1024 + i], 1e-6);
      assertEquals(-frames[i], frames[2048 + i], 1e-6);
    }
  }

  private static double dot(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (double) a[i] * b[i];
    }
    return sum;
  }

  private static double norm(float[] a) {
    return Math.sqrt(dot(a, a));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 7})
  void theEndsAreTheImagesOfTheSeeds(int batch) throws IOException {
    try (DiffusionPipeline pipeline = open("ddim").batchSize(batch).build()) {
      ImageBatch frames = pipeline.generate(Interpolation.ofSeeds(5, 6, FRAMES)).images();
      assertEquals(FRAMES, frames.images());
      assertArrayEquals(pipeline.generate(1, 5).values(), frames.values(0), 1e-5f);
      assertArrayEquals(pipeline.generate(1, 6).values(), frames.values(FRAMES - 1), 1e-5f);
      // The model is affine, and so is its flow: the frames are mixed as their noise is.
      float[] from = LinearModel.noise(5, 0, 0);
      float[] to = LinearModel.noise(6, 0, 0);
      double angle = Math.acos(dot(from, to) / norm(from) / norm(to));
      for (int k = 0; k < FRAMES; k++) {
        double part = k / (FRAMES - 1.0);
        for (int i = 0; i < LinearModel.ELEMENTS; i++) {
          double x =
              Math.sin((1 - part) * angle) / Math.sin(angle) * from[i]
                  + Math.sin(part * angle) / Math.sin(angle) * to[i];
          assertEquals(LinearModel.ddim(x, 20, 20, 0), frames.values(k)[i], 2e-4);
        }
      }
    }
  }

  /** With noise of its own for each frame, mixtures would not be what lies between. */
  @Test
  void aStochasticMethodHasTheSameNoiseForAllFrames() throws IOException {
    try (DiffusionPipeline pipeline = open("ddpm").batchSize(2).build()) {
      ImageBatch frames = pipeline.generate(Interpolation.ofSeeds(5, 5, 3)).images();
      float[] plain = pipeline.generate(1, 5).values();
      for (int k = 0; k < 3; k++) {
        assertArrayEquals(plain, frames.values(k), 1e-5f);
      }
    }
  }

  private static ImageBatch image(double level, ValueRange range) {
    float[] values = new float[LinearModel.ELEMENTS];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (level * (i % 2 == 0 ? 1 : 0.5));
    }
    return ImageBatch.of(values, range, 1, 1, 4, 4);
  }

  @ParameterizedTest
  @ValueSource(strings = {"ddim", "ddpm"})
  void imagesAreMixedUnderOneNoise(String sampler) throws IOException {
    ImageBatch black = image(-0.9, ValueRange.SIGNED);
    ImageBatch light = image(0.8, new ValueRange(0, 1)); // 0.6 and -0.2 of [-1, 1]
    try (DiffusionPipeline pipeline = open(sampler).batchSize(2).build()) {
      GenerationRequest request = Interpolation.ofImages(black, light, 5, 0.5, 8);
      ImageBatch frames = pipeline.generate(request).images();
      GenerationRequest one = GenerationRequest.of(1, 8);
      float[] first = pipeline.generate(one.withImage(black, 0.5)).images().values();
      float[] last = pipeline.generate(one.withImage(light, 0.5)).images().values();
      assertArrayEquals(first, frames.values(0), 1e-5f);
      assertArrayEquals(last, frames.values(4), 1e-5f);
      for (int i = 0; i < first.length; i++) { // affine, under the same noise
        assertEquals(0.75 * first[i] + 0.25 * last[i], frames.values(1)[i], 1e-4);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(NoiseGenerator.class)
  void theEndsAreTheImagesUnderTheNoiseOfTheGenerator(NoiseGenerator generator) throws IOException {
    ImageBatch from = image(-0.9, ValueRange.SIGNED);
    ImageBatch to = image(0.4, ValueRange.SIGNED);
    try (DiffusionPipeline pipeline = open("ddpm").batchSize(2).build()) {
      ImageBatch frames =
          pipeline.generate(Interpolation.ofImages(generator, from, to, 3, 0.5, 8)).images();
      GenerationRequest one = GenerationRequest.of(1, 8).withNoiseGenerator(generator);
      assertArrayEquals(
          pipeline.generate(one.withImage(from, 0.5)).images().values(), frames.values(0), 1e-5f);
      assertArrayEquals(
          pipeline.generate(one.withImage(to, 0.5)).images().values(), frames.values(2), 1e-5f);
    }
  }

  @Test
  void framesAndSizesAreChecked() {
    ImageBatch small = image(0, ValueRange.SIGNED);
    ImageBatch large = ImageBatch.of(new float[25], ValueRange.SIGNED, 1, 1, 5, 5);
    assertEquals(
        "frames: expected at least 2, found 1",
        assertThrows(IllegalArgumentException.class, () -> Interpolation.ofSeeds(1, 2, 1))
            .getMessage());
    assertThrows(
        IllegalArgumentException.class, () -> Interpolation.ofImages(small, small, 0, 0.5, 1));
    assertEquals(
        "images: expected two of one size, found 1x4x4 and 1x5x5",
        assertThrows(
                IllegalArgumentException.class,
                () -> Interpolation.ofImages(small, large, 3, 0.5, 1))
            .getMessage());
  }
}
