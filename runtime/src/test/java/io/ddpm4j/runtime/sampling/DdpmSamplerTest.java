package io.ddpm4j.runtime.sampling;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.runtime.model.EpsilonModel;
import io.ddpm4j.runtime.schedule.BetaSchedule;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.PredictionType;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import io.ddpm4j.runtime.schedule.TimestepGrid;
import io.ddpm4j.runtime.schedule.TimestepSpacing;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;
import org.junit.jupiter.params.provider.ValueSource;

class DdpmSamplerTest {
  private static final SchedulerConfig UNCLIPPED =
      SchedulerConfig.ddpm().with("clip_sample", false);

  /** The best predictor where the data are N(0, s²), for each thing a network may predict. */
  private static EpsilonModel exact(NoiseSchedule schedule, PredictionType type, double s) {
    return (x, images, timestep, output) -> {
      double alpha = schedule.alphaCumprod((int) timestep);
      double variance = alpha * s * s + 1 - alpha;
      double factor =
          switch (type) {
            case EPSILON -> Math.sqrt(1 - alpha) / variance;
            case SAMPLE -> Math.sqrt(alpha) * s * s / variance;
            case V_PREDICTION -> Math.sqrt(alpha * (1 - alpha)) * (1 - s * s) / variance;
            case FLOW_PREDICTION -> throw new IllegalArgumentException(type.label());
          };
      for (int i = 0; i < output.capacity(); i++) {
        output.put(i, (float) (factor * x.get(i)));
      }
    };
  }

  private static double deviation(float[] x) {
    double sum = 0;
    for (float v : x) {
      sum += (double) v * v;
    }
    return Math.sqrt(sum / x.length);
  }

  @ParameterizedTest
  @EnumSource(value = PredictionType.class, names = "FLOW_PREDICTION", mode = Mode.EXCLUDE)
  void dataOfDeviationComeBackWithThatDeviation(PredictionType type) {
    for (BetaSchedule betas :
        List.of(BetaSchedule.LINEAR, BetaSchedule.SQUAREDCOS_CAP_V2, BetaSchedule.SIGMOID)) {
      for (double s : new double[] {0.3, 1, 2}) {
        SchedulerConfig config =
            UNCLIPPED
                .with("prediction_type", type.label())
                .with("beta_schedule", betas.label())
                .with("variance_type", s <= 0.5 ? "fixed_small" : "fixed_large");
        NoiseSchedule schedule = config.noiseSchedule();
        SamplingRun run = SamplingRun.builder(16, 1, 16, 16).seed(11).build();
        DdpmSampler.of(config).sample(exact(schedule, type, s), schedule, run);
        // 4096 numbers: the deviation is known to 1/√8192 = 1.1 %
        assertEquals(s, deviation(run.x()), 0.04 * s, type + " " + betas + " s = " + s);
      }
    }
  }

  @Test
  void fewerStepsDoTheSameWhereThePosteriorVarianceIsExact() {
    NoiseSchedule schedule = UNCLIPPED.noiseSchedule();
    for (TimestepSpacing spacing : TimestepSpacing.values()) {
      SamplingRun run = SamplingRun.builder(16, 1, 16, 16).seed(12).build();
      DdpmSampler.of(UNCLIPPED.with("variance_type", "fixed_large"))
          .withGrid(new TimestepGrid.Spaced(spacing, 250, 0))
          .sample(exact(schedule, PredictionType.EPSILON, 1), schedule, run);
      assertEquals(1, deviation(run.x()), 0.05, spacing.label());
    }
  }

  @Test
  void theSplitIntoBatchesChangesNoImage() {
    NoiseSchedule schedule = UNCLIPPED.noiseSchedule();
    EpsilonModel model = exact(schedule, PredictionType.EPSILON, 0.5);
    DdpmSampler sampler = DdpmSampler.of(UNCLIPPED).withSteps(20);
    SamplingRun whole = SamplingRun.builder(7, 3, 5, 5).seed(5).firstImage(40).build();
    sampler.sample(model, schedule, whole);
    for (int image = 0; image < 7; image++) {
      SamplingRun one = SamplingRun.builder(1, 3, 5, 5).seed(5).firstImage(40 + image).build();
      sampler.sample(model, schedule, one);
      assertArrayEquals(Arrays.copyOfRange(whole.x(), image * 75, (image + 1) * 75), one.x());
    }
  }

  @Test
  void aRunCanBeRestartedOverItsBuffers() {
    NoiseSchedule schedule = UNCLIPPED.noiseSchedule();
    EpsilonModel model = exact(schedule, PredictionType.EPSILON, 0.5);
    DdpmSampler sampler = DdpmSampler.of(UNCLIPPED).withSteps(5);
    SamplingRun run = SamplingRun.builder(2, 1, 4, 4).seed(5).build();
    sampler.sample(model, schedule, run);
    float[] first = run.x().clone();
    run.restart(2);
    sampler.sample(model, schedule, run);
    assertTrue(!Arrays.equals(first, run.x()));
    run.restart(0);
    sampler.sample(model, schedule, run);
    assertArrayEquals(first, run.x());
  }

  @Test
  void aListenerSeesEveryStepAndReadOnlyViews() {
    List<StepListener.Step> steps = new ArrayList<>();
    float[] last = new float[16];
    SamplingRun run =
        SamplingRun.builder(1, 1, 4, 4)
            .listener(
                step -> {
                  steps.add(step);
                  assertTrue(step.x().isReadOnly() && step.predictedX0().isReadOnly());
                  step.predictedX0().get(0, last);
                })
            .build();
    DdpmSampler.of(SchedulerConfig.ddpm())
        .withSteps(4)
        .sample((x, images, t, out) -> out.put(0, x, 0, 16), NoiseSchedule.linear(), run);
    assertEquals(List.of(0, 1, 2, 3), steps.stream().map(StepListener.Step::index).toList());
    assertEquals(
        List.of(750.0, 500.0, 250.0, 0.0),
        steps.stream().map(StepListener.Step::timestep).toList());
    assertArrayEquals(run.x(), last, 1e-6f); // the last step returns the predicted image
  }

  @Test
  void cancellingEndsTheRunBeforeTheNextCallOfTheModel() {
    Cancellation token = new Cancellation();
    int[] calls = new int[1];
    SamplingRun run =
        SamplingRun.builder(1, 1, 2, 2)
            .cancellation(token)
            .listener(
                step -> {
                  if (step.index() == 2) {
                    token.cancel();
                  }
                })
            .build();
    assertThrows(
        CancellationException.class,
        () ->
            DdpmSampler.of(UNCLIPPED)
                .sample((x, n, t, out) -> calls[0]++, NoiseSchedule.linear(), run));
    assertEquals(3, calls[0]);
    assertTrue(token.isCancelled());
    assertTrue(new Cancellation(token).isCancelled());
  }

  @Test
  void anInterruptCancelsAndStaysSet() {
    SamplingRun run = SamplingRun.builder(1, 1, 2, 2).build();
    Thread.currentThread().interrupt();
    assertThrows(
        CancellationException.class,
        () -> DdpmSampler.of(UNCLIPPED).sample((x, n, t, out) -> {}, NoiseSchedule.linear(), run));
    assertTrue(Thread.interrupted());
  }

  @Test
  void anEpsilonOfPureNoiseNeedsClipping() {
    SchedulerConfig config =
        UNCLIPPED.with("rescale_betas_zero_snr", true).with("timestep_spacing", "trailing");
    Exception e =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                DdpmSampler.of(config)
                    .sample(
                        (x, n, t, out) -> {},
                        config.noiseSchedule(),
                        SamplingRun.builder(1, 1, 2, 2).build()));
    assertTrue(e.getMessage().contains("alphas_cumprod is 0"), e.getMessage());
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 1001})
  void stepsMustFitTheSchedule(int steps) {
    assertThrows(
        IllegalArgumentException.class,
        () -> DdpmSampler.of(UNCLIPPED).withSteps(steps).steps(NoiseSchedule.linear()));
  }

  @Test
  void customTimestepsMustFall() {
    for (List<Integer> bad : List.of(List.of(5, 5), List.of(1, 2), List.of(1000), List.of(3, -1))) {
      Exception e =
          assertThrows(
              IllegalArgumentException.class, () -> new TimestepGrid.Custom(bad).timesteps(1000));
      assertTrue(e.getMessage().startsWith("timesteps: expected falling"), e.getMessage());
    }
  }

  @Test
  void anUnknownSamplerListsTheKnownOnes() {
    assertEquals("ddpm", Samplers.named("ddpm").create(UNCLIPPED).name());
    Exception e = assertThrows(IllegalArgumentException.class, () -> Samplers.named("euler9"));
    String names = String.join(", ", Samplers.names());
    assertEquals("sampler: expected one of " + names + ", found \"euler9\"", e.getMessage());
  }

  @Test
  void outputThatIsNotFiniteNamesModelStepAndImage() {
    NoiseSchedule schedule = NoiseSchedule.linear();
    EpsilonModel spoilt =
        (x, images, timestep, output) -> {
          for (int i = 0; i < output.capacity(); i++) {
            output.put(i, i == 5 && timestep < 500 ? Float.POSITIVE_INFINITY : 0);
          }
        };
    SamplingRun run = SamplingRun.builder(3, 1, 2, 2).firstImage(40).build();
    DdpmSampler sampler = DdpmSampler.of(SchedulerConfig.ddpm()).withSteps(10);
    Exception e =
        assertThrows(IllegalStateException.class, () -> sampler.sample(spoilt, schedule, run));
    assertEquals(
        "model: expected finite numbers, found Infinity in image 41 at step 6 (timestep 400)",
        e.getMessage());
    run.restart(40, 1); // the others are not wanted
    sampler.sample(spoilt, schedule, run);
  }

  @Test
  void cancellingWithoutAReasonCancels() {
    Cancellation token = new Cancellation();
    token.cancel(null);
    assertTrue(token.isCancelled());
    assertThrows(CancellationException.class, token::throwIfCancelled);
  }
}
