package io.ddpm4j.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.runtime.image.ImageBatch;
import io.ddpm4j.runtime.image.ValueRange;
import io.ddpm4j.runtime.sampling.Sampler;
import io.ddpm4j.runtime.sampling.Samplers;
import io.ddpm4j.runtime.sampling.StepListener;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.ReadOnlyBufferException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a listener sees of x_t and the predicted x_0, by hand on a linear model. */
@Timeout(60)
class StepListenerTest {
  private static final long SEED = 3;

  private static DiffusionPipeline open(String model) throws IOException {
    return DiffusionPipeline.open(TestModels.path(model))
        .threads(1)
        .schedulerConfig(LinearModel.config())
        .sampler(Samplers.ddim())
        .batchSize(4)
        .build();
  }

  /** What was seen, with copies of the views. */
  private static final class Seen implements StepListener {
    final List<Start> starts = new ArrayList<>();
    final List<Step> steps = new ArrayList<>();

    @Override
    public void onStart(Start start) {
      starts.add(new Start(start.firstImage(), start.images(), copy(start.x())));
    }

    @Override
    public void onStep(Step step) {
      assertTrue(step.x().isReadOnly() && step.predictedX0().isReadOnly());
      steps.add(
          new Step(
              step.index(),
              step.count(),
              step.timestep(),
              step.firstImage(),
              step.images(),
              copy(step.x()),
              copy(step.predictedX0())));
    }

    private static FloatBuffer copy(FloatBuffer view) {
      float[] values = new float[view.remaining()];
      view.get(values);
      return FloatBuffer.wrap(values);
    }
  }

  private static double predictedX0(double x, int t, double offset) {
    double alpha = LinearModel.alphaCumprod(t);
    return (x - Math.sqrt(1 - alpha) * LinearModel.epsilon(x, t, offset)) / Math.sqrt(alpha);
  }

  private static void assertSteps(List<StepListener.Step> steps, FloatBuffer start, double offset) {
    double[] x = new double[start.limit()];
    for (int i = 0; i < x.length; i++) {
      x[i] = start.get(i);
    }
    int count = steps.size();
    for (int index = 0; index < count; index++) {
      StepListener.Step step = steps.get(index);
      int t = count - 1 - index;
      assertEquals(
          List.of(index, count, t), List.of(step.index(), step.count(), (int) step.timestep()));
      double target = LinearModel.alphaCumprod(t - 1);
      for (int i = 0; i < x.length; i++) {
        double x0 = predictedX0(x[i], t, offset);
        x[i] =
            Math.sqrt(target) * x0 + Math.sqrt(1 - target) * LinearModel.epsilon(x[i], t, offset);
        assertEquals(x0, step.predictedX0().get(i), 2e-4, "x_0 at t = " + t);
        assertEquals(x[i], step.x().get(i), 2e-4, "x at t = " + t);
      }
    }
  }

  @Test
  void everyStepOfARunUnderGuidance() throws IOException {
    Seen seen = new Seen();
    try (DiffusionPipeline pipeline = open("guidable")) {
      pipeline.generate(
          GenerationRequest.of(2, SEED)
              .withFirstImage(5)
              .withClassNames("hat")
              .withGuidanceScale(2)
              .withListener(seen));
    }
    assertEquals(1, seen.starts.size());
    StepListener.Start start = seen.starts.get(0);
    assertEquals(List.of(5L, 2L), List.of(start.firstImage(), (long) start.images()));
    for (int i = 0; i < 32; i++) {
      assertEquals(LinearModel.noise(SEED, 5 + i / 16, 0)[i % 16], start.x().get(i));
    }
    assertEquals(20, seen.steps.size());
    double offset = LinearModel.offset(2, LinearModel.NULL_CLASS, 2);
    assertSteps(seen.steps, start.x(), offset);
  }

  /** Steps are counted from where the run starts. */
  @Test
  void everyStepOfARunFromAnImage() throws IOException {
    Seen seen = new Seen();
    ImageBatch picture = ImageBatch.of(new float[16], ValueRange.SIGNED, 1, 1, 4, 4);
    try (DiffusionPipeline pipeline = open("unconditional")) {
      pipeline.generate(GenerationRequest.of(1, SEED).withImage(picture, 0.35).withListener(seen));
    }
    double noise = Math.sqrt(1 - LinearModel.alphaCumprod(6));
    for (int i = 0; i < 16; i++) {
      assertEquals(noise * LinearModel.noise(SEED, 0, 0)[i], seen.starts.get(0).x().get(i), 1e-6);
    }
    assertEquals(7, seen.steps.size());
    assertSteps(seen.steps, seen.starts.get(0).x(), 0);
  }

  /** Known pixels are in place when the listener sees x: at the level that the step led to. */
  @Test
  void knownPixelsAreSeenWithTheirNoise() throws IOException {
    Seen seen = new Seen();
    ImageBatch white = ImageBatch.of(filled(1), ValueRange.SIGNED, 1, 1, 4, 4);
    try (DiffusionPipeline pipeline = open("unconditional")) {
      pipeline.generate(
          GenerationRequest.of(1, SEED).withKnownPixels(white, white).withListener(seen));
    }
    float[] noise = LinearModel.noise(SEED, 0, 0);
    for (StepListener.Step step : seen.steps) {
      double alpha = LinearModel.alphaCumprod((int) step.timestep() - 1);
      for (int i = 0; i < 16; i++) {
        double expected = Math.sqrt(alpha) + Math.sqrt(1 - alpha) * noise[i];
        assertEquals(expected, step.x().get(i), 1e-6);
      }
    }
  }

  private static float[] filled(float value) {
    float[] values = new float[16];
    Arrays.fill(values, value);
    return values;
  }

  @Test
  void viewsCannotBeWrittenAndWhatAListenerThrowsEndsTheRun() throws IOException {
    int[] steps = new int[1];
    GenerationRequest request =
        GenerationRequest.of(6, SEED)
            .withListener(
                step -> {
                  steps[0]++;
                  step.x().put(0, 1);
                });
    try (DiffusionPipeline pipeline = open("unconditional")) {
      assertThrows(ReadOnlyBufferException.class, () -> pipeline.generate(request));
      assertEquals(1, steps[0]);
      assertEquals(6, pipeline.generate(6, SEED).images(), "the pipeline lives on");
    }
  }

  @Test
  void whatIsCountedAreCallsOfTheNetwork() {
    Sampler heun = Samplers.named("heun").create(SchedulerConfig.ddpm()).withSteps(20);
    assertEquals(39, heun.steps(NoiseSchedule.linear()));
    assertEquals(20, heun.levels(NoiseSchedule.linear()).steps());
  }
}
