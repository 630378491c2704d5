package io.ddpm4j.runtime.sampling;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import io.ddpm4j.runtime.model.EpsilonModel;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.SamplingGrid;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import io.ddpm4j.testing.Json;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** DPM-Solver, DEIS, UniPC and SA-Solver where the reference trajectories do not reach. */
class SolversTest {
  private static final String BETAS =
      "'beta_schedule':'scaled_linear','beta_start':0.00085,'beta_end':0.012";
  private static final List<String> CLASSES =
      List.of(
          "DPMSolverMultistepScheduler",
          "DPMSolverSinglestepScheduler",
          "DEISMultistepScheduler",
          "UniPCMultistepScheduler",
          "SASolverScheduler");

  /** Single quotes stand for double ones. */
  private static SchedulerConfig config(String className, String fields) {
    String comma = fields.isEmpty() ? "" : ",";
    String json = "{'_class_name':'" + className + "'" + comma + fields + "}";
    return SchedulerConfig.parse(json.replace('\'', '"'));
  }

  private static Sampler sampler(String className, String fields) {
    return Samplers.of(config(className, fields));
  }

  /** The best predictor of ε where the data are N(0, s²). */
  private static EpsilonModel gaussian(NoiseSchedule schedule, double s) {
    return (x, images, t, output) -> {
      double alpha = schedule.alphaCumprod((int) t);
      double factor = Math.sqrt(1 - alpha) / (alpha * s * s + 1 - alpha);
      for (int i = 0; i < x.capacity(); i++) {
        output.put(i, (float) (factor * x.get(i)));
      }
    };
  }

  /** The deviation of the result as a part of that of the noise that the run starts from. */
  private static double deviation(
      Sampler sampler, NoiseSchedule schedule, EpsilonModel model, int size) {
    SamplingRun run = SamplingRun.builder(1, 1, size, size).seed(11).build();
    run.startFromNoise(1);
    double before = norm(run.x());
    sampler.sample(model, schedule, run);
    return norm(run.x()) / before;
  }

  private static double norm(float[] x) {
    double sum = 0;
    for (float value : x) {
      sum += value * value;
    }
    return Math.sqrt(sum);
  }

  @ParameterizedTest
  @CsvSource({
    "dpmpp_2m, 0.03",
    "dpmpp_2m_sde, 0.05",
    "dpmpp_2s, 0.03",
    "deis, 0.03",
    "unipc, 0.03",
    "sa_solver, 0.05"
  })
  void gaussianDataKeepTheirDeviation(String name, double tolerance) {
    SchedulerConfig config = config("DDPMScheduler", "");
    NoiseSchedule schedule = config.noiseSchedule();
    Sampler sampler = Samplers.named(name).create(config).withSteps(100);
    assertEquals(name, sampler.name());
    assertEquals(0.5, deviation(sampler, schedule, gaussian(schedule, 0.5), 64), 0.5 * tolerance);
  }

  @Test
  void edmKeepsTheDeviationOfGaussianData() {
    SchedulerConfig config = config("EDMDPMSolverMultistepScheduler", "");
    double s = 0.3;
    EpsilonModel model =
        (x, images, t, output) -> {
          double sigma = Math.exp(4 * t);
          double in = 1 / Math.sqrt(sigma * sigma + 0.25);
          double skip = 0.25 * in * in;
          double factor = (s * s / (s * s + sigma * sigma) - skip) / (sigma * 0.5 * in) / in;
          for (int i = 0; i < x.capacity(); i++) {
            output.put(i, (float) (factor * x.get(i)));
          }
        };
    Sampler sampler = Samplers.of(config).withSteps(60);
    assertEquals(s, deviation(sampler, config.noiseSchedule(), model, 4), 0.01 * s);
  }

  @TestFactory
  Stream<DynamicTest> everySpacingHasTheReferenceTimesteps() {
    return Json.objects(Json.shared("golden/schedulers/timesteps.json"), "rows").stream()
        .filter(row -> CLASSES.contains(row.get("scheduler").getAsString()))
        .map(row -> DynamicTest.dynamicTest(row.toString().substring(0, 90), () -> check(row)));
  }

  private static void check(JsonObject row) {
    SchedulerConfig config =
        config(
            row.get("scheduler").getAsString(),
            "'timestep_spacing':%s,'steps_offset':%s"
                .formatted(row.get("spacing"), row.get("steps_offset")));
    Sampler sampler = Samplers.of(config).withSteps(row.get("n").getAsInt());
    assertArrayEquals(
        Json.doubles(row.get("timesteps")), sampler.grid(config.noiseSchedule()).timesteps());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "'use_karras_sigmas':true",
        "'use_exponential_sigmas':true",
        "'use_beta_sigmas':true",
        "'use_flow_sigmas':true,'prediction_type':'flow_prediction'",
        "'timesteps':[990,500,20,0]",
        "'solver_order':3,'lower_order_final':false",
        "'final_sigmas_type':'sigma_min','use_karras_sigmas':true,'lower_order_final':false"
      })
  void everyGridGivesFiniteImages(String fields) {
    for (String name : CLASSES) {
      for (int steps : new int[] {-1, 0, 1, 2, 7}) {
        Sampler plain = sampler(name, BETAS + "," + fields);
        Sampler sampler = steps < 0 ? plain : plain.withSteps(steps);
        double deviation = deviation(sampler, NoiseSchedule.linear(), tenth(), 4);
        assertTrue(Double.isFinite(deviation), name + " " + steps);
      }
    }
  }

  private static EpsilonModel tenth() {
    return (x, images, t, output) -> {
      for (int i = 0; i < output.capacity(); i++) {
        output.put(i, 0.1f * x.get(i % x.capacity()));
      }
    };
  }

  @ParameterizedTest
  @CsvSource({"bh1, true", "bh1, false", "bh2, true", "bh2, false"})
  void uniPcReachesLevelZeroInEveryForm(String scale, boolean predictX0) {
    Sampler sampler =
        sampler(
                "UniPCMultistepScheduler",
                "'solver_order':4,'lower_order_final':false,'solver_type':'%s','predict_x0':%s"
                    .formatted(scale, predictX0))
            .withSteps(40);
    NoiseSchedule schedule = NoiseSchedule.linear();
    assertEquals(0, sampler.grid(schedule).sigmas()[40]);
    assertEquals(0.5, deviation(sampler, schedule, gaussian(schedule, 0.5), 4), 0.03);
  }

  @Test
  void zeroTerminalSnrCountsAsTheSmallestFloat() {
    for (String name : List.of("DPMSolverMultistepScheduler", "UniPCMultistepScheduler")) {
      SchedulerConfig config =
          config(name, "'rescale_betas_zero_snr':true,'timestep_spacing':'trailing'");
      SamplingGrid grid = Samplers.of(config).withSteps(10).grid(config.noiseSchedule());
      assertEquals(999, grid.timesteps()[0]);
      assertEquals(Math.sqrt(Math.pow(2, 24) - 1), grid.sigmas()[0], 1e-9);
    }
  }

  @Test
  void theInverseRisesAndDropsTimestepsThatComeTwice() {
    Sampler inverse =
        sampler("DPMSolverMultistepInverseScheduler", BETAS + ",'use_karras_sigmas':true");
    SamplingGrid grid = inverse.withSteps(60).grid(config("DDPMScheduler", BETAS).noiseSchedule());
    double[] sorted = grid.timesteps();
    Arrays.sort(sorted);
    assertArrayEquals(Arrays.stream(sorted).distinct().toArray(), grid.timesteps());
    assertTrue(grid.steps() < 60, "rounding makes some timesteps equal");
    assertEquals(61, grid.sigmas().length);
  }

  @Test
  void everyTimestepIsVisitedByDefault() {
    for (String name : CLASSES) {
      double[] timesteps = sampler(name, "").grid(NoiseSchedule.linear()).timesteps();
      assertEquals(1000, timesteps.length, name);
      assertEquals(0, timesteps[999], name);
    }
  }

  @Test
  void learnedVarianceIsAskedFor() {
    for (String name : CLASSES) {
      assertTrue(sampler(name, "'variance_type':'learned_range'").learnsVariance(), name);
    }
    assertTrue(
        Samplers.named("unipc")
            .create(config("DDPMScheduler", "'variance_type':'learned'"))
            .learnsVariance());
  }

  @Test
  void dynamicShiftingTakesMu() {
    String flow = "'use_flow_sigmas':true,'prediction_type':'flow_prediction',";
    NoiseSchedule schedule = NoiseSchedule.linear();
    for (String name : List.of("DPMSolverMultistepScheduler", "UniPCMultistepScheduler")) {
      SamplingGrid dynamic =
          sampler(name, flow + "'use_dynamic_shifting':true,'mu':" + Math.log(3))
              .withSteps(8)
              .grid(schedule);
      SamplingGrid fixed = sampler(name, flow + "'flow_shift':3").withSteps(8).grid(schedule);
      assertArrayEquals(fixed.sigmas(), dynamic.sigmas(), 1e-14, name);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "DPMSolverMultistepScheduler | 'algorithm_type':'dpmsolver'",
        "DPMSolverMultistepScheduler | 'algorithm_type':'ddim'",
        "DPMSolverMultistepScheduler | 'solver_type':'euler'",
        "DPMSolverMultistepScheduler | 'solver_order':4",
        "DPMSolverMultistepScheduler | 'prediction_type':'flow_prediction'",
        "DPMSolverMultistepScheduler | 'use_karras_sigmas':true,'use_beta_sigmas':true",
        "DPMSolverMultistepScheduler | 'use_karras_sigmas':true,'timesteps':[5,1]",
        "DPMSolverMultistepScheduler | 'sigmas':[5,1]",
        "DPMSolverMultistepScheduler | 'mu':1",
        "DPMSolverMultistepScheduler | 'final_sigmas_type':'one'",
        "DPMSolverMultistepInverseScheduler | 'algorithm_type':'sde-dpmsolver++'",
        "DPMSolverMultistepInverseScheduler | 'use_flow_sigmas':true",
        "DPMSolverSinglestepScheduler | 'solver_order':4",
        "DPMSolverSinglestepScheduler | 'algorithm_type':'sde-dpmsolver'",
        "EDMDPMSolverMultistepScheduler | 'prediction_type':'sample'",
        "EDMDPMSolverMultistepScheduler | 'algorithm_type':'dpmsolver'",
        "EDMDPMSolverMultistepScheduler | 'sigma_min':90",
        "EDMDPMSolverMultistepScheduler | 'sigma_schedule':'linear'",
        "DEISMultistepScheduler | 'algorithm_type':'sde-dpmsolver'",
        "DEISMultistepScheduler | 'solver_type':'euler'",
        "UniPCMultistepScheduler | 'solver_order':0",
        "UniPCMultistepScheduler | 'solver_type':'bh3'",
        "UniPCMultistepScheduler | 'solver_p':'DDIMScheduler'",
        "UniPCMultistepScheduler | 'disable_corrector':[0.5]",
        "SASolverScheduler | 'predictor_order':5",
        "SASolverScheduler | 'algorithm_type':'dpmsolver++'",
        "SASolverScheduler | 'tau_func':'lambda t: 1'",
      })
  void whatMeansNothingIsRefused(String className, String fields) {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> sampler(className, fields));
    assertTrue(e.getMessage().matches("(?s)\\w+: expected .*found .*"), e.getMessage());
  }

  @Test
  void moreStepsThanTimestepsAreRefused() {
    for (String name : CLASSES) {
      assertThrows(
          IllegalArgumentException.class,
          () -> sampler(name, "").withSteps(1000).grid(NoiseSchedule.linear()),
          name);
    }
  }
}
