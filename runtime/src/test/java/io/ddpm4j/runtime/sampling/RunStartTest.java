package io.ddpm4j.runtime.sampling;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.runtime.model.EpsilonModel;
import io.ddpm4j.runtime.random.ImageNoise;
import io.ddpm4j.runtime.schedule.NoiseLevels;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs that start from an image, and runs that keep known pixels, with every method. */
class RunStartTest {
  private static final double S = 0.7;
  private static final int SEED = 21;
  private static final int IMAGES = 64;
  private static final int ELEMENTS = 48;

  /** From images to noise, or with a rule of their own for known pixels. */
  private static final Set<String> OTHERS =
      Set.of("DDIMInverseScheduler", "DPMSolverMultistepInverseScheduler", "RePaintScheduler");

  /** Distilled networks answer otherwise than the best predictor. */
  private static final Set<String> DISTILLED = Set.of("LCMScheduler", "TCDScheduler");

  private static Stream<String> methods() {
    return Samplers.classNames().stream().filter(name -> !OTHERS.contains(name));
  }

  private static SchedulerConfig config(String className) {
    SchedulerConfig config = SchedulerConfig.of(className);
    if (config.flag("clip_sample", false)) {
      config = config.with("clip_sample", false);
    }
    if (className.startsWith("CM")) {
      config = config.with("clip_denoised", false).with("num_train_timesteps", 200);
    }
    if (className.equals("DPMSolverSDEScheduler")) { // its deviation falls behind at even spacing
      config = config.with("use_karras_sigmas", true);
    }
    return config;
  }

  /** Ancestral steps are of first order. */
  private static int steps(String className) {
    return DISTILLED.contains(className) ? 50 : 200;
  }

  /** Draws from N(0, s²), independent of the noise of the run. */
  private static float[] data() {
    float[] images = new float[IMAGES * ELEMENTS];
    new ImageNoise(SEED + 1).fill(images, 0, IMAGES, ELEMENTS, 0);
    for (int i = 0; i < images.length; i++) {
      images[i] *= (float) S;
    }
    return images;
  }

  private static double deviation(float[] values) {
    double squares = 0;
    for (float value : values) {
      squares += (double) value * value;
    }
    return Math.sqrt(squares / values.length);
  }

  private static SamplingRun.Builder run() {
    return SamplingRun.builder(IMAGES, 3, 4, 4).seed(SEED);
  }

  @ParameterizedTest
  @MethodSource("methods")
  void imagesOfTheDataStaySo(String className) {
    SchedulerConfig config = config(className);
    NoiseSchedule schedule = config.noiseSchedule();
    Sampler sampler = Samplers.of(config).withSteps(steps(className));
    float[] images = data();
    for (double strength : new double[] {1, 0.5, 0.12}) {
      List<StepListener.Step> steps = new ArrayList<>();
      SamplingRun run = run().start(RunStart.image(images, strength)).listener(steps::add).build();
      sampler.sample(BestNetwork.of(config, schedule, S), schedule, run);
      if (!DISTILLED.contains(className)) {
        assertEquals(S, deviation(run.x()), 0.06 * S, "strength " + strength);
      }
      int count = steps.get(0).count();
      assertEquals(count, steps.size());
      assertEquals(count, run.callsDone());
      assertEquals(count - 1, steps.get(count - 1).index());
      int calls = sampler.steps(schedule);
      assertTrue(Math.abs(strength * calls - count) <= 8, count + " of " + calls + " calls");
      if (strength < 0.2 && !DISTILLED.contains(className)) { // what is left of the image
        double likeness = 0;
        for (int i = 0; i < images.length; i++) {
          likeness += images[i] * run.x()[i];
        }
        assertTrue(likeness / images.length > 0.35 * S * S, "likeness " + likeness);
      }
    }
  }

  /** Four steps are what the Runge-Kutta start needs: with fewer left there is none. */
  @Test
  void pndmGoesOnWithoutRungeKuttaWhereFewStepsAreLeft() {
    SchedulerConfig config = config("PNDMScheduler");
    NoiseSchedule schedule = config.noiseSchedule();
    EpsilonModel model = BestNetwork.of(config, schedule, S);
    Sampler plain = Samplers.of(config).withSteps(20);
    Sampler skipping = Samplers.of(config.with("skip_prk_steps", true)).withSteps(20);
    for (int left = 1; left <= 4; left++) {
      float[][] made = new float[2][];
      int[] calls = new int[2];
      for (int i = 0; i < 2; i++) {
        SamplingRun run = run().start(RunStart.image(data(), left / 20.0)).build();
        (i == 0 ? plain : skipping).sample(model, schedule, run);
        made[i] = run.x();
        calls[i] = run.callsDone();
      }
      assertEquals(left == 4 ? 13 : left == 1 ? 1 : left + 1, calls[0]);
      assertEquals(S, deviation(made[0]), 0.06 * S);
      if (left < 4) {
        assertArrayEquals(made[1], made[0]);
      }
    }
  }

  /** A method without memory goes on from the middle as if it had come there itself. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "DDIMScheduler",
        "EulerDiscreteScheduler",
        "HeunDiscreteScheduler",
        "KDPM2DiscreteScheduler",
        "EDMEulerScheduler",
        "FlowMatchEulerDiscreteScheduler",
        "FlowMatchHeunDiscreteScheduler",
      })
  void theSecondHalfOfARunIsThatOfTheWhole(String className) {
    SchedulerConfig config = config(className);
    NoiseSchedule schedule = config.noiseSchedule();
    Sampler sampler = Samplers.of(config).withSteps(10);
    NoiseLevels levels = sampler.levels(schedule);
    EpsilonModel model = BestNetwork.of(config, schedule, S);
    float[] middle = new float[IMAGES * ELEMENTS];
    SamplingRun whole =
        run()
            .listener(
                step -> {
                  if (step.index() + 1 == levels.calls(5)) {
                    step.x().get(0, middle);
                  }
                })
            .build();
    sampler.sample(model, schedule, whole);
    for (int i = 0; i < middle.length; i++) {
      middle[i] = (float) (middle[i] / levels.scale(5));
    }
    SamplingRun half = run().start(RunStart.sample(middle, 0.5)).build();
    sampler.sample(model, schedule, half);
    assertArrayEquals(whole.x(), half.x(), 2e-6f);
  }

  @ParameterizedTest
  @MethodSource("methods")
  void knownPixelsStayAndTheOthersAreMade(String className) {
    SchedulerConfig config = config(className);
    NoiseSchedule schedule = config.noiseSchedule();
    Sampler sampler = Samplers.of(config).withSteps(steps(className));
    float[] images = data();
    float[] mask = new float[16]; // (H, W) for every channel
    for (int i = 0; i < 16; i++) {
      mask[i] = i % 3 == 0 ? 1 : 0;
    }
    SamplingRun run = run().known(KnownImage.of(images, mask)).build();
    sampler.sample(BestNetwork.of(config, schedule, S), schedule, run);
    double squares = 0;
    double likeness = 0;
    int made = 0;
    for (int i = 0; i < images.length; i++) {
      if (mask[i % 16] == 1) {
        assertEquals(images[i], run.x()[i]);
      } else {
        squares += run.x()[i] * run.x()[i];
        likeness += run.x()[i] * images[i];
        made++;
      }
    }
    if (!DISTILLED.contains(className)) {
      assertEquals(S, Math.sqrt(squares / made), 0.06 * S);
    }
    assertEquals(0, likeness / made, 0.06 * S * S); // the pixels of these data are independent
  }

  @Test
  void imagesAreTakenInTurnByTheirNumber() {
    SchedulerConfig config = config("DDIMScheduler");
    NoiseSchedule schedule = config.noiseSchedule();
    Sampler sampler = Samplers.of(config).withSteps(5);
    EpsilonModel model = BestNetwork.of(config, schedule, S);
    RunStart start = RunStart.image(new float[] {1, 1, -1, -1, 0, 0}, 0.4);
    float[] known = {0.5f, 0.5f, -0.5f, -0.5f};
    SamplingRun all =
        SamplingRun.builder(6, 1, 1, 2)
            .start(start)
            .known(KnownImage.of(known, new float[] {1, 0}))
            .build();
    sampler.sample(model, schedule, all);
    SamplingRun part =
        SamplingRun.builder(2, 1, 1, 2)
            .start(start)
            .known(KnownImage.of(known, new float[] {1, 0}))
            .build();
    for (int first = 0; first < 6; first += 2) {
      part.restart(first);
      sampler.sample(model, schedule, part);
      for (int i = 0; i < 4; i++) {
        assertEquals(all.x()[2 * first + i], part.x()[i]);
      }
    }
  }

  /** 49 · (1/49) is below 1 in double; 100 · 0.29 is below 29, there and in diffusers. */
  @Test
  void oneStepInNIsOneStep() {
    for (int steps = 1; steps <= 1000; steps++) {
      assertEquals(steps - 1, RunStart.image(new float[4], 1.0 / steps).firstStep(steps));
      assertEquals(0, RunStart.image(new float[4], 1).firstStep(steps));
    }
    assertEquals(100 - 28, RunStart.image(new float[4], 0.29).firstStep(100));
  }

  @Test
  void whatDoesNotFitIsRefused() {
    for (double strength : new double[] {0, -0.1, 1.01, Double.NaN}) {
      assertEquals(
          "strength: expected a number above 0 and at most 1, found " + strength,
          assertThrows(IllegalArgumentException.class, () -> RunStart.image(new float[4], strength))
              .getMessage());
    }
    assertEquals(
        "strength: expected at least 1/10, which is one of the 10 steps, found 0.05",
        assertThrows(
                IllegalArgumentException.class,
                () -> RunStart.image(new float[4], 0.05).firstStep(10))
            .getMessage());
    assertEquals(
        "image to start from: expected 4 values, or a multiple of that for several images, found 6",
        assertThrows(
                IllegalArgumentException.class,
                () ->
                    SamplingRun.builder(1, 1, 2, 2)
                        .start(RunStart.image(new float[6], 0.5))
                        .build())
            .getMessage());
    SchedulerConfig config = SchedulerConfig.of("RePaintScheduler");
    SamplingRun run =
        SamplingRun.builder(1, 1, 2, 2)
            .start(RunStart.image(new float[4], 0.5))
            .known(KnownImage.of(new float[4], new float[4]))
            .build();
    assertEquals(
        "start: expected noise, from which this method starts alone, found an image",
        assertThrows(
                IllegalArgumentException.class,
                () ->
                    Samplers.of(config)
                        .withSteps(20)
                        .sample((x, images, t, output) -> {}, config.noiseSchedule(), run))
            .getMessage());
  }
}
