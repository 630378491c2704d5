package io.ddpm4j.runtime;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.runtime.image.ImageBatch;
import io.ddpm4j.runtime.image.ValueRange;
import io.ddpm4j.runtime.sampling.Samplers;
import io.ddpm4j.runtime.sampling.StepListener;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import java.io.IOException;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Image-to-image, inpainting, encoding and decoding through the pipeline. */
@Timeout(60)
class EditingTest {
  private static final long SEED = 23;
  private static final ValueRange UNIT = new ValueRange(0, 1);

  /** From images to noise: they keep no pixels and run the whole way. */
  private static final Set<String> INVERSE = Set.of("ddim_inverse", "dpmpp_2m_inverse");

  private static DiffusionPipeline.Builder open(String model) {
    return DiffusionPipeline.open(TestModels.path(model))
        .threads(1)
        .schedulerConfig(LinearModel.config())
        .sampler(Samplers.ddim());
  }

  /** {@code count} different images with levels from 0 to 1. */
  private static ImageBatch pictures(int count) {
    float[] values = new float[count * LinearModel.ELEMENTS];
    for (int i = 0; i < values.length; i++) {
      values[i] = (i * 37 % 101) / 100f;
    }
    return ImageBatch.of(values, UNIT, count, 1, 4, 4);
  }

  /** Keeps the left half. */
  private static ImageBatch leftHalf() {
    float[] mask = new float[LinearModel.ELEMENTS];
    for (int i = 0; i < mask.length; i++) {
      mask[i] = i % 4 < 2 ? 1 : -1;
    }
    return ImageBatch.of(mask, ValueRange.SIGNED, 1, 1, 4, 4);
  }

  private static GenerationRequest request(int images) {
    return GenerationRequest.of(images, SEED);
  }

  private static StepListener mustNotBeCalled() {
    return new StepListener() {
      @Override
      public void onStart(Start start) {
        throw new AssertionError("started");
      }

      @Override
      public void onStep(Step step) {
        throw new AssertionError("a step");
      }
    };
  }

  private static void assertRefused(
      String message, DiffusionPipeline pipeline, GenerationRequest request) {
    assertEquals(
        message,
        assertThrows(
                IllegalArgumentException.class,
                () -> pipeline.generate(request.withListener(mustNotBeCalled())))
            .getMessage());
  }

  @ParameterizedTest
  @CsvSource({"20, 1, 20", "20, 0.5, 10", "20, 0.05, 1", "20, 0.99, 19", "10, 0.35, 3", "5, 1, 5"})
  void theLastStepsAreRunFromTheNoisyImage(int steps, double strength, int run) throws IOException {
    ImageBatch pictures = pictures(2);
    int[] calls = new int[1];
    try (DiffusionPipeline pipeline = open("unconditional").steps(steps).batchSize(2).build()) {
      GenerationResult result =
          pipeline.generate(
              request(3)
                  .withImage(pictures, strength)
                  .withListener(
                      step -> {
                        calls[0]++;
                        assertEquals(run, step.count());
                      }));
      assertEquals(run, result.steps());
      assertEquals(2 * run, calls[0], "two batches");
      double alpha = LinearModel.alphaCumprod((run - 1) * (20 / steps));
      for (int image = 0; image < 3; image++) {
        float[] x0 = pictures.toRange(ValueRange.SIGNED).values(image % 2);
        float[] noise = LinearModel.noise(SEED, image, 0);
        for (int i = 0; i < x0.length; i++) {
          double noisy = Math.sqrt(alpha) * x0[i] + Math.sqrt(1 - alpha) * noise[i];
          assertEquals(
              LinearModel.ddim(noisy, steps, run, 0),
              result.images().values(image)[i],
              2e-4,
              "image " + image);
        }
      }
      assertEquals("image, strength " + strength, result.images().text().get("Start"));
    }
  }

  @Test
  void aStrengthOfNoStepIsRefusedBeforeAnyWork() throws IOException {
    try (DiffusionPipeline pipeline = open("unconditional").build()) {
      GenerationRequest request = request(1).withImage(pictures(1), 0.049);
      String message =
          "strength: expected at least 1/20, which is one of the 20 steps, found 0.049";
      assertRefused(message, pipeline, request);
      assertEquals(
          message,
          assertThrows(IllegalArgumentException.class, () -> pipeline.stream(request))
              .getMessage());
      for (double strength : new double[] {0, 1.5, Double.NaN}) {
        assertRefused(
            "strength: expected a number above 0 and at most 1, found " + strength,
            pipeline,
            request(1).withImage(pictures(1), strength));
      }
    }
  }

  @Test
  void imagesOfAnotherSizeAreRefused() throws IOException {
    ImageBatch wide = ImageBatch.of(new float[20], UNIT, 1, 1, 4, 5);
    ImageBatch colour = ImageBatch.of(new float[48], UNIT, 1, 3, 4, 4);
    try (DiffusionPipeline pipeline = open("unconditional").build()) {
      String expected = ": expected 1x4x4 as the model has it, found ";
      assertRefused("image" + expected + "1x4x5", pipeline, request(1).withImage(wide, 0.5));
      assertRefused("image" + expected + "3x4x4", pipeline, request(1).withImage(colour, 0.5));
      assertRefused("latents" + expected + "1x4x5", pipeline, request(1).withLatents(wide));
      assertRefused(
          "known pixels" + expected + "1x4x5",
          pipeline,
          request(1).withKnownPixels(wide, leftHalf()));
      assertRefused(
          "mask" + expected + "3x4x4", pipeline, request(1).withKnownPixels(pictures(1), colour));
    }
  }

  @Test
  void anyValueRangeGivesTheSame() throws IOException {
    ImageBatch unit = pictures(2);
    ImageBatch bytes = unit.toRange(new ValueRange(0, 255));
    try (DiffusionPipeline pipeline = open("unconditional").build()) {
      float[] expected =
          pipeline
              .generate(request(2).withImage(unit.toRange(ValueRange.SIGNED), 0.5))
              .images()
              .values();
      for (ImageBatch same : new ImageBatch[] {unit, bytes}) {
        assertArrayEquals(
            expected, pipeline.generate(request(2).withImage(same, 0.5)).images().values(), 1e-5f);
        float[] kept =
            pipeline.generate(request(2).withKnownPixels(same, leftHalf())).images().values();
        for (int i = 0; i < kept.length; i++) {
          if (i % 4 < 2) {
            assertEquals(2 * unit.values()[i] - 1, kept[i], 1e-6);
          }
        }
      }
    }
  }

  /** Image k takes picture k mod n, wherever a part of the request begins. */
  @Test
  void imagesAreTakenInTurnByTheirNumber() throws IOException {
    ImageBatch pictures = pictures(3);
    try (DiffusionPipeline pipeline = open("unconditional").batchSize(2).build()) {
      GenerationRequest seven =
          request(7).withImage(pictures, 0.5).withKnownPixels(pictures, leftHalf());
      ImageBatch whole = pipeline.generate(seven).images();
      for (int k = 0; k < 7; k++) {
        GenerationRequest alone = // the same picture, given by itself
            request(1)
                .withFirstImage(k)
                .withImage(pictures.slice(k % 3, 1), 0.5)
                .withKnownPixels(pictures.slice(k % 3, 1), leftHalf());
        assertArrayEquals(
            whole.values(k), pipeline.generate(alone).images().values(), 1e-5f, "image " + k);
      }
      GenerationRequest part =
          request(3)
              .withFirstImage(4)
              .withImage(pictures, 0.5)
              .withKnownPixels(pictures, leftHalf());
      ImageBatch tail = pipeline.generate(part).images();
      for (int i = 0; i < 3; i++) {
        assertArrayEquals(whole.values(4 + i), tail.values(i), 1e-5f);
      }
    }
  }

  private static Stream<String> samplers() {
    return Samplers.names().stream();
  }

  private static DiffusionPipeline openWith(String sampler, int batch) throws IOException {
    SchedulerConfig config =
        sampler.startsWith("flow")
            ? SchedulerConfig.of("FlowMatchEulerDiscreteScheduler")
            : SchedulerConfig.ddpm();
    if (sampler.equals("unclip")) {
      config = config.with("beta_schedule", "squaredcos_cap_v2");
    }
    return DiffusionPipeline.open(TestModels.path("guidable_float")) // some timesteps are fractions
        .threads(1)
        .schedulerConfig(config)
        .sampler(Samplers.named(sampler))
        .steps(10)
        .batchSize(batch)
        .build();
  }

  private static float[] generate(String sampler, int batch, GenerationRequest request)
      throws IOException {
    try (DiffusionPipeline pipeline = openWith(sampler, batch)) {
      ImageBatch images = pipeline.generate(request).images();
      assertEquals(5, images.images());
      return images.values();
    }
  }

  /** The model is no denoiser, so that values grow: errors of rounding are relative to them. */
  private static void assertClose(float[] expected, float[] found) {
    float most = 1;
    for (float value : expected) {
      most = Math.max(most, Math.abs(value));
    }
    assertArrayEquals(expected, found, 1e-4f * most);
  }

  @ParameterizedTest
  @MethodSource("samplers")
  void everyMethodEditsUnderGuidanceInAnyBatch(String sampler) throws IOException {
    boolean inverse = INVERSE.contains(sampler);
    GenerationRequest plain = request(5).withGuidanceScale(2);
    if (sampler.equals("repaint")) {
      plain = plain.withKnownPixels(pictures(2), leftHalf());
    }
    float[] fromNoise = {};
    if (inverse) {
      try (DiffusionPipeline pipeline = openWith(sampler, 4)) {
        assertRefused(
            "image: expected one to start from, since "
                + sampler
                + " goes from images to noise, found none",
            pipeline,
            plain);
      }
    } else {
      fromNoise = generate(sampler, 16, plain);
      assertClose(fromNoise, generate(sampler, 4, plain));
    }

    GenerationRequest edited = plain.withImage(pictures(3), inverse ? 1 : 0.5);
    if (sampler.equals("repaint")) {
      try (DiffusionPipeline pipeline = openWith(sampler, 4)) {
        assertRefused(
            "start: expected noise, from which this method starts alone, found an image",
            pipeline,
            edited);
      }
    } else {
      float[] fromImage = generate(sampler, 16, edited);
      assertFalse(Arrays.equals(fromNoise, fromImage));
      assertClose(fromImage, generate(sampler, 4, edited));
    }

    GenerationRequest inpainted = plain.withKnownPixels(pictures(2), leftHalf());
    if (inverse) {
      try (DiffusionPipeline pipeline = openWith(sampler, 4)) {
        assertRefused(
            "known image: expected none with a method that goes from the image to noise, found one",
            pipeline,
            inpainted.withImage(pictures(3), 1));
        assertRefused(
            "strength: expected 1 with a method that goes from the image to noise, found 0.5",
            pipeline,
            plain.withImage(pictures(1), 0.5));
      }
    } else {
      float[] completed = generate(sampler, 16, inpainted);
      assertClose(completed, generate(sampler, 4, inpainted));
      for (int i = 0; i < completed.length; i++) {
        if (i % 4 < 2) {
          float known = 2 * pictures(2).values()[i % 32] - 1;
          // RePaint's last step goes to the image; others put it back.
          assertEquals(known, completed[i], 1e-6, "value " + i);
        }
      }
    }
  }

  @Test
  void repaintNeedsKnownPixels() throws IOException {
    try (DiffusionPipeline pipeline =
        open("unconditional").sampler(Samplers.named("repaint")).build()) {
      assertRefused(
          "known image: expected an image and a mask of what to keep, found none",
          pipeline,
          request(1));
    }
  }

  /** A mask of half mixes the known pixel and the made one. */
  @Test
  void aGreyMaskMixesAtTheEnd() throws IOException {
    ImageBatch grey = ImageBatch.of(filled(0.5f), UNIT, 1, 1, 4, 4);
    ImageBatch nothing = ImageBatch.of(filled(0), UNIT, 1, 1, 4, 4);
    ImageBatch all = ImageBatch.of(filled(1), UNIT, 1, 1, 4, 4);
    try (DiffusionPipeline pipeline = open("unconditional").steps(1).build()) {
      ImageBatch pictures = pictures(1);
      float[] free = pipeline.generate(request(1)).images().values();
      float[] made =
          pipeline.generate(request(1).withKnownPixels(pictures, nothing)).images().values();
      assertArrayEquals(free, made, "no pixel is known");
      float[] kept = pipeline.generate(request(1).withKnownPixels(pictures, all)).images().values();
      assertArrayEquals(pictures.toRange(ValueRange.SIGNED).values(), kept, 1e-6f);
      // One step, from t = 0: the start is mixed at that level, then the result.
      double alpha = LinearModel.alphaCumprod(0);
      float[] mixed =
          pipeline.generate(request(1).withKnownPixels(pictures, grey)).images().values();
      for (int i = 0; i < mixed.length; i++) {
        double z = LinearModel.noise(SEED, 0, 0)[i];
        double known = kept[i];
        double start = (z + Math.sqrt(alpha) * known + Math.sqrt(1 - alpha) * z) / 2;
        double expected = (LinearModel.ddim(start, 20, 1, 0) + known) / 2;
        assertEquals(expected, mixed[i], 1e-5);
      }
    }
  }

  private static float[] filled(float value) {
    float[] values = new float[LinearModel.ELEMENTS];
    Arrays.fill(values, value);
    return values;
  }

  /** Against the recursion in double; the sampler of the pipeline does not matter. */
  @ParameterizedTest
  @ValueSource(strings = {"ddim", "ddpm", "euler", "dpmpp_2m"})
  void encodeAndDecodeFollowTheFlowOfDdim(String sampler) throws IOException {
    ImageBatch pictures = pictures(4);
    float[] signed = pictures.toRange(ValueRange.SIGNED).values();
    try (DiffusionPipeline pipeline =
        open("guidable").sampler(Samplers.named(sampler)).steps(10).batchSize(3).build()) {
      ImageBatch latents = pipeline.encode(pictures);
      ImageBatch decoded = pipeline.decode(latents);
      ImageBatch hats =
          pipeline.encode(request(4).withImage(pictures, 1).withClassNames("hat")).images();
      for (int i = 0; i < signed.length; i++) {
        int image = i / LinearModel.ELEMENTS;
        double offset = LinearModel.offset(image % 3); // all classes in turn, both ways
        double latent = LinearModel.inverse(signed[i], 10, offset);
        assertEquals(latent, latents.values()[i], 2e-5);
        assertEquals(LinearModel.ddim(latent, 10, 10, offset), decoded.values()[i], 2e-4);
        assertEquals(
            LinearModel.inverse(signed[i], 10, LinearModel.offset(2)), hats.values()[i], 2e-5);
      }
      assertEquals("ddim_inverse", latents.text().get("Sampler"));
      assertEquals("ddim", decoded.text().get("Sampler"));
    }
  }

  /** Euler's method both ways: the error falls with the step. */
  @Test
  void decodeGivesTheEncodedImageBackWithManySteps() throws IOException {
    ImageBatch pictures = pictures(2);
    float[] signed = pictures.toRange(ValueRange.SIGNED).values();
    double[] errors = new double[2];
    int[] steps = {200, 1000};
    for (int k = 0; k < 2; k++) {
      try (DiffusionPipeline pipeline =
          open("unconditional")
              .schedulerConfig(SchedulerConfig.ddpm()) // clips: neither way may
              .steps(steps[k])
              .build()) {
        float[] back = pipeline.decode(pipeline.encode(pictures)).values();
        for (int i = 0; i < back.length; i++) {
          errors[k] = Math.max(errors[k], Math.abs(back[i] - signed[i]));
        }
      }
    }
    assertTrue(errors[1] < 0.04, "error " + errors[1]);
    assertTrue(errors[1] < errors[0] / 3, "errors " + Arrays.toString(errors));
  }

  /** What was encoded under guidance or for a class is decoded so. */
  @Test
  void encodingTakesGuidance() throws IOException {
    ImageBatch pictures = pictures(1);
    GenerationRequest guided = request(1).withClassNames("hat").withGuidanceScale(2);
    try (DiffusionPipeline pipeline = open("guidable").build()) {
      ImageBatch latents = pipeline.encode(guided.withImage(pictures, 1)).images();
      ImageBatch decoded = pipeline.decode(guided.withLatents(latents)).images();
      double offset = LinearModel.offset(2, LinearModel.NULL_CLASS, 2);
      for (int i = 0; i < LinearModel.ELEMENTS; i++) {
        double latent = LinearModel.inverse(2 * pictures.values()[i] - 1, 20, offset);
        assertEquals(latent, latents.values()[i], 2e-5);
        assertEquals(LinearModel.ddim(latent, 20, 20, offset), decoded.values()[i], 2e-4);
      }
    }
  }

  @Test
  void whatCannotBeEncodedIsRefused() throws IOException {
    ImageBatch pictures = pictures(1);
    try (DiffusionPipeline pipeline = open("unconditional").build()) {
      assertMessage(
          "encode: expected a request with an image, found one with neither",
          () -> pipeline.encode(request(1)));
      assertMessage(
          "encode: expected a request with an image, found one with latents",
          () -> pipeline.encode(request(1).withLatents(pictures)));
      assertMessage(
          "decode: expected a request with latents, found one with an image",
          () -> pipeline.decode(request(1).withImage(pictures, 1)));
      assertMessage(
          "strength: expected 1 with a method that goes from the image to noise, found 0.5",
          () -> pipeline.encode(request(1).withImage(pictures, 0.5)));
      assertMessage(
          "known image: expected none with a method that goes from the image to noise, found one",
          () ->
              pipeline.encode(
                  request(1).withImage(pictures, 1).withKnownPixels(pictures, leftHalf())));
    }
    SchedulerConfig unclip = SchedulerConfig.of("UnCLIPScheduler"); // betas, but no beta_start
    try (DiffusionPipeline pipeline =
        open("unconditional").schedulerConfig(unclip).steps(10).build()) {
      assertEquals("ddim_inverse", pipeline.encode(pictures).text().get("Sampler"));
    }
    SchedulerConfig flow = SchedulerConfig.of("FlowMatchEulerDiscreteScheduler");
    try (DiffusionPipeline pipeline =
        open("unconditional")
            .schedulerConfig(flow)
            .sampler(Samplers.named("flow_match_euler"))
            .steps(10)
            .build()) {
      String message =
          "code: expected a model with a schedule of betas, found FlowMatchEulerDiscreteScheduler";
      assertMessage("en" + message, () -> pipeline.encode(pictures));
      assertMessage("de" + message, () -> pipeline.decode(pictures));
    }
  }

  private static void assertMessage(String message, Runnable refused) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, refused::run).getMessage());
  }
}
