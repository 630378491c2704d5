package io.ddpm4j.runtime.schedule;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SchedulerConfigTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "[1]                                        | expected a JSON object, found [1]",
        "{\"beta_start\": \"x\"}                    | beta_start: expected a number, found \"x\"",
        "{\"num_train_timesteps\": 2.5}             | num_train_timesteps: expected an integer, found 2.5",
        "{\"num_train_timesteps\": 0}               | num_train_timesteps: expected at least 1, found 0",
        "{\"num_train_timesteps\": 2000000000}      | num_train_timesteps: expected at most 1000000, found 2000000000",
        "{\"clip_sample\": 1}                       | clip_sample: expected true or false, found 1",
        "{\"clip_sample_range\": 0}                 | clip_sample_range: expected a number above 0, found 0.0",
        "{\"beta_schedule\": \"cubic\"}             | beta_schedule: expected one of linear, scaled_linear,",
        "{\"prediction_type\": \"eps\"}             | prediction_type: expected one of epsilon, sample, v_prediction, flow_prediction, found \"eps\"",
        "{\"variance_type\": \"big\"}               | variance_type: expected one of fixed_small, fixed_small_log,",
        "{\"timestep_spacing\": \"log\"}            | timestep_spacing: expected one of leading, trailing, linspace, found",
        "{\"_class_name\": \"FooScheduler\"}        | _class_name: expected one of CMStochasticIterativeScheduler, DDIMInverseScheduler,",
        "{\"beta_end\": 1}                          | betas: expected every beta between 0 and 1 (both excluded), found beta[999] = 1.0",
        "{\"beta_start\": -0.1}                     | betas: expected every beta between 0 and 1",
        "{\"trained_betas\": []}                    | betas: expected at least one, found none",
        "{\"trained_betas\": [0.1, \"a\"]}          | trained_betas[1]: expected a number, found \"a\"",
        "{\"trained_betas\": [0.1], \"num_train_timesteps\": 2} | trained_betas: expected num_train_timesteps = 2 numbers, found 1",
        "{\"betas\": [0.1, 1.5]}                   | betas: expected every beta between 0 and 1",
        "{\"betas\": []}                           | betas: expected a list of numbers, found an empty one",
        "{\"betas\": 0.1}                          | betas: expected a list of numbers, found 0.1",
        "{\"betas\": [0.1], \"num_train_timesteps\": 2} | trained_betas: expected num_train_timesteps = 2 numbers, found 1",
        "{\"betas\": [0.1], \"alphas_cumprod\": [0.9]} | expected one list that makes the schedule, found betas and alphas_cumprod",
        "{\"alphas_cumprod\": [0.9, \"a\"]}        | alphas_cumprod[1]: expected a number, found \"a\"",
        "{\"alphas_cumprod\": [0.9, 0.9]}          | alphas_cumprod[1]: expected a number above 0 and below the one before it, 0.9, found 0.9",
        "{\"alphas_cumprod\": [1.0, 0.9]}          | alphas_cumprod[0]: expected a number above 0 and below 1, found 1.0",
        "{\"alphas_cumprod\": [0.5, 0]}            | alphas_cumprod[1]: expected a number above 0 and below the one before it, 0.5, found 0",
        "{\"dynamic_thresholding_ratio\": 2}        | dynamic_thresholding_ratio: expected 0 to 1, found 2.0",
        "no json                                    | expected a JSON object, found"
      })
  void whatIsWrongIsNamed(String json, String message) {
    Exception e =
        assertThrows(IllegalArgumentException.class, () -> SchedulerConfig.parse(json.strip()));
    assertTrue(e.getMessage().startsWith(message.strip()), e.getMessage());
  }

  @Test
  void betasOfItsOwnSayHowManyTimestepsThereAre() {
    SchedulerConfig config = SchedulerConfig.ddpm().withTrainedBetas(0.1, 0.2, 0.3);
    assertEquals(3, config.trainTimesteps());
    assertEquals(3, config.noiseSchedule().trainTimesteps());
    for (String name : List.of("DDPMScheduler", "DDIMScheduler", "EDMEulerScheduler")) {
      assertEquals(3, config.as(name).trainTimesteps(), name);
    }
    assertEquals(config.noiseSchedule(), config.as("PNDMScheduler").noiseSchedule());
  }

  /** As many as are found, and T is their number. */
  @Test
  void schedulesAreReadNumberByNumber() {
    NoiseSchedule cosine = NoiseSchedule.of(BetaSchedule.SQUAREDCOS_CAP_V2, 60, 0, 0);
    SchedulerConfig betas =
        SchedulerConfig.parse("{\"betas\": %s}".formatted(Arrays.toString(cosine.betas())));
    assertEquals(60, betas.trainTimesteps());
    assertEquals(cosine, betas.noiseSchedule());
    assertEquals(List.of(), betas.unknownFields());
    assertEquals(cosine, SchedulerConfig.parse(betas.toJson()).noiseSchedule());
    for (NoiseSchedule schedule : List.of(cosine, NoiseSchedule.linear())) {
      double[] expected = schedule.alphasCumprod();
      SchedulerConfig config =
          SchedulerConfig.parse(
              "{\"alphas_cumprod\": %s, \"prediction_type\": \"sample\"}"
                  .formatted(Arrays.toString(expected)));
      assertEquals(expected.length, config.trainTimesteps());
      assertEquals(PredictionType.SAMPLE, config.predictionType());
      double[] found = config.noiseSchedule().alphasCumprod();
      for (int t = 0; t < expected.length; t++) {
        assertEquals(expected[t], found[t], 1e-12 * expected[t], "timestep " + t);
        assertEquals(schedule.beta(t), config.noiseSchedule().beta(t), 1e-13, "timestep " + t);
      }
    }
  }

  @Test
  void absentFieldsHaveTheReferencesDefaults() {
    SchedulerConfig config = SchedulerConfig.parse("{}");
    assertEquals(NoiseSchedule.linear(), config.noiseSchedule());
    assertEquals(PredictionType.EPSILON, config.predictionType());
    assertEquals(VarianceType.FIXED_SMALL, config.varianceType());
    assertEquals(TimestepSpacing.LEADING, config.timestepSpacing());
    assertTrue(config.clipSample());
    assertEquals(1, config.clipSampleRange());
    assertEquals(0.995, config.dynamicThresholdingRatio());
  }

  @Test
  void trainedBetasOverruleANamedScheduleAndKeepTheirLength() {
    SchedulerConfig config = SchedulerConfig.ddpm().withTrainedBetas(0.1, 0.2, 0.3);
    assertArrayEquals(new double[] {0.1, 0.2, 0.3}, config.noiseSchedule().betas());
  }

  /** A saved configuration keeps it, as it keeps timesteps; a class without it does not take it. */
  @Test
  void respacingIsAnArgumentOfACall() {
    SchedulerConfig config = SchedulerConfig.ddpm().withJson("timestep_respacing", "10,10,10");
    assertEquals(new TimestepGrid.Respaced("10,10,10"), TimestepGrid.of(config));
    assertEquals(config, SchedulerConfig.parse(config.toJson()));
    assertEquals(
        new TimestepGrid.Respaced("10,10,10"), TimestepGrid.of(config.as("DDIMScheduler")));
    assertFalse(config.as("PNDMScheduler").isSet("timestep_respacing"));
    assertEquals(
        new TimestepGrid.Respaced("250"),
        TimestepGrid.of(SchedulerConfig.ddpm().withJson("timestep_respacing", "250")));
    assertEquals(
        new TimestepGrid.Spaced(TimestepSpacing.LEADING, 20, 0),
        TimestepGrid.of(config).withSteps(20));
    assertEquals(
        "timestep_respacing: expected it without timesteps, found both",
        assertThrows(
                IllegalArgumentException.class,
                () -> TimestepGrid.of(config.with("timesteps", 5, 3)))
            .getMessage());
    for (String bad : List.of("10.5", "-3", "many", "true", "[10,10]")) {
      SchedulerConfig wrong = SchedulerConfig.ddpm().withJson("timestep_respacing", bad);
      String message =
          assertThrows(IllegalArgumentException.class, () -> TimestepGrid.of(wrong)).getMessage();
      assertTrue(message.contains("respacing: expected"), message);
    }
  }

  @Test
  void jsonComesBackAsItWas() {
    SchedulerConfig config =
        SchedulerConfig.ddpm().with("beta_schedule", "sigmoid").with("num_train_timesteps", 60);
    assertEquals(config, SchedulerConfig.parse(config.toJson()));
    assertEquals(60, config.noiseSchedule().trainTimesteps());
  }

  @Test
  void unknownFieldsAreNamedAndDoNotHurt() {
    assertEquals(
        List.of("sigma_data", "use_karras"),
        SchedulerConfig.parse("{\"use_karras\": true, \"sigma_data\": 1}").unknownFields());
    assertThrows(
        IllegalArgumentException.class, () -> SchedulerConfig.ddpm().with("beta_strat", 0.1));
  }

  @Test
  void everyNameIsParsedBack() {
    for (BetaSchedule value : BetaSchedule.values()) {
      assertEquals(value, BetaSchedule.parse(value.label()));
    }
    for (PredictionType value : PredictionType.values()) {
      assertEquals(value, PredictionType.parse(value.label()));
    }
    for (VarianceType value : VarianceType.values()) {
      assertEquals(value, VarianceType.parse(value.label()));
    }
    for (TimestepSpacing value : TimestepSpacing.values()) {
      assertEquals(value, TimestepSpacing.parse(value.label()));
    }
  }

  /** As diffusers' {@code from_config}: what a file does not state is the other class's default. */
  @Test
  void anotherClassTakesWhatIsStatedAndWhatTheNetworkWasTrainedWith() {
    SchedulerConfig stated =
        SchedulerConfig.parse(
            """
            {"_class_name": "DDPMScheduler", "timestep_spacing": "trailing", "steps_offset": 1,
             "_use_default_values": ["steps_offset"], "clip_sample_range": 2}
            """);
    SchedulerConfig euler = stated.as("EulerDiscreteScheduler");
    assertEquals(TimestepSpacing.TRAILING, euler.timestepSpacing());
    assertEquals(0, euler.stepsOffset());
    assertEquals(2, stated.as("DDIMScheduler").clipSampleRange());
    SchedulerConfig silent = SchedulerConfig.ddpm().as("HeunDiscreteScheduler");
    assertEquals(TimestepSpacing.LINSPACE, silent.timestepSpacing());
    assertEquals(1e-4, silent.betaStart()); // that class's own default is 0.00085
    assertEquals(0.02, silent.betaEnd());
  }

  /** Of the others a schedule would be DDPM's default, which no network was trained with. */
  @Test
  void classesWithoutBetasAreKnown() {
    List<String> without =
        SchedulerConfig.classNames().stream()
            .filter(name -> !SchedulerConfig.of(name).hasBetas())
            .toList();
    assertEquals(
        List.of(
            "CMStochasticIterativeScheduler",
            "EDMDPMSolverMultistepScheduler",
            "EDMEulerScheduler",
            "FlowMatchEulerDiscreteScheduler",
            "FlowMatchHeunDiscreteScheduler",
            "IPNDMScheduler",
            "ScoreSdeVeScheduler"),
        without);
    // A field that its class does not know says nothing of it, nor do IPNDM's noise levels.
    assertFalse(
        SchedulerConfig.parse(
                "{\"_class_name\": \"EDMEulerScheduler\", \"beta_schedule\": \"linear\"}")
            .hasBetas());
    assertFalse(SchedulerConfig.of("IPNDMScheduler").withTrainedBetas(0.9, 0.1).hasBetas());
    assertTrue(SchedulerConfig.parse("{\"betas\": [0.1, 0.2]}").hasBetas());
  }

  @Test
  void aSchedulesTextHasDecimalPoints() {
    Locale before = Locale.getDefault();
    try {
      Locale.setDefault(Locale.GERMANY);
      assertEquals(
          "NoiseSchedule[T=1000, beta 0.000100 to 0.0200, alphaCumprod 0.999900 to 4.04e-05]",
          NoiseSchedule.linear().toString());
    } finally {
      Locale.setDefault(before);
    }
  }
}
