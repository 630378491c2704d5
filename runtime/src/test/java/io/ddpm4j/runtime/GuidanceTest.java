package io.ddpm4j.runtime;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.runtime.image.ImageBatch;
import io.ddpm4j.runtime.sampling.Samplers;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.IntToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Classifier-free guidance, by hand on models whose answer is linear. */
@Timeout(60)
class GuidanceTest {
  private static final long SEED = 11;

  private static DiffusionPipeline.Builder open(String model) {
    return DiffusionPipeline.open(TestModels.path(model))
        .threads(1)
        .schedulerConfig(LinearModel.config())
        .sampler(Samplers.ddim());
  }

  /** Every image of a whole run from noise, where {@code offset} is that of image k. */
  private static void assertImages(IntToDoubleFunction offset, ImageBatch found) {
    for (int image = 0; image < found.images(); image++) {
      int number = (int) found.firstImage() + image;
      float[] noise = LinearModel.noise(SEED, number, 0);
      float[] values = found.values(image);
      for (int i = 0; i < noise.length; i++) {
        double expected = LinearModel.ddim(noise[i], 20, 20, offset.applyAsDouble(number));
        assertEquals(expected, values[i], 2e-4, "image " + number + ", value " + i);
      }
    }
  }

  private static ImageBatch generate(DiffusionPipeline pipeline, Guidance guidance, int... labels) {
    GenerationRequest request = GenerationRequest.of(5, SEED).withClassLabels(labels);
    return pipeline.generate(request.withGuidance(guidance)).images();
  }

  @ParameterizedTest
  @ValueSource(doubles = {-1, 0, 0.5, 2, 7.5})
  void theFormulaOfThePaperByHand(double scale) throws IOException {
    int[] labels = {2, 0, 1};
    try (DiffusionPipeline pipeline = open("guidable").batchSize(4).build()) {
      ImageBatch images = generate(pipeline, Guidance.ofScale(scale), labels);
      assertImages(k -> LinearModel.offset(labels[k % 3], LinearModel.NULL_CLASS, scale), images);
      Map<String, String> text = images.text();
      assertEquals(Double.toString(scale), text.get("Guidance scale"));
      assertEquals("none", text.get("Guidance away from"));
      assertEquals("hat, boot, coat, hat, boot", text.get("Classes"));
    }
  }

  @Test
  void scaleOneIsNoGuidance() throws IOException {
    try (DiffusionPipeline pipeline = open("guidable").build()) {
      ImageBatch plain =
          pipeline.generate(GenerationRequest.of(5, SEED).withClassLabels(1)).images();
      ImageBatch one = generate(pipeline, Guidance.ofScale(1).awayFrom(2), 1);
      assertArrayEquals(plain.values(), one.values());
      assertFalse(one.text().containsKey("Guidance scale"));
      assertImages(k -> LinearModel.offset(1), one);
    }
    try (DiffusionPipeline pipeline = open("unconditional").build()) {
      GenerationRequest request = GenerationRequest.of(2, SEED);
      assertArrayEquals(
          pipeline.generate(request).images().values(),
          pipeline.generate(request.withGuidanceScale(1)).images().values());
    }
  }

  @Test
  void scaleZeroIsTheOtherClass() throws IOException {
    try (DiffusionPipeline pipeline = open("guidable").build()) {
      GenerationRequest none =
          GenerationRequest.of(5, SEED).withClassLabels(LinearModel.NULL_CLASS);
      assertArrayEquals(
          pipeline.generate(none).images().values(),
          generate(pipeline, Guidance.ofScale(0), 0, 1, 2).values());
    }
  }

  @Test
  void itCanLeadAwayFromAnyClass() throws IOException {
    try (DiffusionPipeline pipeline = open("guidable").build()) {
      ImageBatch byName = generate(pipeline, Guidance.ofScale(3).awayFrom("Coat"), 2);
      assertImages(k -> LinearModel.offset(2, 1, 3), byName);
      assertEquals("coat", byName.text().get("Guidance away from"));
      ImageBatch byLabel = generate(pipeline, Guidance.ofScale(3).awayFrom(1), 2);
      assertArrayEquals(byName.values(), byLabel.values());
      GenerationRequest kept = // the scale alone changes
          GenerationRequest.of(5, SEED)
              .withClassLabels(2)
              .withGuidance(Guidance.none().awayFrom(1))
              .withGuidanceScale(3);
      assertArrayEquals(byName.values(), pipeline.generate(kept).images().values());
    }
    try (DiffusionPipeline pipeline = open("conditional").build()) { // has no null class
      assertImages(
          k -> LinearModel.offset(2, 0, 2),
          generate(pipeline, Guidance.ofScale(2).awayFrom("boot"), 2));
    }
  }

  /** The model adds a hundredth for every image that it is asked about at once. */
  @Test
  void bothHalvesGoThroughTheNetworkInOneCall() throws IOException {
    try (DiffusionPipeline pipeline = open("guidable_counting").batchSize(10).build()) {
      double offset = LinearModel.offset(1, LinearModel.NULL_CLASS, 2);
      assertImages(k -> offset + 0.1, generate(pipeline, Guidance.ofScale(2), 1));
      assertImages(k -> LinearModel.offset(1) + 0.05, generate(pipeline, Guidance.none(), 1));
    }
    try (DiffusionPipeline pipeline = open("guidable_counting").batchSize(4).build()) {
      double offset = LinearModel.offset(1, LinearModel.NULL_CLASS, 2);
      GenerationRequest request =
          GenerationRequest.of(5, SEED).withClassLabels(1).withGuidanceScale(2);
      GenerationResult result = pipeline.generate(request);
      assertEquals(3, result.batches(), "a batch is 4 images for the network, and 2 here");
      assertEquals(20, result.steps());
      assertImages(k -> offset + (k < 4 ? 0.04 : 0.02), result.images());
    }
  }

  @Test
  void aModelOfFixedBatchIsAskedTwice() throws IOException {
    int[] labels = {2, 0, 1};
    try (DiffusionPipeline pipeline = open("guidable_fixed").build()) {
      GenerationRequest request =
          GenerationRequest.of(5, SEED).withClassLabels(labels).withGuidanceScale(4);
      GenerationResult result = pipeline.generate(request);
      assertEquals(3, result.batches());
      assertImages(k -> LinearModel.offset(labels[k % 3], 3, 4), result.images());
    }
  }

  @Test
  void noBatchSizeOrPartitionChangesAnImage() throws IOException {
    GenerationRequest request = GenerationRequest.of(11, SEED).withGuidanceScale(3);
    float[] expected;
    try (DiffusionPipeline pipeline = open("guidable").sampler(Samplers.ddpm()).build()) {
      expected = pipeline.generate(request).images().values();
    }
    for (int batch : new int[] {1, 2, 3, 5, 22, 64}) {
      try (DiffusionPipeline pipeline =
          open("guidable").sampler(Samplers.ddpm()).batchSize(batch).threads(2).build()) {
        ImageBatch images = pipeline.generate(request).images();
        assertArrayEquals(expected, images.values(), 1e-4f, "batch " + batch);
        ImageBatch tail =
            pipeline
                .generate(GenerationRequest.of(4, SEED).withGuidanceScale(3).withFirstImage(7))
                .images();
        for (int i = 0; i < 4; i++) {
          assertArrayEquals(images.values(7 + i), tail.values(i), 1e-4f, "image " + (7 + i));
        }
      }
    }
  }

  /** DDPM with learned_range, Nichol and Dhariwal 2021, eq. 15, with v of the class alone. */
  @Test
  void theLearnedVarianceIsThatOfTheClass() throws IOException {
    double offset = LinearModel.offset(2, LinearModel.NULL_CLASS, 3);
    try (DiffusionPipeline pipeline =
        DiffusionPipeline.open(TestModels.path("guidable_learned"))
            .threads(1)
            .schedulerConfig(LinearModel.config().with("variance_type", "learned_range"))
            .build()) {
      ImageBatch images =
          pipeline
              .generate(GenerationRequest.of(2, SEED).withClassLabels(2).withGuidanceScale(3))
              .images();
      for (int image = 0; image < 2; image++) {
        for (int i = 0; i < LinearModel.ELEMENTS; i++) {
          double x = LinearModel.noise(SEED, image, 0)[i];
          for (int t = 19; t >= 0; t--) {
            double epsilon = LinearModel.epsilon(x, t, offset);
            double v = 0.5 * LinearModel.epsilon(x, t, LinearModel.offset(2));
            double beta = LinearModel.beta(t);
            double alpha = LinearModel.alphaCumprod(t);
            double mean = (x - beta / Math.sqrt(1 - alpha) * epsilon) / Math.sqrt(1 - beta);
            double small = beta * (1 - LinearModel.alphaCumprod(t - 1)) / (1 - alpha);
            double logVariance =
                t == 0 ? 0 : (v + 1) / 2 * Math.log(beta) + (1 - v) / 2 * Math.log(small);
            double z = t == 0 ? 0 : LinearModel.noise(SEED, image, 20 - t)[i];
            x = mean + Math.exp(logVariance / 2) * z;
          }
          assertEquals(x, images.values(image)[i], 1e-3 * Math.max(1, Math.abs(x)));
        }
      }
    }
  }

  @Test
  void whatTheModelCannotDoIsRefused() throws IOException {
    try (DiffusionPipeline pipeline = open("conditional").build()) {
      GenerationRequest request = GenerationRequest.of(1, SEED).withGuidanceScale(2);
      Exception e = assertThrows(IllegalArgumentException.class, () -> pipeline.generate(request));
      assertEquals(
          "guidance scale: expected 1, or a class to lead away from, since "
              + pipeline.model().name()
              + " names no class that stands for none, found 2.0",
          e.getMessage());
      e =
          assertThrows(
              IllegalArgumentException.class,
              () -> pipeline.generate(request.withGuidance(Guidance.ofScale(2).awayFrom(3))));
      assertEquals("class: expected a label from 0 to 2, found 3", e.getMessage());
      e =
          assertThrows(
              IllegalArgumentException.class,
              () -> pipeline.generate(request.withGuidance(Guidance.ofScale(2).awayFrom("tie"))));
      assertEquals("class: expected one of boot, coat, hat, found \"tie\"", e.getMessage());
    }
    try (DiffusionPipeline pipeline = open("guidable").build()) {
      GenerationRequest four = GenerationRequest.of(1, SEED).withClassLabels(4);
      assertThrows(IllegalArgumentException.class, () -> pipeline.generate(four));
    }
    try (DiffusionPipeline pipeline = open("unconditional").build()) {
      Exception e =
          assertThrows(
              IllegalArgumentException.class,
              () -> pipeline.generate(GenerationRequest.of(1, SEED).withGuidanceScale(2)));
      assertTrue(e.getMessage().startsWith("guidance scale: expected 1, since "), e.getMessage());
    }
    for (double scale : new double[] {Double.NaN, Double.POSITIVE_INFINITY}) {
      assertThrows(IllegalArgumentException.class, () -> Guidance.ofScale(scale));
    }
    assertThrows(
        IllegalArgumentException.class,
        () -> new Guidance(2, OptionalInt.of(1), Optional.of("boot")));
  }
}
