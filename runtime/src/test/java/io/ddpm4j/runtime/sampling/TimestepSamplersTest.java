package io.ddpm4j.runtime.sampling;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.runtime.model.EpsilonModel;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import io.ddpm4j.runtime.schedule.TimestepGrid;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The methods that count in timesteps: what holds of them beyond the reference's trajectories. */
class TimestepSamplersTest {
  private static final NoiseSchedule LINEAR = NoiseSchedule.linear();

  private static SchedulerConfig config(String className) {
    return SchedulerConfig.of(className);
  }

  /** The best predictor of ε where the data are N(0, s²). */
  private static EpsilonModel exact(NoiseSchedule schedule, double s) {
    return (x, images, timestep, output) -> {
      double alpha = schedule.alphaCumprod((int) timestep);
      double factor = Math.sqrt(1 - alpha) / (alpha * s * s + 1 - alpha);
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

  @Test
  void dataOfDeviationComeBackWithThatDeviation() {
    SchedulerConfig ddim = config("DDIMScheduler").with("clip_sample", false);
    List<Sampler> samplers =
        List.of(
            DdimSampler.of(ddim).withSteps(200),
            DdimSampler.of(ddim.with("eta", 1)),
            DdimSampler.of(ddim).withGrid(new TimestepGrid.Respaced("60,60,60")),
            PndmSampler.of(config("PNDMScheduler")).withSteps(100),
            PndmSampler.of(config("PNDMScheduler").with("skip_prk_steps", true)).withSteps(100));
    for (Sampler sampler : samplers) {
      for (double s : new double[] {0.5, 1, 2}) {
        SamplingRun run = SamplingRun.builder(16, 1, 16, 16).seed(21).build();
        sampler.sample(exact(LINEAR, s), LINEAR, run);
        // 4096 numbers: the deviation is known to 1/√8192 = 1.1 %
        assertEquals(s, deviation(run.x()), 0.05 * s, sampler + " s = " + s);
      }
    }
  }

  @Test
  void ddimThatClipsIsWarnedOfInManySteps() {
    SchedulerConfig clips = config("DDIMScheduler").with("clip_sample", true);
    String said = DdimSampler.of(clips).withSteps(200).warning(LINEAR).orElseThrow();
    assertTrue(said.startsWith("ddim in 200 steps: x_0 is clipped and epsilon is not"), said);
    assertTrue(said.contains("use_clipped_model_output"), said);
    for (Sampler quiet :
        List.of(
            DdimSampler.of(clips).withSteps(100),
            DdimSampler.of(clips.with("use_clipped_model_output", true)),
            DdimSampler.of(clips.with("clip_sample", false)),
            DdpmSampler.of(clips))) {
      assertTrue(quiet.warning(LINEAR).isEmpty(), quiet.toString());
    }
  }

  @Test
  void inversionStartsFromTheKnownImageAndSamplingComesBack() {
    float[] image = new float[16];
    for (int i = 0; i < 16; i++) {
      image[i] = (float) Math.sin(i);
    }
    SamplingRun inverse = SamplingRun.builder(1, 1, 4, 4).start(RunStart.image(image, 1)).build();
    SchedulerConfig unclipped = config("DDIMInverseScheduler").with("clip_sample", false);
    DdimInverseSampler.of(unclipped).sample(exact(LINEAR, 0.7), LINEAR, inverse);
    float[] noise = inverse.x().clone();
    assertEquals(deviation(image) / 0.7, deviation(noise), 0.05); // what the flow does to N(0, s²)
    SamplingRun forth =
        SamplingRun.builder(1, 1, 4, 4)
            .noise((z, firstImage, images, elements, draw) -> System.arraycopy(noise, 0, z, 0, 16))
            .build();
    DdimSampler.of(config("DDIMScheduler").with("clip_sample", false))
        .sample(exact(LINEAR, 0.7), LINEAR, forth);
    assertArrayEquals(image, forth.x(), 0.02f);
  }

  @Test
  void repaintKeepsTheKnownPixelsExactly() {
    float[] image = new float[2 * 8];
    for (int i = 0; i < 16; i++) {
      image[i] = 0.05f * i; // (C, H, W) for every image
    }
    float[] mask = {1, 1, 0, 0, 1, 0, 1, 0}; // (H, W) for every channel
    SamplingRun run =
        SamplingRun.builder(3, 2, 2, 4).seed(3).known(KnownImage.of(image, mask)).build();
    List<Double> calls = new ArrayList<>();
    EpsilonModel model = exact(LINEAR, 0.5);
    Sampler sampler =
        RepaintSampler.of(config("RePaintScheduler").with("jump_length", 2).with("eta", 1))
            .withSteps(10);
    sampler.sample(
        (x, images, t, output) -> {
          calls.add(t);
          model.predict(x, images, t, output);
        },
        LINEAR,
        run);
    for (int i = 0; i < 48; i++) {
      if (mask[i % 8] == 1) {
        assertEquals(image[i % 16], run.x()[i]);
      } else {
        assertTrue(Float.isFinite(run.x()[i]) && run.x()[i] != image[i % 16]);
      }
    }
    assertTrue(calls.size() < sampler.steps(LINEAR), "no call where the run goes back");
  }

  /** A network with 2C output channels runs with methods that make no use of the second half. */
  @ParameterizedTest
  @ValueSource(strings = {"DDIM", "DDIMInverse", "DDPM", "LCM", "PNDM", "RePaint", "TCD", "UnCLIP"})
  void aLearnedVarianceIsPassedOver(String name) {
    SchedulerConfig config = config(name + "Scheduler");
    NoiseSchedule schedule = config.noiseSchedule();
    Sampler sampler = Samplers.of(config).withSteps(6);
    boolean inverse = name.equals("DDIMInverse"); // keeps no pixels; RePaint needs some
    KnownImage known = KnownImage.of(new float[4], new float[] {1, 0, 0, 0});
    float[][] results = new float[2][];
    for (int wide = 0; wide < 2; wide++) {
      SamplingRun run =
          SamplingRun.builder(3, 1, 2, 2)
              .seed(9)
              .learnsVariance(wide == 1)
              .known(inverse ? null : known)
              .build();
      int stride = run.stride();
      sampler.sample(
          (x, images, t, output) -> {
            for (int i = 0; i < output.capacity(); i++) {
              boolean mean = i % stride < 4;
              output.put(i, mean ? 0.3f * x.get(i / stride * 4 + i % stride) + 0.1f : 1e9f);
            }
          },
          schedule,
          run);
      results[wide] = run.x().clone();
    }
    assertArrayEquals(results[0], results[1]);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "DDIM        | 10 | eta                      | 1.5    | eta: expected 0 to 1, found 1.5",
        "DDIMInverse | 10 | timestep_spacing         | linspace | timestep_spacing: expected leading or trailing, found linspace",
        "PNDM        | 3  | steps_offset             | 0      | steps: expected at least 4, or skip_prk_steps, found 3",
        "PNDM        | 10 | prediction_type          | sample | prediction_type: expected epsilon or v_prediction, found sample",
        "LCM         | 51 | strength                 | 1      | steps: expected 1 to 50 (the distillation's steps times strength), found 51",
        "LCM         | 30 | strength                 | 0.5    | steps: expected 1 to 25 (the distillation's steps times strength), found 30",
        "LCM         | 4  | strength                 | 0      | strength: expected a number above 0 and at most 1, found 0.0",
        "LCM         | 4  | original_inference_steps | 1001   | original_inference_steps: expected at most 1000 (the schedule's length), found 1001",
        "TCD         | 4  | eta                      | -1     | eta: expected 0 to 1, found -1.0",
        "RePaint     | 10 | jump_length              | 0      | jump_length: expected at least 1, found 0",
        "RePaint     | 10 | eta                      | 0      | known image: expected an image and a mask of what to keep, found none",
        "UnCLIP      | 1  | clip_sample_range        | 1      | steps: expected at least 2, both ends of the schedule, found 1",
        "UnCLIP      | 10 | beta_schedule            | linear | beta_schedule: expected squaredcos_cap_v2, found linear",
        "UnCLIP      | 10 | variance_type            | fixed_small | variance_type: expected fixed_small_log or learned_range, found fixed_small",
        "UnCLIP      | 10 | prediction_type          | v_prediction | prediction_type: expected epsilon or sample, found v_prediction"
      })
  void whatAMethodDoesNotKnowIsNamed(
      String name, int steps, String field, String value, String message) {
    SchedulerConfig plain = config(name + "Scheduler");
    SchedulerConfig config =
        value.matches("[-0-9.]+")
            ? plain.with(field, Double.valueOf(value))
            : plain.with(field, value);
    Exception e =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                Samplers.of(config)
                    .withSteps(steps)
                    .sample(
                        (x, images, t, output) -> {},
                        config.noiseSchedule(),
                        SamplingRun.builder(1, 1, 2, 2).build()));
    assertEquals(message, e.getMessage());
  }

  @Test
  void aKnownImageMustFitTheRun() {
    SamplingRun.Builder builder = SamplingRun.builder(2, 3, 2, 2);
    Exception e =
        assertThrows(
            IllegalArgumentException.class,
            () -> builder.known(KnownImage.of(new float[4], new float[4])).build());
    assertEquals(
        "known image: expected 12 values, or a multiple of that for several images, found 4",
        e.getMessage());
    e =
        assertThrows(
            IllegalArgumentException.class,
            () -> builder.known(KnownImage.of(new float[12], new float[3])).build());
    assertEquals(
        "mask: expected 4 values for all channels, or 12, or a multiple of that for several images, found 3",
        e.getMessage());
    assertThrows(
        IllegalArgumentException.class,
        () -> KnownImage.of(new float[12], new float[] {2, 0, 0, 0}));
  }

  @Test
  void respacingRefusesWhatIsNoSectionList() {
    for (String bad : List.of("", "ddim", "10,,10", "-3", "ddim10,10")) {
      Exception e =
          assertThrows(IllegalArgumentException.class, () -> new TimestepGrid.Respaced(bad));
      assertTrue(e.getMessage().startsWith("respacing: expected"), e.getMessage());
    }
    assertThrows(
        IllegalArgumentException.class, () -> new TimestepGrid.Respaced("0,0").timesteps(10));
  }

  /** 65536·65536 is 0 in 32 bits. */
  @Test
  void aRunBeyondTheLongestBufferIsRefused() {
    for (int[] shape :
        new int[][] {
          {1, 65536, 65536, 1}, {1, 1, 32768, 16384}, {2, 1, 16384, 16384}, {1 << 30, 4, 4, 1 << 30}
        }) {
      Exception e =
          assertThrows(
              IllegalArgumentException.class,
              () -> SamplingRun.builder(shape[0], shape[1], shape[2], shape[3]).build());
      assertEquals(
          "shape: expected extents whose buffers take less than 2 GB, found "
              + Arrays.toString(shape),
          e.getMessage());
    }
  }

  @Test
  void aDistilledGridMayStartLaterOrTakeAnyTimestep() {
    TimestepGrid.Distilled grid = new TimestepGrid.Distilled(50, false, 1, 4, List.of());
    assertArrayEquals(new int[] {999, 759, 499, 259}, grid.timesteps(1000));
    assertArrayEquals(
        new int[] {999, 749, 499, 249},
        new TimestepGrid.Distilled(50, true, 1, 4, List.of()).timesteps(1000));
    assertArrayEquals(
        new int[] {400, 300},
        new TimestepGrid.Distilled(50, false, 0.5, 0, List.of(800, 600, 400, 300)).timesteps(1000));
    assertEquals(50, grid.withSteps(0).timesteps(1000).length);
  }
}
